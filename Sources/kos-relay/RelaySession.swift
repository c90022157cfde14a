import KosCore
import KosCrypto
import KosNet
import KosRadio
import KosTool
import KosWebRTC

/// One run of a relay: the node, its sockets, its records.
final class RelaySession {
    let options: Run
    let io: ToolIO
    let identity: NodeIdentity
    let events: Set<String>
    let listening: [Endpoint]
    let connecting: [Endpoint]
    let socketPath: String?
    private(set) var host: NodeHost?
    let notice = ServiceNotice()
    /// The rules of the files, with what `ban` has added since they were read.
    var rules = AccessRules()
    var isLeaving = false
    var isWatched = false
    var isAwaitingReader = false
    let startedAt = SystemClock.now
    var gossip: RelayGossip?
    var backplane: RelayBackplane?
    var announcer: RelayAnnouncer?
    var input: PacketInput?
    var join: RelayJoin?
    let custodian: Custodian?
    let memory: DeliveryFile
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
        try Sessions.check(listening + connecting)
        let key = try options.keyFile ?? io.directories.file("identity.pem", in: .data)
        identity = try NodeIdentity(path: key)
        memory = DeliveryFile(key + ".delivered", seed: SystemClock.seed, say: io.errors.say)
        try options.mesh.check()
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
        settings.routing = options.routing.mode
        settings.trusted = try options.mesh.trusted()
        settings.hasBackplane = options.mesh.backplane != nil
        settings.isInsecure = options.insecure
        settings.sealer = identity
        settings.past = memory.takePast()
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
        driver.tls = TLSCredentials(identity, options.tls.files, isInsecure: options.insecure) {
            SystemClock.timestamp
        }
        driver.callers.limit = options.maxPerAddress > 0 ? options.maxPerAddress : nil
        driver.refused = { [unowned self] reason, remote in
            io.errors.note("\(remote): \(reason)")
        }
        driver.observer = { [unowned self] output, time in
            host.guarded { try observe(output, time) }
        }
        driver.committing = { [unowned self] in host.guarded { try commit(driver) } }
        driver.dialFailed = { [unowned self] endpoint, reason in
            host.guarded { try dialFailed(endpoint, reason) }
        }
        Sessions.add(to: driver, identity, listening: listening) { SystemClock.timestamp }
        driver.carriers = carriers.needed(for: listening + connecting)
        driver.carrierNote = { [unowned self] endpoint, text in
            io.errors.note("\(endpoint): \(text)")
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
            driver.node.exposition(
                at: SystemClock.now, timestamp: SystemClock.timestamp)
        }
        if rules != AccessRules() { driver.post(.admit(rules)) }
        if let socketPath {
            try ControlSocket.listen(socketPath, host: host) { [unowned self] in answer($0, $1) }
        }
        host.listen(on: listening) { [unowned self] results in try began(results) }
    }

    /// Radios and Bluetooth: an absent modem is waited for, and what others say is repeated.
    private var carriers: Carriers {
        Carriers(
            own: identity.node, name: options.name, isRelay: true, seed: SystemClock.seed,
            short: { ShortID.octets(of: $0) }, now: { SystemClock.now })
    }

    var capabilities: [String] {
        options.capability + (options.custody == nil ? [] : ["store"])
    }
}
