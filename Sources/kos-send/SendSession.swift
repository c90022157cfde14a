import KosCore
import KosCrypto
import KosNet
import KosRadio
import KosTool
import KosWebRTC

/// One run of kos-send: connects, finds out who is meant, sends, waits for the answers.
final class SendSession {
    let options: KosSend
    let io: ToolIO
    let identity: NodeIdentity
    let outbox: Outbox
    private(set) var host: NodeHost?
    var feed: Feed?
    var task: (any ProbeTask)?
    var dialled: [Endpoint: String?] = [:]
    var neighbour: NodeID?
    var isReady = false
    var isLeaving = false
    /// With --reply: delivered packets whose reply is still to come, and replies that came first.
    var unanswered: Set<String> = []
    var earlyReplies: Set<String> = []
    var status: ExitStatus?
    var timings = Timings()
    /// Counters of each connection, as they were at the end.
    var metrics: [MetricsRecord] = []

    init(_ options: KosSend, _ io: ToolIO) throws {
        self.options = options
        self.io = io
        identity = try options.target.identity(io)
        outbox = Outbox(io, try options.content.spool.map { try Spool($0) })
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
        settings.sealer = identity
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
        try finish()
        return io.status(status ?? task?.status ?? outbox.status)
    }

    private func start(_ host: NodeHost) throws {
        self.host = host
        let driver = host.driver
        driver.observer = { [unowned self] output, time in
            host.guarded { try observe(output, time) }
        }
        driver.dialing = options.connection.settings
        driver.phase = { [unowned self] endpoint, phase in timings.reached(phase, endpoint) }
        driver.tls = options.credentials(identity)
        driver.settled = { [unowned self] in host.guarded { try settle() } }
        driver.dialFailed = { [unowned self] endpoint, reason in
            host.guarded { try dialFailed(endpoint, reason) }
        }
        let endpoints = try feed?.endpoints() ?? []
        try Sessions.check(endpoints)
        Sessions.add(to: driver, identity, listening: []) { SystemClock.timestamp }
        driver.carriers = carriers.needed(for: endpoints)
        driver.carrierNote = { [unowned self] endpoint, text in
            // What is waited for has to be known.
            if text.contains("legal air time") {
                io.errors.say("\(endpoint): \(text)")
            } else {
                io.errors.note("\(endpoint): \(text)")
            }
        }
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

    /// Radios and Bluetooth: packets are for this node alone.
    private var carriers: Carriers {
        Carriers(
            own: identity.node, name: nil, isRelay: false, seed: SystemClock.seed,
            short: { ShortID.octets(of: $0) }, now: { SystemClock.now })
    }

    /// How long to wait for a receipt before the next attempt: over the air, until the packet, its
    /// echoes and the answer have had their time.
    var persistence: Persistence? {
        guard var persistence = options.target.persistence else { return nil }
        if let neighbour, let air = driver?.node.links.best(to: neighbour)?.traits.air {
            persistence.patience = .milliseconds(Int64(air.roundTrip * 4)) + .seconds(3)
        }
        return persistence
    }

    /// The time given counts from the start; the usual one from when there is nothing more to read.
    func startDeadline() {
        let isOverAir = dialled.keys.contains { $0.transport == .lora }
        io.limit(to: isOverAir ? options.usualWait * 6 : options.usualWait)
        guard let host, let left = io.timeLeft else { return }
        host.schedule(after: left) { [unowned self] in try runOut() }
    }

    func dialFailed(_ endpoint: Endpoint, _ reason: String) throws {
        io.errors.note("cannot connect to \(endpoint): \(reason)")
        dialled[endpoint] = reason
        try feed?.failed(endpoint, "\(endpoint): \(reason)")
        // With every endpoint refused there is nothing to wait for.
        guard neighbour == nil, dialled.values.allSatisfy({ $0 != nil }) else { return }
        let reasons = dialled.sorted { $0.key.description < $1.key.description }
            .map { "\($0.key): \($0.value ?? "")" }.joined(separator: ", ")
        throw ToolFailure(
            .failure, code: "cannotConnect", "cannot connect to \(reasons)",
            hint: dialled.keys.contains { $0.transport != .bluetooth }
                ? "is a relay listening there?" : nil)
    }
}
