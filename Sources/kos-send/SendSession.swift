import KosCore
import KosNet
import KosTool

/// One run of kos-send: connects, finds out who is meant, sends, waits for the answers.
final class SendSession {
    let options: KosSend
    let io: ToolIO
    let identity: NodeIdentity
    let outbox: Outbox
    private(set) var host: NodeHost?
    private var feed: Feed?
    private var task: (any ProbeTask)?
    private var dialled: [Endpoint: String?] = [:]
    private var neighbour: NodeID?
    private var isReady = false
    /// With --reply: delivered packets whose reply is still to come, and replies that came first.
    private var unanswered: Set<String> = []
    private var earlyReplies: Set<String> = []
    private var status: ExitStatus?

    init(_ options: KosSend, _ io: ToolIO) throws {
        self.options = options
        self.io = io
        identity = try options.target.identity(io)
        outbox = Outbox(io)
    }

    var driver: NodeDriver? { host?.driver }

    func run() throws -> ExitStatus {
        let feed = try Feed(self)
        self.feed = feed
        // A route or a peer on standard input may be what tells where to connect.
        try feed.readAhead()
        if options.content.dryRun { return try feed.show() }
        // Nothing but other people's records: they have passed, and there is nobody to call.
        if feed.isEmpty { return io.status(.yes) }
        var settings = MeshNode.Settings()
        settings.role = .leaf
        settings.isInsecure = options.target.insecure
        let now = SystemClock.now
        let node = MeshNode(
            signer: identity, verifier: SignatureVerifier(), settings: settings,
            epoch: SystemClock.timestamp + .nanoseconds(-now.nanoseconds), at: now,
            seed: SystemClock.seed)
        if options.target.insecure {
            io.errors.say("--insecure: neighbours without signatures are taken")
        }
        try NodeHost.run(node, now: { SystemClock.now }, start)
        try task?.finish()
        return io.status(status ?? task?.status ?? outbox.status)
    }

    private func start(_ host: NodeHost) throws {
        self.host = host
        let driver = host.driver
        driver.observer = { [unowned self] output, time in
            host.guarded { try observe(output, time) }
        }
        driver.settled = { [unowned self] in host.guarded { try settle() } }
        driver.dialFailed = { [unowned self] endpoint, reason in
            host.guarded { try dialFailed(endpoint, reason) }
        }
        let endpoints = try feed?.endpoints() ?? []
        guard !endpoints.isEmpty else {
            throw ToolFailure.usage(
                "there is no relay to send through",
                hint: "give --connect URI, -T URI, or a route or peers on standard input")
        }
        for endpoint in endpoints {
            dialled[endpoint] = .some(nil)
            driver.post(.connect(endpoint))
        }
        if io.deadline == nil, feed?.isAtEnd == false { return }
        startDeadline()
    }

    /// The time given counts from the start; the usual one from when there is nothing more to read.
    func startDeadline() {
        io.limit(to: options.usualWait)
        guard let host, let left = io.timeLeft else { return }
        host.schedule(after: left) { [unowned self] in try runOut() }
    }

    private func dialFailed(_ endpoint: Endpoint, _ reason: String) throws {
        io.errors.note("cannot connect to \(endpoint): \(reason)")
        dialled[endpoint] = reason
        try feed?.failed(endpoint, "\(endpoint): \(reason)")
        // With every endpoint refused there is nothing to wait for.
        guard neighbour == nil, dialled.values.allSatisfy({ $0 != nil }) else { return }
        let reasons = dialled.sorted { $0.key.description < $1.key.description }
            .map { "\($0.key): \($0.value ?? "")" }.joined(separator: ", ")
        throw ToolFailure(
            .failure, code: "cannotConnect", "cannot connect to \(reasons)",
            hint: "is a relay listening there?")
    }

