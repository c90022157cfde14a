import KosCore
import KosMDNS
import KosNet
import KosRadio
import KosTool

/// One run of discovery: Avahi, signals, deadlines and the engine that decides, on one thread.
final class Session {
    let options: KosDiscover
    let io: ToolIO
    let loop: AvahiLoop
    var discovery: Discovery
    var mdns: MDNSClient?
    var dht: DHTClient?
    // Bootstrap: who was asked, who answered and how fast, what they told.
    var probe: MeshProbe?
    var mailbox: Mailbox<MeshProbe.Event>?
    var identity: NodeID?
    var listedPeers: [ListedPeer] = []
    var unanswered: Set<Endpoint> = []
    var domains: Mailbox<Domain>?
    var unresolved: Set<String> = []
    var relays: [NodeID: Sighting] = [:]
    var roundTrips: [NodeID: Double] = [:]
    var pendingTopology: Set<NodeID> = []
    var knownLinks: [LinkKey: LinkRecord] = [:]
    var isBootstrapSettled = false
    /// When the DHT is asked (again), and the lookups that are not over.
    var dhtStart: Instant?
    var dhtOpen: Set<Int> = []
    var dhtPeerCount = 0
    // Gossip: who was asked and has not answered, whether somebody has.
    var gossip: GossipClient?
    var gossipMailbox: Mailbox<GossipClient.Event>?
    var gossipSeeds: [ContactAddress] = []
    var gossipOpen: Set<ContactAddress> = []
    var hasJoined = false
    var hasDeparted = false
    // LoRa: the radio, and until when answers are waited for.
    var radio: BeaconRadio?
    var radioMailbox: Mailbox<BeaconRadio.Event>?
    var radioEnd: Instant?
    var bluetooth: (BluetoothScan, Mailbox<BluetoothScan.Event>)?
    // Nodes that are asked for what a method leaves open, what they told, and the methods that wait
    // for them.
    var inquiries: Inquiries?
    var told: [NodeID: [String]] = [:]
    var unsettled: Set<DiscoveryMethodName> = []
    // A watch: whether peers still answer, when methods are asked again, whether the network is
    // another one.
    var liveness: Liveness
    var sightings: Mailbox<Sighting.Source>?
    var reachability: ReachabilityProbe?
    var schedule = DiscoverySchedule(seed: SystemClock.seed)
    var network: NetworkWatch?
    /// Peers of this run, for the next one; those of earlier runs that were listed.
    var found = PeerCache()
    var earlierCount = 0
    var ending: Discovery.Ending?
    let started = SystemClock.now
    var wasRunning = false

    init(_ options: KosDiscover, _ io: ToolIO) throws {
        self.options = options
        self.io = io
        guard let loop = AvahiLoop() else {
            throw ToolFailure(.failure, code: "resource", "no descriptors left for an event loop")
        }
        self.loop = loop
        if !options.isWatch { io.limit(to: options.usualWait) }
        liveness = Liveness(
            lifetime: options.expire?.duration ?? .seconds(120), isFixed: options.expire != nil,
            seed: SystemClock.seed)
        discovery = Discovery(options.rules(io), at: started, time: SystemClock.timestamp)
    }

    func run() throws -> ExitStatus {
        if options.isWatch {
            try io.startWatching(onInterim: { [self] in try io.output.write(summary) })
            startLiveness()
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
            try runGossip()
            try runLoRa()
            try runBluetooth()
            try runInquiries()
            try runLiveness()
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
            case .gossip: try startGossip()
            case .bootstrap: try startBootstrap()
            case .static:
                for peer in listedPeers {
                    try feed(.seen(peer.sighting, at: SystemClock.timestamp))
                }
                try complete(.static)
            case .lora: try startLoRa()
            case .bluetooth: try startBluetooth()
            case .capture: break
            }
        }
        try collect()
    }

    private var nextDeadline: Instant? {
        [
            discovery.nextDeadline, mdns?.nextDeadline, dht?.nextDeadline, dhtStart, radioEnd,
            inquiries?.nextDeadline, liveness.nextDeadline, schedule.nextDeadline,
        ].compactMap { $0 }.min()
    }
}
