import KosCore
import KosMDNS
import KosNet
import KosTool

/// One run of discovery: Avahi, signals, deadlines and the engine that decides, on one thread.
final class Session {
    let options: KosDiscover
    let io: ToolIO
    let loop: AvahiLoop
    var discovery: Discovery
    private var mdns: MDNSClient?
    var dht: DHTClient?
    // Bootstrap: who was asked, who answered and how fast, what they told.
    var probe: MeshProbe?
    var mailbox: Mailbox<MeshProbe.Event>?
    var identity: NodeID?
    var listedPeers: [ListedPeer] = []
    var unanswered: Set<Endpoint> = []
    var relays: [NodeID: Sighting] = [:]
    var roundTrips: [NodeID: Double] = [:]
    var pendingTopology: Set<NodeID> = []
    var knownLinks: [LinkKey: LinkRecord] = [:]
    var isBootstrapSettled = false
    /// When the DHT is asked (again), and the lookups that are not over.
    var dhtStart: Instant?
    var dhtOpen: Set<Int> = []
    var ending: Discovery.Ending?
    let started = SystemClock.now
    private var wasRunning = false

    init(_ options: KosDiscover, _ io: ToolIO) throws {
        self.options = options
        self.io = io
        guard let loop = AvahiLoop() else {
            throw ToolFailure(.failure, code: "resource", "no descriptors left for an event loop")
        }
        self.loop = loop
        if !options.isWatch { io.limit(to: .seconds(3)) }
        discovery = Discovery(options.rules(io), at: started, time: SystemClock.timestamp)
    }

    func run() throws -> ExitStatus {
        if options.isWatch {
            try io.startWatching(onInterim: { [self] in try io.output.write(summary) })
        }
        let signals = io.watch?.descriptor
        if let signals { loop.watch(signals) }
        let reader = io.common.output == nil && !io.common.quiet ? Streams.pipedOutput : nil
        if let reader { loop.watch(reader) }
        try start()
        while ending == nil {
            try io.output.flush()
            let now = SystemClock.now
            let next = nextDeadline
            let ready = loop.wait(next.map { max(.zero, $0 - now) })
            // The reader has enough: the quiet end.
            if let reader, ready.contains(reader) { return .yes }
            if let signals, ready.contains(signals), try io.takeSignals() { try stop() }
            mdns?.advance(to: SystemClock.now)
            try collect()
            try runDHT()
            try runBootstrap()
            try step { discovery.advance(to: $0, into: &$1) }
        }
        return try finish()
    }

    private func start() throws {
        if options.input == "-" { listedPeers = try ListedPeer.read(io) }
        for method in options.chosen.methods {
            switch method {
            case .mdns: try startMDNS()
            case .dht: try startDHT()
            case .bootstrap: try startBootstrap()
            case .static:
                for peer in listedPeers {
                    try feed(.seen(peer.sighting, at: SystemClock.timestamp))
                }
                try complete(.static)
            case .bluetooth: try fail(method, "no Bluetooth adapter", hint: "connect one")
            case .lora: try fail(method, "no LoRa modem", hint: "connect one")
            case .gossip:
                try fail(
                    method, "no member to ask", hint: "name one with --gossip-node address:port")
            case .capture: break
            }
        }
        try collect()
    }

    private func startMDNS() throws {
        var browsing = MDNSClient.Browsing()
        browsing.type = options.service == "any" ? nil : options.service
        browsing.domain = options.domain
        browsing.isWatch = options.isWatch
        browsing.isCacheEnough = options.cached
        guard
            let client = MDNSClient(
                loop: loop, interface: options.interface, browsing: browsing, announcing: nil,
                seed: SystemClock.seed)
        else {
            throw ToolFailure(
                .failure, code: "noInterface", "no interface '\(options.interface ?? "")'")
        }
        mdns = client
        client.advance(to: SystemClock.now)
    }

    /// Hands what Avahi told to the engine.
    private func collect() throws {
        for event in mdns?.takeEvents() ?? [] {
            let time = SystemClock.timestamp
            switch event {
            case .resolved(let instance): try see(instance, time)
            case .removed(let source): try feed(.lost(source, .goodbye, at: time))
            case .unreachable(let source): try feed(.lost(source, .unreachable, at: time))
            case .complete: try complete(.mdns)
            case .running:
                if wasRunning { io.errors.note("mdns: the Avahi daemon is back") }
                wasRunning = true
            case .lost(let reason):
                io.errors.note("mdns: \(reason)")
                try feed(.doubted(.mdns, within: Session.patience))
            case .unavailable(let reason): try unavailable(reason)
            case .published, .publishFailed: break
            }
        }
    }

    /// How long peers of a daemon that went away are still believed in.
    private static let patience = Duration.seconds(20)

    private func see(_ instance: ServiceInstance, _ time: Timestamp) throws {
        guard let sighting = instance.sighting(by: Authenticity.verifier) else {
            io.errors.note(
                "mdns: '\(instance.name)' at \(instance.address) cannot be read; left out")
            return
        }
        try feed(.seen(sighting, at: time))
    }

    private func unavailable(_ reason: String) throws {
        guard !options.isWatch else {
            if !wasRunning { io.errors.say("mdns: \(reason); waiting for it") }
            wasRunning = true
            return
        }
        mdns = nil
        try fail(.mdns, reason, hint: "start avahi-daemon, or name a relay with --bootstrap URI")
    }

    private var nextDeadline: Instant? {
        [discovery.nextDeadline, mdns?.nextDeadline, dht?.nextDeadline, dhtStart].compactMap { $0 }
            .min()
    }
}
