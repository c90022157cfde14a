package import KosCore

/// An end of a hop: where a node sends from and listens.
package struct HopEnd: Hashable, Sendable {
    package let address: FrameAddress
    package let port: UInt16
    package let transport: TransportType
}

/// One packet seen on its way between two neighbours.
package struct HopSighting: Sendable {
    package var from: HopEnd
    package var to: HopEnd
    package var time: Int64
    package var lengthBytes: Int
    /// Which of several captures saw it.
    package var capture = 0

    package init(_ frame: CapturedFrame, _ transport: TransportType) {
        from = HopEnd(
            address: frame.source, port: frame.sourcePort, transport: transport)
        to = HopEnd(
            address: frame.destination, port: frame.destinationPort, transport: transport)
        time = frame.time ?? 0
        lengthBytes = frame.lengthBytes
        capture = frame.capture
    }
}

/// What a capture tells of a mesh: which node sits where, who sends to whom, and what became of
/// each packet.
///
/// The last element of a packet's route is the node that sent the frame; where that frame came
/// from is therefore that node's place, and where it went becomes a node as soon as it sends
/// something itself.
package struct MeshView: Sendable {
    package static let maxNodes = 65_536
    package static let maxEnds = 131_072
    package static let maxTracks = 65_536
    package static let maxLinks = 1_048_576

    /// What is known of one node.
    package struct Node: Sendable {
        package let name: String
        package var firstSeen: Int64 = 0
        package var lastSeen: Int64 = 0
        package var packetsSent = 0
        package var packetsReceived = 0
        package var bytesSent = 0
        package var bytesReceived = 0
        package var forwarded = 0
        package var dropped = 0
        package var ends: [HopEnd] = []
        /// When it sent something itself.
        package internal(set) var presence = Presence()
        /// What it says of itself: the payload of its latest `nodeInfo` or `linkState`.
        package internal(set) var announcement: JSONObject?
        var sequence = -1
        var announcedLinks: [String: JSONObject] = [:]
    }

    /// What is known of one directed link.
    package struct Link: Sendable {
        package let source: Int
        package let destination: Int
        package var transport: TransportType
        /// Packets seen on this hop, and packets whose route says that they crossed it.
        package var observations = 0
        package var pathObservations = 0
        package var firstSeen: Int64 = 0
        package var lastSeen: Int64 = 0
        package var bytes = 0
        package var latency = Histogram()
        package var passed = 0
        package var lost = 0
        package var address: HopEnd?
        /// As an announcement says it.
        package var announced: JSONObject?
    }

    /// One packet on its way.
    struct Track: Sendable {
        var source: Int
        var destination: Int?
        var sightings: [HopSighting] = []
        var copies = 0
        var receipt: Int64?
        var isRefused = false
    }

    struct Pair: Hashable, Sendable {
        let source: Int
        let destination: Int
    }

    package private(set) var nodes: [Node] = []
    package internal(set) var links: [Link] = []
    private var numbers: [String: Int] = [:]
    private var places: [HopEnd: Int] = [:]
    var linkNumbers: [Pair: Int] = [:]
    private var young: [String: Track] = [:]
    private var old: [String: Track] = [:]

    /// Packets told apart by id, without control traffic between neighbours.
    package internal(set) var delivered = 0
    package internal(set) var lost = 0
    package private(set) var duplicates = 0
    package private(set) var messages = 0
    /// From the first sighting to the last hop's.
    package internal(set) var latency = Histogram()
    /// From a packet to its receipt.
    package internal(set) var receiptTime = Histogram()
    /// RFC 3550 §6.4.1, of the transit times between the first and the last sighting.
    package internal(set) var jitter = 0.0
    var lastTransit: Int64?
    /// Nodes or ends not taken up because there were too many.
    package private(set) var refused = 0

    package init() {}

    /// Number of the node called `name`; nil when there are too many.
    package mutating func node(_ name: String, at time: Int64) -> Int? {
        if let number = numbers[name] {
            nodes[number].lastSeen = max(nodes[number].lastSeen, time)
            return number
        }
        guard nodes.count < MeshView.maxNodes, NodeID(name) != nil else {
            refused += 1
            return nil
        }
        numbers[name] = nodes.count
        nodes.append(Node(name: name, firstSeen: time, lastSeen: time))
        return nodes.count - 1
    }

    /// The node that sits at `end`, as far as is known by now.
    package func node(at end: HopEnd) -> Int? { places[end] }

    /// Takes up one packet seen on a hop; `octets` are the packet's.
    package mutating func add(
        _ head: PacketHead, _ sighting: HopSighting, _ octets: borrowing Span<UInt8>
    ) {
        guard let source = node(head.source, at: sighting.time) else { return }
        if head.control == "nodeInfo" || head.control == "linkState" {
            announce(head, octets, of: source)
        }
        // An announcement is passed on as it came: its route does not say who sent this frame.
        if head.control != "linkState" {
            if let name = head.sender, let sender = node(name, at: sighting.time) {
                settle(sender, at: sighting.from)
                nodes[sender].packetsSent += 1
                nodes[sender].presence.note(sighting.time)
                nodes[sender].bytesSent += sighting.lengthBytes
            }
            if let name = head.receiver, let receiver = node(name, at: sighting.time),
                places[sighting.to] == nil
            {
                settle(receiver, at: sighting.to)
            }
            notePath(head.travelled, sighting)
        }
        if !head.ref.isEmpty { noteAnswer(head, at: sighting.time) }
        follow(head, source, sighting)
    }

    private mutating func announce(
        _ head: PacketHead, _ octets: borrowing Span<UInt8>, of source: Int
    ) {
        guard let payload = try? JSONObject(parsing: octets.extracting(head.payload)) else {
            return
        }
        let sequence = payload["sequence"]?.integer ?? 0
        guard sequence >= nodes[source].sequence else { return }
        nodes[source].sequence = sequence
        nodes[source].announcement = payload
        guard let listed = payload["links"]?.array else { return }
        var links: [String: JSONObject] = [:]
        for link in listed.prefix(LinkState.maxLinksPerNode) {
            guard let object = link.object, let name = object["destination"]?.string else {
                continue
            }
            links[name] = object
        }
        nodes[source].announcedLinks = links
        nodes[source].announcement?["links"] = nil
    }

    private mutating func settle(_ sender: Int, at end: HopEnd) {
        guard places[end] != sender, !end.address.isGroup else { return }
        guard places.count < MeshView.maxEnds else {
            refused += 1
            return
        }
        places[end] = sender
        if nodes[sender].ends.count < 16 { nodes[sender].ends.append(end) }
    }

    /// A route that was travelled names links that this capture need not have seen.
    private mutating func notePath(_ route: ArraySlice<String>, _ sighting: HopSighting) {
        guard route.count >= 2 else { return }
        for (one, two) in zip(route, route.dropFirst()) {
            guard let from = node(one, at: sighting.time), let to = node(two, at: sighting.time),
                from != to
            else { return }
            guard let number = link(from, to, sighting.from.transport, at: sighting.time) else {
                return
            }
            links[number].lastSeen = max(links[number].lastSeen, sighting.time)
            links[number].pathObservations += 1
        }
    }

    /// Takes up a link that a routing protocol tells of, with the share of packets heard on it.
    package mutating func observe(
        _ source: String, _ destination: String, _ quality: Double?, at time: Int64
    ) {
        guard source != destination, let from = node(source, at: time),
            let to = node(destination, at: time), let number = link(from, to, .udp, at: time)
        else { return }
        links[number].pathObservations += 1
        links[number].lastSeen = max(links[number].lastSeen, time)
        if let quality { links[number].announced = ["reliability": .number(quality)] }
    }

    mutating func link(
        _ from: Int, _ to: Int, _ transport: TransportType, at time: Int64
    ) -> Int? {
        let pair = Pair(source: from, destination: to)
        if let number = linkNumbers[pair] { return number }
        guard links.count < MeshView.maxLinks else {
            refused += 1
            return nil
        }
        linkNumbers[pair] = links.count
        links.append(
            Link(
                source: from, destination: to, transport: transport, firstSeen: time, lastSeen: time
            ))
        return links.count - 1
    }

    /// A receipt, or word that the packet ended elsewhere.
    private mutating func noteAnswer(_ head: PacketHead, at time: Int64) {
        let isFailure =
            head.control == "ttlExceeded" || head.control == "destinationUnreachable"
            || head.control == "routingError"
        for generation in [\MeshView.young, \MeshView.old] {
            guard var track = self[keyPath: generation].removeValue(forKey: head.ref) else {
                continue
            }
            if isFailure { track.isRefused = true } else { track.receipt = track.receipt ?? time }
            self[keyPath: generation][head.ref] = track
        }
    }

    private mutating func follow(_ head: PacketHead, _ source: Int, _ sighting: HopSighting) {
        if young.count >= MeshView.maxTracks / 2 {
            for track in old.values.sorted(by: MeshView.isEarlier) { finish(track) }
            old = young
            young = [:]
        }
        var track: Track
        if let known = young.removeValue(forKey: head.id) ?? old.removeValue(forKey: head.id) {
            track = known
        } else {
            // What goes to all, and what neighbours tell each other, has no end to be followed to.
            let isFollowed =
                head.destination != "*" && head.kind != "routing"
                && head.kind != "heartbeat" && head.kind != "discovery" && head.kind != "control"
            track = Track(
                source: source,
                destination: isFollowed ? node(head.destination, at: sighting.time) : nil)
            if track.destination != nil { messages += 1 }
        }
        let same = track.sightings.first { $0.from == sighting.from && $0.to == sighting.to }
        if let same {
            // Both ends of a hop may have been captured.
            if same.capture == sighting.capture {
                duplicates += 1
                track.copies += 1
            }
        } else if track.sightings.count < 64 {
            track.sightings.append(sighting)
        }
        young[head.id] = track
    }

    private static func isEarlier(_ left: Track, _ right: Track) -> Bool {
        (left.sightings.first?.time ?? 0) < (right.sightings.first?.time ?? 0)
    }

    /// Judges every packet that is still on its way; call once, at the end.
    package mutating func finish() {
        let tracks = Array(old.values) + Array(young.values)
        old = [:]
        young = [:]
        // Tracks are large: their places are sorted.
        let times = tracks.map { $0.sightings.first?.time ?? 0 }
        for place in tracks.indices.sorted(by: { times[$0] < times[$1] }) {
            finish(tracks[place])
        }
        addAnnouncedLinks()
    }

    func number(of name: String) -> Int? { numbers[name] }

    mutating func update(_ node: Int, _ body: (inout Node) -> Void) {
        guard node >= 0, node < nodes.count else { return }
        body(&nodes[node])
    }
}
