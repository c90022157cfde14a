/// The mesh as its nodes announce it: each node's own links, signed, numbered and aged.
///
/// A link counts only when both of its ends announce it, so that nobody can invent links of others.
package struct LinkState: Sendable {
    package static let maxNodes = 4096
    package static let maxLinksPerNode = 256
    /// An announcement that was not renewed for so long is forgotten.
    package static let lifetime = Duration.seconds(100)
    /// A node announces anew at least this often.
    package static let refresh = Duration.seconds(30)

    package struct Link: Hashable, Sendable {
        package var destination: NodeID
        package var transport: TransportType
        /// ms.
        package var latency: Double
        package var reliability: Double
        package var address: String?

        package init(
            destination: NodeID, transport: TransportType, latency: Double, reliability: Double,
            address: String?
        ) {
            self.destination = destination
            self.transport = transport
            self.latency = latency
            self.reliability = reliability
            self.address = address
        }
    }
    package struct Announcement: Sendable {
        package var info: NodeInfo
        package var links: [Link]
        /// The signed packet as it came, for passing on.
        package var line: [UInt8]
        package var heardAt: Instant
        package var timestamp: Timestamp
        /// How long it counts: nodes that speak over radio renew what they say less often.
        package var lifetime: Duration {
            let refresh = Duration.milliseconds(Int64(info.refreshMs ?? 0))
            return max(LinkState.lifetime, refresh * 10 * (1.0 / 3))
        }

        package init(
            info: NodeInfo, links: [Link], line: [UInt8], heardAt: Instant, timestamp: Timestamp
        ) {
            self.info = info
            self.links = links
            self.line = line
            self.heardAt = heardAt
            self.timestamp = timestamp
        }
    }
    package enum Outcome: Hashable, Sendable {
        /// Newer than what was known.
        case news
        case stale
        case full
    }
    /// Announcements that one node may make: as often as it may change its mind, and a few at once.
    private static let pace = (rate: 10.0, burst: 20.0)

    package private(set) var nodes: [NodeID: Announcement] = [:]
    private var allowances: [NodeID: TokenBucket] = [:]

    package init() {}

    /// Whether a node that is known has not announced itself too often of late.
    package mutating func allows(_ node: NodeID, at now: Instant) -> Bool {
        guard nodes[node] != nil else { return true }
        let fresh = TokenBucket(
            rate: LinkState.pace.rate, burst: LinkState.pace.burst, at: now)
        return allowances[node, default: fresh].take(at: now)
    }

    package mutating func merge(
        _ announcement: Announcement, of node: NodeID
    ) -> Outcome {
        if let known = nodes[node] {
            guard announcement.info.sequence > known.info.sequence else { return .stale }
        } else if nodes.count >= LinkState.maxNodes, !makeRoom() {
            return .full
        }
        nodes[node] = announcement
        return .news
    }

    package mutating func forget(_ node: NodeID) {
        nodes[node] = nil
        allowances[node] = nil
    }

    /// Of the nodes to which nobody has a link lets go of those that were heard of longest
    /// ago, many at a time: names cost nothing, and must not keep nodes out that are there.
    private mutating func makeRoom() -> Bool {
        let loose = nodes.filter { !isAttached($0.key) }
            .sorted { ($0.value.heardAt, $0.key) < ($1.value.heardAt, $1.key) }
        for node in loose.prefix(LinkState.maxNodes / 8) { forget(node.key) }
        return !loose.isEmpty
    }

    /// Drops what is too old; true when something was.
    package mutating func age(to now: Instant, keeping own: NodeID) -> Bool {
        let old = nodes.filter { $0.key != own && $0.value.heardAt + $0.value.lifetime <= now }
        for node in old.keys { forget(node) }
        return !old.isEmpty
    }

    /// Whether both ends announce the link.
    private func isVouched(_ source: NodeID, _ link: Link) -> Bool {
        nodes[link.destination]?.links.contains { $0.destination == source } ?? false
    }

    /// Links that both ends announce, as records: directed, measured by their source.
    package func linkRecords(at timestamp: Timestamp) -> [LinkRecord] {
        var records: [LinkRecord] = []
        for (source, announcement) in nodes.sorted(by: { $0.key < $1.key }) {
            for link in announcement.links where isVouched(source, link) {
                var record = LinkRecord(
                    source: source, destination: link.destination, transport: link.transport,
                    latency: link.latency, reliability: link.reliability)
                record.timestamp = timestamp
                record.address = link.address
                record.lastSeen = announcement.timestamp
                records.append(record)
            }
        }
        return records
    }

    /// Whether some link of the node is announced by both ends: a node without one has gone, and is
    /// kept only until its announcement has aged.
    private func isAttached(_ node: NodeID) -> Bool {
        nodes[node]?.links.contains { isVouched(node, $0) } ?? false
    }

    /// Every node that is attached to the mesh, and this one, as records.
    package func peerRecords(at timestamp: Timestamp, own: NodeID) -> [PeerRecord] {
        nodes.filter { $0.key == own || isAttached($0.key) }.sorted { $0.key < $1.key }.map {
            node, announcement in
            var metadata = PeerRecord.Metadata(
                discoveryMethod: .bootstrap, lastSeen: announcement.timestamp)
            metadata.name = announcement.info.name
            metadata.signed = true
            if node == own { metadata.isSelf = true }
            var record = PeerRecord(
                nodeId: node, addresses: announcement.info.addresses,
                capabilities: announcement.info.capabilities, metadata: metadata)
            record.timestamp = timestamp
            record.event = .found
            return record
        }
    }

    /// Nodes that are attached to the mesh, and the share of their ordered pairs that reach each
    /// other over links that both ends announce: the seed's mesh connectivity. 1 for a lone node.
    package var connectivity: (nodes: Int, ratio: Double) {
        var unseen = Set(nodes.keys.filter(isAttached))
        let count = unseen.count
        guard count > 1 else { return (max(1, count), 1) }
        var pairs = 0
        while let first = unseen.popFirst() {
            var part = [first]
            var next = 0
            while next < part.count {
                for link in nodes[part[next]]?.links ?? []
                where unseen.contains(link.destination) && isVouched(part[next], link) {
                    unseen.remove(link.destination)
                    part.append(link.destination)
                }
                next += 1
            }
            pairs += part.count * (part.count - 1)
        }
        return (count, Double(pairs) / Double(count * (count - 1)))
    }

    /// Share of the ordered pairs of nodes that have a link which both ends announce; 0 for a lone
    /// node.
    package var density: Double {
        guard nodes.count > 1 else { return 0 }
        let links = nodes.reduce(0) { sum, node in
            sum + Set(node.value.links.filter { isVouched(node.key, $0) }.map(\.destination)).count
        }
        return Double(links) / Double(nodes.count * (nodes.count - 1))
    }

    /// The neighbour to hand packets for each node to, seen from `own`.
    package func nextHops(from own: NodeID) -> [NodeID: NodeID] {
        var topology = Topology()
        guard let start = topology.node(own) else { return [:] }
        for (source, announcement) in nodes.sorted(by: { $0.key < $1.key }) {
            // A leaf forwards for nobody: only its own links start at it.
            guard announcement.info.role == .relay || source == own,
                let from = topology.node(source)
            else { continue }
            for link in announcement.links where isVouched(source, link) {
                guard let to = topology.node(link.destination) else { continue }
                let edge = Topology.Link(
                    source: from, target: to, transport: link.transport, latency: link.latency,
                    reliability: link.reliability)
                try? topology.add(edge)
            }
        }
        let table = NextHops(from: start, in: topology)
        var hops: [NodeID: NodeID] = [:]
        for index in 0..<Int32(topology.nodeCount) where index != start {
            guard let entry = table[index], let node = NodeID(topology.name(of: index)),
                let hop = NodeID(topology.name(of: entry.hop))
            else { continue }
            hops[node] = hop
        }
        return hops
    }
}

