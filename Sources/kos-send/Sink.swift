import KosCore
import KosCrypto
import KosNet
import KosRadio
import KosTool
import KosWebRTC

/// `--listen`: a node that prints what it is sent, and answers probes and wishes for receipts.
/// `--echo`: what comes goes back as it is, and no node is there.
final class Sink {
    let options: KosSend
    private let io: ToolIO
    private(set) var host: NodeHost?
    private var signals: OctetSource?
    private var received = 0
    private var refused = 0
    private var credentials: TLSCredentials?
    private var identity: NodeIdentity?
    private var memory: DeliveryFile?

    init(_ options: KosSend, _ io: ToolIO) {
        (self.options, self.io) = (options, io)
    }

    func run() throws -> ExitStatus {
        try io.startWatching(onInterim: { [self] in try writeSummary() })
        // Somebody who is not the user of the same machine, who may be the one that sends.
        let identity =
            options.target.keyFile == nil ? NodeIdentity() : try options.target.identity(io)
        var settings = MeshNode.Settings()
        settings.role = .leaf
        settings.isInsecure = options.target.insecure
        settings.sealer = identity
        if let path = options.target.keyFile {
            memory = DeliveryFile(path + ".delivered", seed: SystemClock.seed, say: io.errors.say)
            settings.past = memory?.takePast()
        }
        let now = SystemClock.now
        let node = MeshNode(
            signer: identity, verifier: SignatureVerifier(), settings: settings,
            epoch: SystemClock.timestamp + .nanoseconds(-now.nanoseconds), at: now,
            seed: SystemClock.seed)
        if options.target.insecure {
            io.errors.say("--insecure: neighbours and packets without signatures are taken")
        }
        credentials = options.credentials(identity)
        self.identity = identity
        try NodeHost.run(node, now: { SystemClock.now }, start)
        if io.common.summary { try writeSummary() }
        return options.count.map { received < $0 } == true ? .no : .yes
    }

    private func start(_ host: NodeHost) throws {
        self.host = host
        let driver = host.driver
        driver.isEcho = options.sink.echo
        let endpoints = options.sink.listen.compactMap { Endpoint($0) }
        driver.carriers = Carriers(
            own: driver.node.node, name: nil, isRelay: false, seed: SystemClock.seed,
            short: { ShortID.octets(of: $0) }, now: { SystemClock.now }
        ).needed(for: endpoints)
        driver.dialing = options.connection.settings
        driver.tls = credentials
        driver.observer = { [unowned self] output, _ in host.guarded { try observe(output) } }
        driver.committing = { [unowned self] in
            host.guarded {
                try io.output.flush()
                memory?.add(driver.takeDelivered())
            }
        }
        driver.refused = { [unowned self] reason, remote in
            refused += 1
            io.errors.note("\(remote): \(reason)")
        }
        if let watch = io.watch {
            let source = OctetSource(watch.descriptor, on: driver.loop) { [unowned self] octets in
                host.guarded { if try io.take(WatchSignals.events(octets)) { host.stop() } }
            }
            source.start()
            signals = source
        }
        if let left = io.timeLeft { host.schedule(after: left) { host.stop() } }
        try Sessions.check(endpoints + options.target.endpoints)
        if let identity {
            Sessions.add(to: driver, identity, listening: endpoints) { SystemClock.timestamp }
        }
        guard !options.sink.listen.isEmpty else { return try connect(host) }
        host.listen(on: endpoints) { [unowned self] in try began($0) }
    }

    private func began(_ results: [Result<Endpoint, Transports.Failure>]) throws {
        var addresses: [PeerAddress] = []
        for result in results {
            switch result {
            case .success(let endpoint): addresses.append(endpoint.peerAddress)
            case .failure(let failure):
                throw ToolFailure(
                    .failure, code: "cannotListen", "cannot listen on \(failure.description)",
                    hint: failure.listenHint)
            }
        }
        guard let driver = host?.driver else { return }
        driver.post(.listening(addresses))
        guard !options.sink.echo || !io.common.quiet else { return }
        var metadata = PeerRecord.Metadata(
            discoveryMethod: .static, lastSeen: SystemClock.timestamp)
        metadata.isSelf = true
        var record = PeerRecord(
            nodeId: driver.node.node, addresses: addresses, capabilities: [], metadata: metadata)
        record.timestamp = metadata.lastSeen
        record.event = .found
        try io.output.write(record)
        try io.output.flush()
    }

    private func observe(_ output: MeshNode.Output) throws {
        switch output {
        case .service(.received(let packet, _, _)):
            guard options.count.map({ received < $0 }) ?? true else { return }
            received += 1
            try io.output.write(PacketRecord(packet))
            if received == options.count { endSoon() }
        case .notice(.dropped(let reason, _, let from)):
            refused += 1
            io.errors.note("dropped: \(reason.rawValue) from \(from ?? "here")")
        default: break
        }
    }

    private func writeSummary() throws {
        try io.output.write(
            SummaryRecord(
                timestamp: SystemClock.timestamp, tool: io.tool,
                counters: [
                    "received": .number(Double(received)), "refused": .number(Double(refused)),
                ]))
    }
}
