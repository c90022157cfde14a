import KosCore
import KosNet
import KosTool

/// One run of a relay: the node, its sockets, its records.
final class RelaySession {
    let options: Run
    let io: ToolIO
    let identity: NodeIdentity
    private let events: Set<String>
    private let listening: [Endpoint]
    private let connecting: [Endpoint]
    private let socketPath: String?
    private(set) var host: NodeHost?
    let notice = ServiceNotice()
    /// The rules of the files, with what `ban` has added since they were read.
    var rules = AccessRules()
    private var isLeaving = false
    var isWatched = false
    let startedAt = SystemClock.now
    private(set) var gossip: RelayGossip?
    private var input: PacketInput?
    private let custodian: Custodian?
    private var signals: OctetSource?
    private(set) var status = ExitStatus.yes

    init(_ options: Run, _ io: ToolIO) throws {
        self.options = options
        self.io = io
        events = try options.eventNames()
        let adopted = RelaySession.activated()
        let isAlone = options.connect.isEmpty && !options.stdin && adopted.isEmpty
        listening =
            try adopted
            + options.endpoints(
                options.listen.isEmpty && isAlone
                    ? ["tcp://:\(Endpoint.defaultPort)"] : options.listen, for: "--listen")
        connecting = try options.endpoints(options.connect, for: "--connect")
        identity = try NodeIdentity(
            path: options.keyFile ?? io.directories.file("identity.pem", in: .data))
        custodian = try options.custody.map { try Custodian($0, options, io) }
        socketPath = try options.control.path(io)
        if options.control.socket == nil {
            // The usual place is made where it is missing; a path that was given is taken as it is.
            _ = try io.directories.prepared("relay.sock", in: .runtime)
        }
        rules = try accessRules()
        if options.insecure {
            io.errors.say("--insecure: packets and neighbours without signatures are taken")
        }
    }

    func run() throws {
        try io.startWatching(
            onInterim: { [self] in try writeMetrics(interval: nil) },
            onReload: { [self] in try reload() })
        io.output.isPatient = false
        var settings = MeshNode.Settings()
        settings.name = options.name
        settings.capabilities = capabilities
        settings.custody = custodian?.settings
        settings.outbox.maxOctets = options.maxQueue
        settings.rate = options.rate
        settings.isInsecure = options.insecure
        settings.tellsForwarding =
            !io.common.quiet && !events.isDisjoint(with: ["received", "forwarded"])
        if let heartbeat = options.heartbeat?.duration { settings.heartbeat = heartbeat }
        let now = SystemClock.now
        let node = MeshNode(
            signer: identity, verifier: SignatureVerifier(), settings: settings,
            epoch: SystemClock.timestamp + .nanoseconds(-now.nanoseconds), at: now,
            seed: SystemClock.seed)
        do {
            try NodeHost.run(node, now: { SystemClock.now }, start)
        } catch let failure as ControlSocket.Failure {
            throw ToolFailure(
                failure.kind == .inUse ? .locked : .failure, code: "socket", failure.message,
                hint: failure.kind == .inUse ? "give each relay a --socket of its own" : nil)
        }
        try finish()
    }

    private func start(_ host: NodeHost) throws {
        self.host = host
        let driver = host.driver
        driver.observer = { [unowned self] output, time in
            host.guarded { try observe(output, time) }
        }
        driver.settled = { [unowned self] in host.guarded { try io.output.flush() } }
        driver.dialFailed = { [unowned self] endpoint, reason in
            io.errors.note("cannot connect to \(endpoint): \(reason)")
        }
        try custodian?.start(driver)
        if let watch = io.watch {
            let source = OctetSource(watch.descriptor, on: driver.loop) { [unowned self] octets in
                host.guarded { if try io.take(WatchSignals.events(octets)) { leave() } }
            }
            source.start()
            signals = source
        }
        driver.exposition = { [unowned driver] in
            driver.node.exposition(at: SystemClock.now, timestamp: SystemClock.timestamp)
        }
        if rules != AccessRules() { driver.post(.admit(rules)) }
        if let socketPath {
            try ControlSocket.listen(socketPath, host: host) { [unowned self] in answer($0) }
        }
        host.listen(on: listening) { [unowned self] results in try began(results) }
    }

    private var capabilities: [String] {
        options.capability + (options.custody == nil ? [] : ["store"])
    }