    private func observe(_ output: MeshNode.Output, _ time: Instant) throws {
        switch output {
        case .service(.accepted(let token, let packet)):
            outbox.accepted(token, packet)
            task?.accepted(token, packet, at: time)
        case .service(.received(let packet, _, _)): try received(packet)
        case .service(.dialogue(.answered(let id, let control, let node, let hops))):
            switch control {
            case .receipt: break
            case .stored: outbox.kept(id, by: node)
            default: outbox.complained(id, control, by: node)
            }
            try task?.answered(id, control, by: node, hops: hops, at: time)
        case .service(.dialogue(.delivery(let delivery))): try take(delivery, at: time)
        case .notice(.dropped(let reason, _, let from)):
            io.errors.note("dropped: \(reason.rawValue) from \(from ?? "here")", level: 2)
            if [.notAuthenticated, .badSignature, .wrongPeer].contains(reason) {
                io.errors.say("\(from ?? "the neighbour") is refused: \(reason.rawValue)")
            }
        default: break
        }
    }

    private func take(_ delivery: Delivery, at time: Instant) throws {
        switch delivery {
        case .neighbour(let peer, isUp: true):
            if neighbour == nil { neighbour = peer }
            feed?.arrived(peer)
            // A URI names the node that answers there: no need to know more of the mesh.
            if feed?.needsTopology == false { try begin() }
        case .topologyComplete(let peer):
            if peer == neighbour { try begin() }
        case .confirmed(let id, let attempts, let octets, let milliseconds):
            try outbox.confirmed(id, attempts: attempts, octets: octets, milliseconds: milliseconds)
            if options.target.reply, earlyReplies.remove(id) == nil { unanswered.insert(id) }
        case .entrusted(let id, let attempts, let octets, let milliseconds):
            try outbox.entrusted(id, attempts: attempts, octets: octets, milliseconds: milliseconds)
        case .timedOut(let id, let attempts, let octets):
            try outbox.lost(
                id, code: "ackTimeout", "no acknowledgement after \(attempts) attempts",
                attempts: attempts, octets: octets)
            try task?.lost(id, at: time)
        case .sent(let id, let octets): try outbox.sent(id, octets: octets)
        case .undeliverable(let id, let reason):
            try outbox.lost(
                id, code: reason.rawValue, "could not be sent: \(reason.rawValue)", attempts: 0,
                octets: 0)
        default: break
        }
    }

    private func begin() throws {
        guard !isReady, let host, let neighbour else { return }
        isReady = true
        if options.probe || options.trace {
            guard let destination = try feed?.destination(options.target.to, neighbour) else {
                return
            }
            let task: any ProbeTask =
                options.trace
                ? Trace(self, destination) : Probe(self, destination)
            self.task = task
            try task.start(host)
        } else {
            try feed?.start(host, neighbour)
        }
    }

    private func received(_ packet: Packet) throws {
        guard options.target.reply else { return }
        var record = PacketRecord(packet)
        record.ref = packet.options["ref"]?.string
        try io.output.write(record)
        guard let ref = record.ref else { return }
        if unanswered.remove(ref) == nil, outbox.holds(ref) { earlyReplies.insert(ref) }
    }

    /// After each turn: the output goes out, and the run ends when nothing is left to wait for.
    private func settle() throws {
        try feed?.fill()
        try io.output.flush()
        guard isReady else { return }
        let isOver = task.map(\.isOver) ?? (feed?.isDone == true && outbox.isEmpty)
        if isOver, unanswered.isEmpty { host?.stop() }
    }

    private func runOut() throws {
        if let task {
            try task.runOut()
        } else if !isReady, neighbour == nil {
            throw ToolFailure(
                .failure, code: "noAnswer", "no relay answered in time",
                hint: "see -v, or give more -t")
        } else {
            try feed?.failed(nil, "not connected within the time given")
            try outbox.giveUp(code: "deadline", "no acknowledgement within the time given")
            if !unanswered.isEmpty {
                io.errors.say("\(unanswered.count) delivered without a reply within the time given")
            }
        }
        host?.stop()
    }

    func end(_ status: ExitStatus) {
        self.status = status
        host?.stop()
    }
}
