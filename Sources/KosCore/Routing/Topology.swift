/// Nodes and directed links, as columns: what a survey, a relay or a simulation knows of the mesh.
///
/// It is built link by link and may be asked for its `Graph` at any time. A link seen again
/// replaces the one with the same ends and transport unless its time is older; `down` takes it
/// away.
package struct Topology: Sendable {
    /// One directed link with its figures.
    package struct Link: Sendable, Hashable {
        package var source: Int32
        package var target: Int32
        package var transport: TransportType
        /// ms, one way.
        package var latency: Double
        /// Share delivered, 0 … 1; 0 means that the link carries nothing.
        package var reliability: Double
        /// Bit/s; nil when unknown, 0 means that the link carries nothing.
        package var bandwidth: Double?
        /// nil when the link states none.
        package var cost: Double?
        /// When this was known, ms since 1970.
        package var time: Int64?
        /// Packets or probes behind the figures.
        package var observations: Int?
        /// URI at which the source reaches the target.
        package var address: String?

        package init(
            source: Int32, target: Int32, transport: TransportType = .udp,
            latency: Double = 0, reliability: Double = 1
        ) {
            self.source = source
            self.target = target
            self.transport = transport
            self.latency = latency
            self.reliability = reliability
        }
    }

    /// Why a link is not one that can be routed over.
    package enum Refusal: String, Error, Sendable {
        case selfLoop = "source and destination are the same node"
        case badLatency = "latency is not a number of at least 0"
        case badReliability = "reliability is not within 0…1"
        case badBandwidth = "bandwidth is not a number of at least 0"
        case badCost = "cost is not a number of at least 0"
        case unknownNode = "an end of the link is no node of the topology"
        case full = "the topology is full"
    }

    package internal(set) var names = NodeNames()
    /// What every link line has; the columns below are of the same length, or empty.
    package struct Row: Sendable {
        package internal(set) var source: Int32
        package internal(set) var target: Int32
        package internal(set) var latency: Double
        package internal(set) var reliability: Double
        /// Bit/s; infinite where it is unknown.
        package internal(set) var bandwidth: Double
        /// Place in `TransportType.allCases`, `downBit` added for a link that went away.
        package internal(set) var code: UInt8
    }
    package internal(set) var rows: [Row] = []
    /// Empty until a link states a cost; NaN where none is stated.
    package internal(set) var costs: [Double] = []
    /// Empty until a link states a time; 0 where none is stated.
    package internal(set) var times: [Int64] = []
    /// Empty until a link states observations; −1 where none are stated.
    package internal(set) var observations: [Int32] = []
    package internal(set) var addresses: [Int32: String] = [:]
    /// Where peers said that they can be reached.
    package var peerAddresses: [Int32: [PeerAddress]] = [:]
    /// Ids of the nodes that go by a name for people.
    package var aliases: [String: Set<String>] = [:]
    /// Positions in metres on a plane or on the sphere, where nodes have one.
    package var positions: [Int32: Position] = [:]
    /// Changed whenever a link is; caches compare it.
    package internal(set) var revision = 0

    package static let downBit: UInt8 = 0x80
    package static let maxLinks = Int(Int32.max) - 1
    static let transportCases = TransportType.allCases

    package init() {}

    package var nodeCount: Int { names.count }
    /// Link lines held, those that were replaced or went down among them.
    package var linkCount: Int { rows.count }

    // MARK: Building

    /// The node's index; it is added when it is new. Nil when the topology is full.
    package mutating func node(_ name: NodeID) -> Int32? { names.intern(name) }

    /// The node of that id, else the only one that goes by that name.
    package func index(of name: String) -> Int32? {
        if let node = names.index(of: name.hasPrefix("did:key:") ? String(name.dropFirst(8)) : name)
        {
            return node
        }
        guard let ids = aliases[name], ids.count == 1 else { return nil }
        return ids.first.flatMap { names.index(of: $0) }
    }

    package func name(of node: Int32) -> String { names[node] }

    /// Adds or replaces a link, or takes it away when `isDown`.
    package mutating func add(_ link: Link, isDown: Bool = false) throws(Refusal) {
        guard link.source != link.target else { throw .selfLoop }
        let last = Int32(nodeCount)
        guard link.source >= 0, link.target >= 0, link.source < last, link.target < last else {
            throw .unknownNode
        }
        guard link.latency >= 0, link.latency.isFinite else { throw .badLatency }
        guard link.reliability >= 0, link.reliability <= 1 else { throw .badReliability }
        if let bandwidth = link.bandwidth {
            guard bandwidth >= 0, bandwidth.isFinite else { throw .badBandwidth }
        }
        if let cost = link.cost { guard cost >= 0, cost.isFinite else { throw .badCost } }
        guard linkCount < Topology.maxLinks else { throw .full }
        append(link, isDown)
    }

    @inline(__always)
    mutating func append(_ link: Link, _ isDown: Bool) {
        let place = rows.count
        let down = isDown ? Topology.downBit : 0
        rows.append(
            Row(
                source: link.source, target: link.target, latency: link.latency,
                reliability: link.reliability, bandwidth: link.bandwidth ?? .infinity,
                code: Topology.code(of: link.transport) | down))
        if let cost = link.cost {
            if costs.isEmpty { costs = [Double](repeating: .nan, count: place) }
            costs.append(cost)
        } else if !costs.isEmpty {
            costs.append(.nan)
        }
        if let time = link.time {
            if times.isEmpty { times = [Int64](repeating: 0, count: place) }
            times.append(time)
        } else if !times.isEmpty {
            times.append(0)
        }
        if let count = link.observations {
            if observations.isEmpty { observations = [Int32](repeating: -1, count: place) }
            observations.append(Int32(clamping: count))
        } else if !observations.isEmpty {
            observations.append(-1)
        }
        if let address = link.address { addresses[Int32(place)] = address }
        revision &+= 1
    }

    /// The same from a scanned line, without a value in between. The scan has checked its numbers.
    @inline(__always)
    mutating func append(_ scan: LinkScan, from source: Int32, to target: Int32) {
        let place = rows.count
        let isDown = scan.members.contains(.event) && scan.event == .down
        let transport = scan.members.contains(.transport) ? scan.transport : .udp
        rows.append(
            Row(
                source: source, target: target, latency: scan.latency(or: 0),
                reliability: scan.reliability(or: 1), bandwidth: scan.bandwidth(or: .infinity),
                code: Topology.code(of: transport) | (isDown ? Topology.downBit : 0)))
        if scan.members.contains(.cost) {
            if costs.isEmpty { costs = [Double](repeating: .nan, count: place) }
            costs.append(scan.cost)
        } else if !costs.isEmpty {
            costs.append(.nan)
        }
        if let time = scan.time {
            if times.isEmpty { times = [Int64](repeating: 0, count: place) }
            times.append(time)
        } else if !times.isEmpty {
            times.append(0)
        }
        if scan.members.contains(.observations) {
            if observations.isEmpty { observations = [Int32](repeating: -1, count: place) }
            observations.append(Int32(clamping: Int(scan.observations)))
        } else if !observations.isEmpty {
            observations.append(-1)
        }
        revision &+= 1
    }

    /// Notes the URI of the link line added last.
    mutating func setAddress(_ address: String) {
        guard linkCount > 0 else { return }
        addresses[Int32(linkCount - 1)] = address
    }

    /// Link lines for which there is room already.
    package var linkCapacity: Int { rows.capacity }

    /// Octets that the tables take when they grow next, all columns and the names together.
    package var roomToDouble: Int {
        let columns =
            MemoryLayout<Row>.stride + (costs.isEmpty ? 0 : 8) + (times.isEmpty ? 0 : 8)
            + (observations.isEmpty ? 0 : 4)
        return rows.capacity * 2 * columns + nodeCount * 128
    }

    /// The latest time that a link states, ms since 1970; nil when none states any.
    package var latestTime: Int64? { times.max() }

    /// Moves the figures of the line at `place` to `known`, which is before it, and takes the line
    /// out. False when the line at `known` has a later time and stays.
    mutating func replace(_ known: Int32, by place: Int32) -> Bool {
        let (old, new) = (Int(known), Int(place))
        let isNewer = times.isEmpty || times[new] == 0 || times[new] >= times[old]
        if isNewer {
            rows[old] = rows[new]
            if !costs.isEmpty { costs[old] = costs[new] }
            if !times.isEmpty { times[old] = times[new] }
            if !observations.isEmpty { observations[old] = observations[new] }
            if let address = addresses[place] { addresses[known] = address }
        }
        rows.remove(at: new)
        if !costs.isEmpty { costs.remove(at: new) }
        if !times.isEmpty { times.remove(at: new) }
        if !observations.isEmpty { observations.remove(at: new) }
        addresses[place] = addresses.removeValue(forKey: place + 1)
        revision &+= 1
        return isNewer
    }

    /// Marks the link line at `place` as one whose link went down.
    mutating func takeDown(_ place: Int32) {
        rows[Int(place)].code |= Topology.downBit
        revision &+= 1
    }

    /// What the link line at `place` costs; 0 where it states nothing.
    func cost(_ place: Int32) -> Double { statedCost(Int(place)) ?? 0 }

    /// Takes every link from and to `node` away, as when a peer left.
    package mutating func remove(node: Int32) {
        for place in rows.indices where rows[place].source == node || rows[place].target == node {
            rows[place].code |= Topology.downBit
        }
        revision &+= 1
    }

    // MARK: Reading

    /// The link line at `place`.
    package func link(_ place: Int32) -> Link {
        let at = Int(place)
        var link = Link(
            source: rows[at].source, target: rows[at].target, transport: transport(place),
            latency: rows[at].latency, reliability: rows[at].reliability)
        link.bandwidth = rows[at].bandwidth.isFinite ? rows[at].bandwidth : nil
        if !costs.isEmpty, !costs[at].isNaN { link.cost = costs[at] }
        if !times.isEmpty, times[at] != 0 { link.time = times[at] }
        if !observations.isEmpty, observations[at] >= 0 {
            link.observations = Int(observations[at])
        }
        link.address = addresses[place]
        return link
    }

    package func transport(_ place: Int32) -> TransportType {
        let code = Int(rows[Int(place)].code & ~Topology.downBit)
        return code < Topology.transportCases.count ? Topology.transportCases[code] : .udp
    }

    /// The URI of a hop over the link at `place`: the link's own, else the peer's address on that
    /// transport, else any address of the peer, else the node's name.
    package func address(_ place: Int32) -> String {
        if let own = addresses[place] { return own }
        let target = rows[Int(place)].target
        let transport = transport(place)
        if let peer = peerAddresses[target]?.first(where: { $0.type == transport }) {
            return peer.uri
        }
        return peerAddresses[target]?.first?.uri ?? names[target]
    }

    @inline(__always)
    package static func code(of transport: TransportType) -> UInt8 {
        switch transport {
        case .ws: 0
        case .wss: 1
        case .http: 2
        case .https: 3
        case .tcp: 4
        case .tls: 5
        case .udp: 6
        case .webrtc: 7
        case .lora: 8
        case .bluetooth: 9
        }
    }

    /// Whether the link line at `place` carries anything as it stands.
    @inline(__always)
    package func isUsable(_ place: Int) -> Bool {
        rows[place].code & Topology.downBit == 0 && rows[place].reliability > 0
            && rows[place].bandwidth > 0
    }
}