extension LinkState.Announcement {
    /// Reads a `linkState` payload.
    package init(
        _ payload: JSONObject, line: [UInt8], timestamp: Timestamp, heardAt: Instant
    ) throws(RecordError) {
        let fields = RecordFields(payload)
        let listed = try fields.objects("links")
        guard listed.count <= LinkState.maxLinksPerNode else {
            throw .member("links", "are more than \(LinkState.maxLinksPerNode)")
        }
        links = []
        for link in listed {
            links.append(
                LinkState.Link(
                    destination: try link.nodeID("destination"),
                    transport: try link.oneCase("transport", of: TransportType.self),
                    latency: try link.number("latency", in: 0...86_400_000),
                    reliability: try link.number("reliability", in: 0...1),
                    address: try link.optionalString("address")))
        }
        info = try NodeInfo(fields)
        self.line = line
        self.timestamp = timestamp
        self.heardAt = heardAt
    }

    /// The payload that says this.
    package static func payload(info: NodeInfo, links: [LinkState.Link]) -> JSONValue {
        var object = info.object(kind: .linkState)
        object["links"] = .array(
            links.map { link in
                var value: JSONObject = [
                    "destination": .string(link.destination.text),
                    "transport": .string(link.transport.rawValue),
                    "latency": .number((link.latency * 1000).rounded() / 1000),
                    "reliability": .number((link.reliability * 10_000).rounded() / 10_000),
                ]
                if let address = link.address { value["address"] = .string(address) }
                return .object(value)
            })
        return .object(object)
    }
}
