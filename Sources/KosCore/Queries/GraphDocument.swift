/// A topology that came as one document: NetJSON, GraphML, DOT, d3 node-link or edge lines.
package struct GraphDocument: Sendable {
    package struct Node: Sendable {
        package var id: NodeID
        package var position: Position?
    }
    package struct Edge: Sendable {
        package var source: NodeID
        package var target: NodeID
        /// Figures; its ends are set when the edge is added to a topology.
        package var link = Topology.Link(source: -1, target: -1)
        package var isBidirectional = false
    }
    package var nodes: [Node] = []
    package var edges: [Edge] = []
    /// What could not be read, with its line.
    package var bad: [(line: Int, error: RecordError)] = []

    package init() {}

    /// Which form a text has that is no stream of records; nil for records.
    package enum Form: Sendable { case json, graphML, dot, edges }

    /// Tells the form from how a text begins (some 4 KiB of it are enough).
    package static func form(of head: [UInt8]) -> Form? {
        let text = String(decoding: head, as: UTF8.self)
        let body = text.drop { $0.isWhitespace || $0 == "\u{FEFF}" || $0 == "\u{1E}" }
        guard let first = body.first else { return nil }
        if first == "<" { return .graphML }
        if first == "{" {
            // Records stand one on a line; a document that is alone in the text may stretch.
            let line = body.prefix { !$0.isNewline }
            let octets = Array(line.utf8)
            let isWhole = line.count < body.count || head.count < 4096
            if isWhole, let object = try? JSONObject(parsing: octets.span) {
                let isGraph = object["type"] == nil && object["nodes"]?.array != nil
                return isGraph ? .json : nil
            }
            let isGraph =
                body.contains("\"nodes\"") || body.contains("\"Network")
                || line.drop { $0 == "{" || $0.isWhitespace }.isEmpty
            return isGraph ? .json : nil
        }
        let word = body.prefix { $0.isLetter }.lowercased()
        if ["graph", "digraph", "strict"].contains(word) || body.hasPrefix("//")
            || body.hasPrefix("/*")
        {
            return .dot
        }
        let line = body.prefix { !$0.isNewline }
        return line.contains("\t") || first == "#" ? .edges : nil
    }

    /// Reads a whole text of that form.
    package init(_ text: [UInt8], form: Form) throws(RecordError) {
        switch form {
        case .json:
            let object: JSONObject
            do throws(JSONError) {
                object = try JSONObject(parsing: text.span)
            } catch {
                throw RecordError(error)
            }
            if object["type"]?.string?.hasPrefix("Network") == true {
                try self.init(netJSON: object)
            } else {
                try self.init(nodeLink: object)
            }
        case .graphML: try self.init(graphML: text)
        case .dot: try self.init(dot: text)
        case .edges: self.init(edgeLines: text)
        }
    }
}

extension GraphDocument {
    /// NetJSON: NetworkGraph, NetworkRoutes or a NetworkCollection of them.
    package init(netJSON object: JSONObject) throws(RecordError) {
        self.init()
        let fields = RecordFields(object)
        switch try fields.string("type") {
        case "NetworkGraph": try addGraph(fields)
        case "NetworkRoutes": try addRoutes(fields)
        default:
            for part in try fields.objects("collection") {
                try merge(GraphDocument(netJSON: part.object))
            }
        }
    }

    /// d3's node-link form: `{"nodes":[{"id":…}],"links":[{"source":…,"target":…}]}`.
    package init(nodeLink object: JSONObject) throws(RecordError) {
        self.init()
        try addGraph(RecordFields(object))
    }

    private mutating func merge(_ other: GraphDocument) {
        nodes += other.nodes
        edges += other.edges
    }

    private mutating func addGraph(_ fields: RecordFields) throws(RecordError) {
        var known: Set<String> = []
        var names: [NodeID] = []
        for node in try fields.objects("nodes") {
            let id = try GraphDocument.id(node, "id")
            guard known.insert(id.text).inserted else {
                throw RecordError(.badRecord, "node \(id.text) stands twice")
            }
            names.append(id)
            let inner = try node.optionalObject("properties")
            nodes.append(Node(id: id, position: Position(node) ?? inner.flatMap { Position($0) }))
        }
        let isDirected = try fields.optionalBoolean("directed") ?? true
        let list = fields.any("links") != nil ? "links" : "edges"
        for link in try fields.objects(list) {
            var edge = Edge(
                source: try GraphDocument.end(link, "source", names),
                target: try GraphDocument.end(link, "target", names))
            for end in [edge.source, edge.target] where !known.contains(end.text) {
                throw RecordError(.badRecord, "a link names \(end.text), which is no node")
            }
            edge.isBidirectional = !isDirected
            try edge.read(link)
            if let inner = try link.optionalObject("properties") { try edge.read(inner) }
            edges.append(edge)
        }
    }

    private mutating func addRoutes(_ fields: RecordFields) throws(RecordError) {
        let origin = try fields.optionalNodeID("router_id") ?? NodeID("localhost")
        for route in try fields.objects("routes") {
            let target = try GraphDocument.id(route, "destination")
            let hop = try route.optionalNodeID("next") ?? target
            let source = try route.optionalNodeID("source") ?? origin
            guard let source, source != hop else { continue }
            var edge = Edge(source: source, target: hop)
            if hop == target { try edge.read(route) }
            edges.append(edge)
            guard hop != target else { continue }
            var rest = Edge(source: hop, target: target)
            try rest.read(route)
            edges.append(rest)
        }
    }

    private static func id(
        _ fields: RecordFields, _ name: String
    ) throws(RecordError) -> NodeID {
        if let number = fields.any(name)?.number, let id = NodeID(JSONValue.number(number).text) {
            return id
        }
        return try fields.nodeID(name)
    }

    /// An end of a link: an id, or in old d3 files the node's place in the list.
    private static func end(
        _ fields: RecordFields, _ name: String, _ names: [NodeID]
    ) throws(RecordError) -> NodeID {
        let id = try id(fields, name)
        if let place = fields.any(name)?.integer, !names.contains(id), names.indices.contains(place)
        {
            return names[place]
        }
        return id
    }
}

extension GraphDocument.Edge {
    /// Takes the figures that `fields` has, under our names and NetJSON's.
    mutating func read(_ fields: RecordFields) throws(RecordError) {
        let known = 0...Double.greatestFiniteMagnitude
        if let value = try fields.optionalNumber("cost", in: known) { link.cost = value }
        if let value = try fields.optionalNumber("weight", in: known), link.cost == nil {
            link.cost = value
        }
        if let value = try fields.optionalNumber("latency", in: known) { link.latency = value }
        if let value = try fields.optionalNumber("reliability", in: 0...1) {
            link.reliability = value
        }
        if let value = try fields.optionalNumber("bandwidth", in: known) { link.bandwidth = value }
        if let value = try fields.optionalCase("transport", of: TransportType.self) {
            link.transport = value
        }
        if let value = try fields.optionalBoolean("bidirectional") { isBidirectional = value }
        if let value = try fields.optionalString("address") { link.address = value }
    }
}
