/// Writes a topology as one document; links on a route are marked in it.
package struct GraphText: Sendable {
    private let topology: Topology
    private let graph: Graph
    private let metric: Metric
    private let marked: Set<Int32>

    /// `marked` are link lines that lie on an answer.
    package init(_ topology: Topology, metric: Metric, marked: Set<Int32> = []) {
        self.topology = topology
        self.metric = metric
        self.marked = marked
        graph = Graph(topology)
    }

    package func text(_ format: GraphFormat) -> [UInt8] {
        switch format {
        case .netjson: netJSON()
        case .dot: dot()
        case .graphml: graphML()
        case .geojson: geoJSON()
        }
    }

    private func forEachLink(_ body: (Int32, Topology.Link) -> Void) {
        for node in 0..<Int32(graph.nodeCount) {
            for slot in graph.row(node) {
                body(graph.links[slot], topology.link(graph.links[slot]))
            }
        }
    }

    // MARK: NetJSON

    private func netJSON() -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("type", "NetworkGraph")
        writer.field("protocol", "kos")
        writer.field("version", Version.toolkit)
        writer.field("metric", metric.rawValue)
        writer.name("nodes")
        writer.beginArray()
        for node in 0..<Int32(topology.nodeCount) {
            writer.beginObject()
            writer.field("id", topology.name(of: node))
            if let addresses = topology.peerAddresses[node] {
                var own: [String] = []
                for each in addresses where !own.contains(each.address) { own.append(each.address) }
                writer.field("local_addresses", own)
            }
            if let position = topology.positions[node] {
                writer.name("properties")
                writer.beginObject()
                writer.name(dynamic: position.kind == .earth ? "longitude" : "x")
                writer.write(position.x)
                writer.name(dynamic: position.kind == .earth ? "latitude" : "y")
                writer.write(position.y)
                writer.endObject()
            }
            writer.endObject()
        }
        writer.endArray()
        writer.name("links")
        writer.beginArray()
        forEachLink { place, link in write(link, place, to: &writer) }
        writer.endArray()
        writer.endObject()
        writer.newline()
        return writer.bytes
    }

    private func write(_ link: Topology.Link, _ place: Int32, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("source", topology.name(of: link.source))
        writer.field("target", topology.name(of: link.target))
        writer.field("cost", link.cost ?? topology.weight(place, by: metric))
        writer.name("properties")
        writer.beginObject()
        writer.field("transport", link.transport.rawValue)
        writer.field("latency", link.latency)
        writer.field("reliability", link.reliability)
        writer.nullable("bandwidth", link.bandwidth)
        if marked.contains(place) { writer.field("route", true) }
        writer.endObject()
        writer.endObject()
    }

    // MARK: DOT

    private func dot() -> [UInt8] {
        var text = "digraph kos {\n"
        for node in 0..<Int32(topology.nodeCount) { text += "  \(quoted(node));\n" }
        forEachLink { place, link in
            text += "  \(quoted(link.source)) -> \(quoted(link.target)) ["
            text += "label=\"\(number(link.latency)) ms\", latency=\(number(link.latency)), "
            text += "reliability=\(number(link.reliability)), "
            if let bandwidth = link.bandwidth { text += "bandwidth=\(number(bandwidth)), " }
            if let cost = link.cost { text += "cost=\(number(cost)), " }
            text += "transport=\(link.transport.rawValue)"
            if marked.contains(place) { text += ", color=red, penwidth=2" }
            text += "];\n"
        }
        return Array((text + "}\n").utf8)
    }

    private func quoted(_ node: Int32) -> String {
        var text = "\""
        for character in topology.name(of: node) {
            if character == "\"" { text += "\\" }
            text.append(character)
        }
        return text + "\""
    }

    private func number(_ value: Double) -> String { JSONValue.number(value).text }

    // MARK: GraphML

    private func graphML() -> [UInt8] {
        var text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <graphml xmlns="http://graphml.graphdrawing.org/xmlns">

            """
        for name in ["x", "y", "latitude", "longitude"] { text += key(name, "node", "double") }
        for name in ["latency", "reliability", "bandwidth", "cost"] {
            text += key(name, "edge", "double")
        }
        text += key("transport", "edge", "string") + key("route", "edge", "boolean")
        text += "<graph id=\"kos\" edgedefault=\"directed\">\n"
        for node in 0..<Int32(topology.nodeCount) {
            text += "<node id=\"\(escaped(node))\">"
            if let position = topology.positions[node] {
                let isEarth = position.kind == .earth
                text += data(isEarth ? "longitude" : "x", number(position.x))
                text += data(isEarth ? "latitude" : "y", number(position.y))
            }
            text += "</node>\n"
        }
        forEachLink { place, link in
            text += "<edge source=\"\(escaped(link.source))\" target=\"\(escaped(link.target))\">"
            text += data("latency", number(link.latency))
            text += data("reliability", number(link.reliability))
            if let bandwidth = link.bandwidth { text += data("bandwidth", number(bandwidth)) }
            if let cost = link.cost { text += data("cost", number(cost)) }
            text += data("transport", link.transport.rawValue)
            if marked.contains(place) { text += data("route", "true") }
            text += "</edge>\n"
        }
        return Array((text + "</graph>\n</graphml>\n").utf8)
    }

    private func key(_ name: String, _ owner: String, _ type: String) -> String {
        "<key id=\"\(name)\" for=\"\(owner)\" attr.name=\"\(name)\" attr.type=\"\(type)\"/>\n"
    }

    private func data(_ key: String, _ value: String) -> String {
        "<data key=\"\(key)\">\(value)</data>"
    }

    private func escaped(_ node: Int32) -> String {
        var text = ""
        for character in topology.name(of: node) {
            switch character {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            default: text.append(character)
            }
        }
        return text
    }

    // MARK: GeoJSON

    /// RFC 7946: points for nodes that have a place on the Earth, lines for links between such
    /// nodes.
    private func geoJSON() -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("type", "FeatureCollection")
        writer.name("features")
        writer.beginArray()
        for node in 0..<Int32(topology.nodeCount) {
            guard let place = earth(node) else { continue }
            writer.beginObject()
            writer.field("type", "Feature")
            writer.field("geometry", .object(["type": .string("Point"), "coordinates": place]))
            writer.field("properties", .object(["nodeId": .string(topology.name(of: node))]))
            writer.endObject()
        }
        forEachLink { place, link in
            guard let from = earth(link.source), let to = earth(link.target) else { return }
            writer.beginObject()
            writer.field("type", "Feature")
            writer.field(
                "geometry",
                .object([
                    "type": .string("LineString"), "coordinates": .array([from, to]),
                ]))
            writer.field(
                "properties",
                .object([
                    "source": .string(topology.name(of: link.source)),
                    "destination": .string(topology.name(of: link.target)),
                    "transport": .string(link.transport.rawValue), "latency": .number(link.latency),
                    "reliability": .number(link.reliability),
                    "route": .boolean(marked.contains(place)),
                ]))
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        writer.newline()
        return writer.bytes
    }

    private func earth(_ node: Int32) -> JSONValue? {
        guard let position = topology.positions[node], position.kind == .earth else { return nil }
        return .array([.number(position.x), .number(position.y)])
    }
}
