/// Records in, topology out: what `kos-route` makes of the lines on its input.
package struct Survey: Sendable {
    package enum Verdict: Sendable {
        /// The line was a peer or a link and is part of the topology now.
        case consumed
        /// Somebody else's record: to be passed on as it is.
        case foreign
        case bad(RecordError)
    }

    package private(set) var topology = Topology()
    /// The node that made the records, where a peer record says so.
    package private(set) var origin: Int32?
    /// Source of the first link.
    package private(set) var firstSource: Int32?
    package private(set) var peerCount = 0
    package private(set) var linkLines = 0
    /// Nodes and links that changed in the course of the input, for the traffic analyser.
    package private(set) var traffic = TrafficAnalyser()
    /// Whether somebody follows every change, who takes a departed node's links down himself.
    package var isLive = false
    private var departed: Int32?
    private var scan = LinkScan()
    private var reader = JSONReader()

    /// The types of records that tell of a topology.
    package static let types: [StaticString] = [
        "link", "peer", "NetworkGraph", "NetworkRoutes", "NetworkCollection",
    ]

    package init() {}
    package init(_ topology: Topology) { self.topology = topology }

    /// Takes the line at `range` of `text`.
    @inline(__always)
    package mutating func take(_ text: borrowing Span<UInt8>, _ range: Range<Int>) -> Verdict {
        if scan.scan(text, range) == .link, !scan.members.contains(.address) {
            return takeScanned(text)
        }
        return takeAny(text.extracting(range))
    }

    /// Takes plain link lines from `start` on, until one is out of the ordinary or not whole;
    /// returns how many there were and the offset behind them.
    package mutating func takeRun(
        _ text: borrowing Span<UInt8>, from start: Int
    ) -> (lines: Int, end: Int) {
        var at = start
        var lines = 0
        while at < text.count {
            guard let end = scan.scanLine(text, from: at), !scan.members.contains(.address),
                case .consumed = takeScanned(text)
            else { break }
            lines += 1
            at = end
        }
        return (lines, at)
    }

    /// Makes the nodes' indices run in the order in which a search meets them, which makes searches
    /// faster; to be called once, after the last line. Nodes handed out before get other indices.
    package mutating func settle() {
        let order = topology.renumber()
        guard !order.isEmpty else { return }
        origin = origin.map { order[Int($0)] }
        firstSource = firstSource.map { order[Int($0)] }
    }

    // MARK: Links

    @inline(__always)
    private mutating func takeScanned(_ text: borrowing Span<UInt8>) -> Verdict {
        guard let source = topology.names.intern(text, scan.source),
            let target = topology.names.intern(text, scan.destination)
        else {
            return .bad(.member("source or destination", "is not a node id"))
        }
        guard source != target else { return .bad(Survey.refused(.selfLoop)) }
        guard topology.linkCount < Topology.maxLinks - 1 else { return .bad(Survey.refused(.full)) }
        if linkLines == 0 { firstSource = firstSource ?? source }
        linkLines += 1
        topology.append(scan, from: source, to: target)
        if scan.members.contains(.event) { traffic.note(scan.event) }
        if scan.members.contains(.bidirectional), scan.isBidirectional {
            topology.append(scan, from: target, to: source)
        }
        return .consumed
    }

    private static func refused(_ refusal: Topology.Refusal) -> RecordError {
        RecordError(.badRecord, refusal.rawValue)
    }

    private mutating func takeAny(_ line: borrowing Span<UInt8>) -> Verdict {
        do throws(RecordError) {
            let head = try RecordHead(line, using: &reader)
            switch head.type {
            case "link", "peer":
                if let version = head.version, version > Version.records {
                    throw RecordError(.unsupportedFormat, "kos \(version) is newer than this tool")
                }
                let fields = try RecordFields(parsing: line)
                if head.type == "peer" { try take(peer: fields) } else { try take(link: fields) }
                return .consumed
            case "NetworkGraph", "NetworkRoutes", "NetworkCollection":
                let object = try RecordFields(parsing: line).object
                try take(GraphDocument(netJSON: object))
                return .consumed
            case nil:
                let object = try RecordFields(parsing: line).object
                let isGraph = object["nodes"]?.array != nil
                guard isGraph, object["links"]?.array != nil || object["edges"]?.array != nil else {
                    return .foreign
                }
                try take(GraphDocument(nodeLink: object))
                return .consumed
            default:
                return .foreign
            }
        } catch {
            return .bad(error)
        }
    }

    private mutating func take(link fields: RecordFields) throws(RecordError) {
        let source = try fields.nodeID("source")
        let destination = try fields.nodeID("destination")
        let known = 0...Double.greatestFiniteMagnitude
        guard let from = topology.node(source), let to = topology.node(destination) else {
            throw Survey.refused(.full)
        }
        var link = Topology.Link(source: from, target: to)
        link.transport = try fields.optionalCase("transport", of: TransportType.self) ?? .udp
        link.latency = try fields.optionalNumber("latency", in: known) ?? 0
        link.reliability = try fields.optionalNumber("reliability", in: 0...1) ?? 1
        link.bandwidth = try fields.optionalNumber("bandwidth", in: known)
        link.cost = try fields.optionalNumber("cost", in: known)
        let seen = try fields.optionalTime("lastSeen")
        let made = try fields.optionalTime("timestamp")
        link.time = (seen ?? made)?.milliseconds
        link.observations = try fields.optionalInteger("observations", in: 0...Int(Int32.max))
        link.address = try fields.optionalString("address")
        let event = try fields.optionalCase("event", of: LinkRecord.Event.self)
        let isBidirectional = try fields.optionalBoolean("bidirectional") ?? false
        try add(link, isDown: event == .down)
        if firstSource == nil { firstSource = from }
        linkLines += 1
        if let event { traffic.note(event) }
        guard isBidirectional else { return }
        swap(&link.source, &link.target)
        link.address = nil
        try add(link, isDown: event == .down)
    }

    private mutating func add(_ link: Topology.Link, isDown: Bool) throws(RecordError) {
        do throws(Topology.Refusal) {
            try topology.add(link, isDown: isDown)
        } catch {
            throw Survey.refused(error)
        }
    }

    // MARK: Peers and documents

    private mutating func take(peer fields: RecordFields) throws(RecordError) {
        let name = try fields.nodeID("nodeId")
        guard let node = topology.node(name) else { throw Survey.refused(.full) }
        var addresses: [PeerAddress] = []
        for address in try fields.objects("addresses") {
            addresses.append(try PeerAddress(address))
        }
        let event = try fields.optionalCase("event", of: PeerRecord.Event.self)
        let metadata = try fields.optionalObject("metadata")
        peerCount += 1
        traffic.note(event)
        let isSelf = try metadata?.optionalBoolean("self")
        let isBareSelf = try fields.optionalBoolean("self")
        if isSelf ?? isBareSelf ?? false { origin = node }
        if event == .left {
            topology.peerAddresses[node] = nil
            if isLive { departed = node } else { topology.remove(node: node) }
        } else {
            if !addresses.isEmpty { topology.peerAddresses[node] = addresses }
            if let alias = try metadata?.optionalString("name"), alias != name.text {
                topology.aliases[alias, default: []].insert(name.text)
            }
            if let position = Position(fields) ?? metadata.flatMap({ Position($0) }) {
                topology.positions[node] = position
            }
        }
    }

    /// The node of that name, added when it is new; nil when it is no node id.
    package mutating func node(named name: String) -> Int32? {
        NodeID(name).flatMap { topology.node($0) }
    }

    /// Puts the link line at `place` where an older line of the same link stands, and takes it from
    /// its own place; false when it is older than that line and was only taken away.
    mutating func replaceLink(_ known: Int32, by place: Int32) -> Bool {
        topology.replace(known, by: place)
    }

    /// Marks a link line as one whose link went down.
    mutating func takeDown(_ place: Int32) { topology.takeDown(place) }

    /// The node that left since the last call.
    mutating func takeDeparture() -> Int32? {
        defer { departed = nil }
        return departed
    }

    /// Adds the nodes and links of a whole document.
    package mutating func take(_ document: GraphDocument) throws(RecordError) {
        for node in document.nodes {
            guard let index = topology.node(node.id) else { throw Survey.refused(.full) }
            if let position = node.position { topology.positions[index] = position }
        }
        for edge in document.edges {
            guard let from = topology.node(edge.source), let to = topology.node(edge.target) else {
                throw Survey.refused(.full)
            }
            var link = edge.link
            (link.source, link.target) = (from, to)
            try add(link, isDown: false)
            if firstSource == nil { firstSource = from }
            linkLines += 1
            guard edge.isBidirectional else { continue }
            (link.source, link.target) = (to, from)
            try add(link, isDown: false)
        }
    }

    /// Where peers are known and no link is: each peer with an address is one step from the origin.
    package mutating func implyLinks() {
        guard let origin, linkLines == 0 else { return }
        for (node, addresses) in topology.peerAddresses.sorted(by: { $0.key < $1.key })
        where node != origin {
            guard let first = addresses.first else { continue }
            var link = Topology.Link(source: origin, target: node, transport: first.type)
            link.address = first.uri
            try? topology.add(link)
        }
    }
}

extension Position {
    /// `position: {x, y}` or `{latitude, longitude}`, or the same names beside the others.
    init?(_ fields: RecordFields) {
        let place = (try? fields.optionalObject("position")).flatMap { $0 } ?? fields
        func number(_ names: [String]) -> Double? {
            for name in names { if let value = place.any(name)?.number { return value } }
            return nil
        }
        if let x = number(["x"]), let y = number(["y"]) {
            self.init(kind: .plane, x: x, y: y)
        } else if let y = number(["latitude", "lat"]), let x = number(["longitude", "lon", "lng"]),
            abs(y) <= 90, abs(x) <= 360
        {
            self.init(kind: .earth, x: x, y: y)
        } else {
            return nil
        }
    }
}
