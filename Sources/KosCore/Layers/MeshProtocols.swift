/// What a node of the mesh knows of its routing protocols: which run, which is used, who the
/// neighbours are in their terms, what waits for a route, and what all that costs.
package struct MeshProtocols: Sendable {
    /// A packet that waits for a route.
    struct Held: Sendable {
        let octets: [UInt8]
        let origin: Origin
    }

    static let choicePeriod = Duration.seconds(5)
    static let maxHeld = 256
    static let maxHeldOctets = 1 << 20
    /// How often a route in use is told of.
    static let usePeriod = Duration.milliseconds(500)

    package let mode: MeshRouting
    let address: RouterAddress
    private let seed: UInt64
    private let clock: Timestamp
    var running: [ProtocolRoutes] = []
    /// The protocol that routes are taken from; nil for the link state or flooding.
    package internal(set) var chosen: RoutingProtocolName?
    var isFlooding: Bool { mode == .flooding }
    /// Neighbours that speak, and those that do not: leaves, and nodes that say nothing of
    /// themselves.
    var names: [RouterAddress: NodeID] = [:]
    var hosts: Set<NodeID> = []
    private var held: [RouterAddress: [Held]] = [:]
    private var heldCount = 0
    private var heldOctets = 0
    /// Nodes that were asked for, by number.
    var asked: [RouterAddress: String] = [:]
    /// When the protocols were last told of a destination and a source.
    var used: [UInt64: Instant] = [:]
    /// Nodes to ask for, though their packets go by the link state meanwhile.
    private var curious: Set<String> = []
    private var recent = (now: TrafficAnalyser(), before: TrafficAnalyser())
    private var turnedAt: Instant

    private(set) var messagesSent = 0
    private(set) var octetsSent = 0
    private var discoveries = 0
    private var failures = 0
    private var waits: [Double] = []

    init(
        _ mode: MeshRouting, of node: NodeID, seed: UInt64, clock: Timestamp, at now: Instant
    ) {
        self.mode = mode
        self.seed = seed
        self.clock = clock
        address = RouterAddress(standingFor: node.text)
        turnedAt = now
        chosen = mode.only
        if let only = mode.only { start(only, at: now) }
        // Asks for nothing until it is chosen, but answers those that ask.
        if mode == .auto { start(.aodv, at: now) }
    }

    /// Whether routes may come from what nodes tell of their links.
    var usesLinkState: Bool { mode == .linkstate || mode == .auto }
    /// Whether the protocols want to know what is forwarded.
    var wantsUse: Bool { running.contains(where: \.isReactive) }

    var nextDeadline: Instant? {
        curious.isEmpty ? running.compactMap(\.nextDeadline).min() : .zero
    }

    mutating func start(_ name: RoutingProtocolName, at now: Instant) {
        guard !running.contains(where: { $0.name == name }) else { return }
        running.append(
            ProtocolRoutes(
                name, address: address, seed: seed ^ UInt64(running.count),
                clock: clock + .nanoseconds(now.nanoseconds), at: now))
        for host in hosts.sorted() {
            running[running.count - 1].handle(
                .attached(RouterAddress(standingFor: host.text)), at: now)
        }
    }

    mutating func end(_ name: RoutingProtocolName) { running.removeAll { $0.name == name } }

    func index(of name: RoutingProtocolName?) -> Int? {
        running.firstIndex { $0.name == name }
    }

    // MARK: what waits

    mutating func wonder(about node: String) {
        if mode == .auto, curious.count < 64 { curious.insert(node) }
    }

    mutating func takeCurious() -> [String] {
        guard !curious.isEmpty else { return [] }
        defer { curious = [] }
        return curious.sorted()
    }

    mutating func hold(
        _ octets: [UInt8], _ origin: Origin, for destination: RouterAddress
    ) -> Bool {
        guard heldCount < MeshProtocols.maxHeld,
            heldOctets + octets.count <= MeshProtocols.maxHeldOctets
        else { return false }
        held[destination, default: []].append(Held(octets: octets, origin: origin))
        heldCount += 1
        heldOctets += octets.count
        return true
    }

    mutating func takeHeld(for destination: RouterAddress) -> [Held] {
        let list = held.removeValue(forKey: destination) ?? []
        heldCount -= list.count
        heldOctets -= list.reduce(0) { $0 + $1.octets.count }
        return list
    }

    // MARK: the rule

    /// A node tells whom it is linked to: others than before are a movement.
    mutating func note(_ linked: [NodeID], before: [NodeID]?) {
        guard mode == .auto else { return }
        let isSame = before.map { Set($0) == Set(linked) } ?? true
        recent.now.note(isSame ? LinkRecord.Event.up : .changed)
    }

    /// The specification's rule for the network of the last minute.
    mutating func choice(
        density: Double, at now: Instant
    ) -> (protocol: RoutingProtocolName?, reason: String) {
        if now - turnedAt >= .seconds(30) {
            recent = (TrafficAnalyser(), recent.now)
            turnedAt = now
        }
        let events = recent.now.events + recent.before.events
        let changes = recent.now.changes + recent.before.changes
        let choice = RoutingAlgorithm.select(
            RouteRequirements(), mobility: events == 0 ? 0 : Double(changes) / Double(events),
            density: density)
        return (RoutingProtocolName(rawValue: choice.algorithm.rawValue), choice.reason)
    }

    // MARK: figures

    mutating func count(messages: Int, octets: Int) {
        messagesSent += messages
        octetsSent += octets
    }

    mutating func noteDiscovery(after wait: Duration?) {
        guard let wait else {
            failures += 1
            return
        }
        discoveries += 1
        if waits.count >= 256 { waits.removeFirst() }
        waits.append((wait.milliseconds * 1000).rounded() / 1000)
    }

    /// For the metrics.
    package var figures: RoutingFigures {
        var figures = RoutingFigures(
            mode: mode.rawValue, protocol: isFlooding ? "flooding" : chosen?.rawValue)
        figures.routes = index(of: chosen).map { running[$0].routeCount }
        figures.messagesSent = messagesSent
        figures.octetsSent = octetsSent
        figures.discoveries = discoveries
        figures.failures = failures
        let sorted = waits.sorted()
        if let last = sorted.last {
            figures.discoveryMs = sorted[(sorted.count - 1) / 2]
            figures.discoveryMaxMs = last
        }
        return figures
    }
}