    /// Listeners are there (or not): tell the mesh and the reader where, then connect.
    private func began(_ results: [Result<Endpoint, Transports.Failure>]) throws {
        var addresses: [PeerAddress] = []
        var bound: [Endpoint] = []
        for result in results {
            switch result {
            case .success(let endpoint):
                addresses.append(reachable(endpoint))
                bound.append(endpoint)
            case .failure(let failure):
                throw ToolFailure(
                    .failure, code: "cannotListen", "cannot listen on \(failure.description)",
                    hint: "is another program using the port?")
            }
        }
        guard let host else { return }
        host.driver.post(.listening(addresses))
        var metadata = PeerRecord.Metadata(
            discoveryMethod: .static, lastSeen: SystemClock.timestamp)
        metadata.name = options.name
        metadata.isSelf = true
        var record = PeerRecord(
            nodeId: identity.node, addresses: addresses, capabilities: capabilities,
            metadata: metadata)
        record.timestamp = metadata.lastSeen
        record.event = .found
        try io.output.write(record)
        for endpoint in connecting { host.driver.post(.connect(endpoint)) }
        if let interval = options.metrics?.duration {
            host.every(interval) { [unowned self] in try writeMetrics(interval: interval) }
        }
        if let left = io.timeLeft { host.schedule(after: left) { [unowned self] in leave() } }
        if options.stdin { startInput(host) }
        if !options.gossip.seeds.isEmpty {
            let gossip = RelayGossip(self, bound)
            self.gossip = gossip
            try gossip.start(host)
        }
        try io.output.flush()
        announceService(listeners: addresses.count)
    }

    /// An address that others can use: a listener on every interface is told by the loopback one,
    /// which discovery replaces by what it sees.
    private func reachable(_ endpoint: Endpoint) -> PeerAddress {
        let isAny = ["", "*", "::", "0.0.0.0"].contains(endpoint.host)
        return PeerAddress(
            type: endpoint.transport, address: isAny ? "127.0.0.1" : endpoint.host,
            port: endpoint.port)
    }

    private func startInput(_ host: NodeHost) {
        let input = PacketInput(io, host, identity)
        self.input = input
        input.start()
    }

    private func observe(_ output: MeshNode.Output, _ time: Instant) throws {
        switch output {
        case .service(.received(let packet, _, _)):
            try io.output.write(PacketRecord(packet))
            answer(packet)
        case .service(.dialogue(.delivery(.neighbour(let peer, let isUp)))):
            let link = host?.driver.node.link(
                to: peer, event: isUp ? .up : .down, at: SystemClock.timestamp)
            if let link { try io.output.write(link) }
        case .journal(let request): custodian?.take(request)
        case .notice(let notice):
            let record = notice.record(at: SystemClock.timestamp)
            if events.contains(record.event.rawValue) { try io.output.write(record) }
        default: break
        }
    }

    private func writeMetrics(interval: Duration?) throws {
        for record in metrics(interval: interval) { try io.output.write(record) }
        try io.output.flush()
    }

    private func metrics(interval: Duration?) -> [MetricsRecord] {
        guard let driver = host?.driver else { return [] }
        return driver.node.metrics(
            at: SystemClock.now, timestamp: SystemClock.timestamp, interval: interval)
    }

    private func answer(_ request: String) -> [UInt8] {
        switch request {
        case "status": return metrics(interval: nil).flatMap(\.line)
        case "who": return who().flatMap(\.line)
        case "stop":
            leave()
            return []
        case "reload":
            host?.guarded { _ = try io.take([.reload]) }
            return []
        default: return ban(request).line
        }
    }

    /// The normal end: no new connections, what is on its way arrives, a word to the mesh, then
    /// out. Asked a second time it does not wait.
    private func leave() {
        guard let host else { return }
        guard !isLeaving else { return host.stop() }
        isLeaving = true
        notice.stopping()
        host.driver.stopListening()
        gossip?.leave()
        drain(host, until: SystemClock.now + (options.drain?.duration ?? .seconds(10)))
    }

    private func finish() throws {
        custodian?.close()
        if let socketPath { ControlSocket.remove(socketPath) }
        gossip?.close()
        guard let total = metrics(interval: nil).first else { return }
        try io.output.write(
            SummaryRecord(
                timestamp: SystemClock.timestamp, tool: io.tool,
                counters: [
                    "nodeId": .string(identity.node.text),
                    "packetsReceived": .number(Double(total.packetsReceived)),
                    "packetsSent": .number(Double(total.packetsSent)),
                    "dropped": .object(JSONObject(counts: total.dropped)),
                    "logOctetsDropped": .number(Double(io.output.octetsDropped)),
                ]))
    }
}

extension JSONObject {
    /// Counters under their names, sorted.
    init(counts: [String: Int]) {
        self.init()
        for (name, count) in counts.sorted(by: { $0.key < $1.key }) {
            self[name] = .number(Double(count))
        }
    }
}
