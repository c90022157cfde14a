import KosCore
import KosCrypto
import KosMDNS
import KosNet
import KosRadio
import KosTool

/// `-A`: announces this node by each method, tells how it went, and keeps on for `--hold`.
final class Announcer {
    let options: KosDiscover
    let io: ToolIO
    let loop: AvahiLoop
    let identity: NodeIdentity
    let endpoints: [Endpoint]
    let ttl: Duration
    var host = "localhost"
    // What is kept until the hold is over.
    var mdns: MDNSClient?
    var dht: DHTClient?
    var gossip: (GossipClient, Mailbox<GossipClient.Event>)?
    var radio: (BeaconRadio, Mailbox<BeaconRadio.Event>)?
    var bluetooth: (BluetoothHerald, Mailbox<BluetoothHerald.Event>)?
    var bluetoothAddresses: [PeerAddress] = []
    private var results: [DiscoveryMethodName: Bool] = [:]

    init(_ options: KosDiscover, _ io: ToolIO) throws {
        self.options = options
        self.io = io
        guard let loop = AvahiLoop() else {
            throw ToolFailure(.failure, code: "resource", "no descriptors left for an event loop")
        }
        self.loop = loop
        // A slow radio looks for a free moment longer than a network needs.
        let air = options.chosen.methods.contains(.lora) ? options.lora.patience : .zero
        io.limit(to: max(.seconds(10), air))
        identity = try Authenticity.identity(io)
        let given = options.announcing.listen.map(\.endpoint)
        endpoints = given.isEmpty ? [Endpoint(transport: .tcp, host: "")] : given
        ttl = options.announcing.ttl?.duration ?? .seconds(120)
    }

    func run() throws -> ExitStatus {
        for method in options.chosen.methods {
            switch method {
            case .mdns: try announceOverMDNS()
            case .dht: try announceOverDHT()
            case .gossip: try announceOverGossip()
            case .lora: try announceOverLoRa()
            case .bluetooth: try announceOverBluetooth()
            case .bootstrap, .static, .capture:
                try tell(method, error: "\(method.rawValue) takes no announcements of this tool")
            }
        }
        try keep()
        let succeeded = results.values.filter { $0 }.count
        if succeeded == results.count { return .yes }
        return succeeded > 0 ? .partly : .failure
    }

    /// Holds what was announced, renewing it, until `--hold` is over or a signal comes. The Avahi
    /// daemon's second announcement follows the first by a second (RFC 6762 §8.3), which is the
    /// least that is held.
    private func keep() throws {
        let wanted = options.announcing.hold?.duration ?? .zero
        defer {
            radio?.0.stop()
            bluetooth?.0.stop()
        }
        // By radio and in the DHT once is an announcement; only what is held goes on.
        let isOnAir = bluetooth != nil || isHeld && radio != nil
        guard mdns != nil || gossip != nil || dht != nil || isOnAir else { return }
        let hold = max(wanted, .milliseconds(1100))
        let end = SystemClock.now + hold
        if hold > .seconds(2) { try io.startWatching() }
        if let signals = io.watch?.descriptor { loop.watch(signals) }
        var renewal = SystemClock.now + ttl * 0.5
        var random = SplitMix64(seed: SystemClock.seed)
        var renewalDHT = SystemClock.now + Announcer.pauseDHT(&random)
        while SystemClock.now < end {
            let deadlines = [
                renewal, dht.map { _ in renewalDHT }, dht?.nextDeadline, mdns?.nextDeadline,
            ]
            let next = deadlines.compactMap { $0 }.reduce(end) { min($0, $1) }
            let ready = loop.wait(max(.zero, next - SystemClock.now))
            if let signals = io.watch?.descriptor, ready.contains(signals), try io.takeSignals() {
                break
            }
            advanceMDNS()
            advanceLoRa()
            advanceBluetooth()
            heedGossip()
            _ = dht?.run()
            if SystemClock.now >= renewal {
                mdns?.update(txt: try record())
                try renewGossip()
                renewBluetooth()
                renewal = SystemClock.now + ttl * 0.5
            }
            if dht != nil, SystemClock.now >= renewalDHT {
                try renewDHT()
                renewalDHT = SystemClock.now + Announcer.pauseDHT(&random)
            }
        }
        mdns?.withdraw()
        leaveGossip()
        if let dht { leaveDHT(dht) }
    }

    /// Whether what was announced goes on for longer than the call needs anyway.
    var isHeld: Bool { (options.announcing.hold?.duration ?? .zero) > .zero }

    /// Where this node listens, by its host's name where an endpoint names no host.
    private var addresses: [PeerAddress] {
        endpoints.map { endpoint in
            var address = endpoint.peerAddress
            if address.address.isEmpty { address.address = host }
            return address
        }
    }

    func tell(
        _ method: DiscoveryMethodName, lifetime: Duration? = nil, bytesSent: Int? = nil,
        error: String? = nil
    ) throws {
        results[method] = error == nil
        var addresses = addresses
        if method == .lora {
            let short = ShortID.octets(of: identity.node).map(ShortNames.text)
            addresses = [PeerAddress(type: .lora, address: short ?? identity.node.text)]
        }
        if method == .bluetooth { addresses = bluetoothAddresses }
        if let error { io.errors.say("\(method.rawValue): \(error)") }
        try io.output.write(
            AnnouncementRecord(
                timestamp: SystemClock.timestamp, nodeId: identity.node, method: method,
                success: error == nil, addresses: error == nil ? addresses : [],
                ttlMs: Int((lifetime ?? ttl).nanoseconds / 1_000_000), bytesSent: bytesSent,
                error: error))
        try io.output.flush()
    }
}