/// Where a node is: metres on a plane, or degrees on the Earth.
package struct Position: Hashable, Sendable {
    package enum Kind: Hashable, Sendable { case plane, earth }
    package var kind: Kind
    /// Metres, or degrees of longitude.
    package var x: Double
    /// Metres, or degrees of latitude.
    package var y: Double

    package init(kind: Kind, x: Double, y: Double) {
        self.kind = kind
        self.x = x
        self.y = y
    }
}

extension Topology {
    /// Renumbers the nodes in the order of a breadth-first walk, so that neighbours lie near each
    /// other in memory. Returns the new index of each old one; empty when nothing was done, as in
    /// a graph so small that it lies in the cache anyway.
    mutating func renumber() -> [Int32] {
        let count = nodeCount
        guard count > 4096 else { return [] }
        let walk = Graph(unsettled: self)
        var order = [Int32](repeating: -1, count: count)
        var queue: [Int32] = []
        queue.reserveCapacity(count)
        for start in 0..<Int32(count) where order[Int(start)] < 0 {
            var head = queue.count
            order[Int(start)] = Int32(head)
            queue.append(start)
            while head < queue.count {
                for slot in walk.row(queue[head]) where order[Int(walk.targets[slot])] < 0 {
                    order[Int(walk.targets[slot])] = Int32(queue.count)
                    queue.append(walk.targets[slot])
                }
                head += 1
            }
        }
        names.renumber(order)
        for place in rows.indices {
            rows[place].source = order[Int(rows[place].source)]
            rows[place].target = order[Int(rows[place].target)]
        }
        peerAddresses = Topology.moved(peerAddresses, order)
        positions = Topology.moved(positions, order)
        revision &+= 1
        return order
    }

    private static func moved<Value>(
        _ table: [Int32: Value], _ order: [Int32]
    ) -> [Int32: Value] {
        var moved: [Int32: Value] = [:]
        for (node, value) in table { moved[order[Int(node)]] = value }
        return moved
    }
}
