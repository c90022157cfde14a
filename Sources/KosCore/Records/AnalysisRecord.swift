/// What a topology is like: its parts, its weak spots, its extent.
package struct AnalysisRecord: Record, Hashable {
    package struct Central: Hashable, Sendable {
        package var nodeId: NodeID
        /// Share of the shortest paths between others that pass here, 0 … 1.
        package var betweenness: Double
        package init(nodeId: NodeID, betweenness: Double) {
            self.nodeId = nodeId
            self.betweenness = betweenness
        }
    }
    package var timestamp: Timestamp?
    package var nodes = 0
    package var links = 0
    /// Parts that no link joins, whatever its direction, and the nodes of the largest.
    package var components = 0
    package var largestComponent = 0
    /// Sets of nodes that all reach each other.
    package var strongComponents = 0
    package var reachablePairs = 0
    /// Reachable ordered pairs by all ordered pairs: the mesh connectivity.
    package var meshConnectivity = 0.0
    package var articulationPoints: [NodeID] = []
    package var bridges: [(NodeID, NodeID)] = []
    /// Hops of the longest shortest path.
    package var diameter = 0
    package var averageDegree = 0.0
    package var density = 0.0
    package var mobility = 0.0
    package var central: [Central] = []
    /// What was taken away to see what is left.
    package var without: [String] = []
    /// False when pairs, diameter or betweenness were sampled.
    package var exact = true

    package init() {}

    package static let type: StaticString = "analysis"
    package static let fields: [Field] = [
        .optional("timestamp", .time),
        .required("nodes", .integer(min: 0)),
        .required("links", .integer(min: 0)),
        .required("components", .integer(min: 0), "parts joined by no link in any direction"),
        .required("largestComponent", .integer(min: 0), "nodes"),
        .required("strongComponents", .integer(min: 0), "sets of nodes that all reach each other"),
        .required("reachablePairs", .integer(min: 0), "ordered pairs"),
        .required("meshConnectivity", .ratio, "reachable ordered pairs by all ordered pairs"),
        .required("articulationPoints", .array(.nodeID), "nodes whose loss parts the mesh"),
        .required(
            "bridges", .array(.array(.nodeID)), "pairs of nodes whose only link joins two parts"),
        .required("diameter", .integer(min: 0), "hops of the longest shortest path"),
        .required("averageDegree", .number(min: 0), "links that leave a node"),
        .required("density", .ratio, "pairs with a link by all pairs"),
        .required("mobility", .ratio, "changes by events in the input"),
        .required(
            "central",
            .array(
                .object([
                    .required("nodeId", .nodeID), .required("betweenness", .ratio),
                ])), "nodes that most shortest paths pass, in hops"),
        .optional("without", .array(.string), "what was taken away"),
        .optional("exact", .boolean, "false when pairs, diameter or betweenness were sampled"),
    ]

    package static func == (left: AnalysisRecord, right: AnalysisRecord) -> Bool {
        left.line == right.line
    }
    package func hash(into hasher: inout Hasher) { hasher.combine(line) }

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(AnalysisRecord.type)
        writer.optional("timestamp", timestamp)
        writer.field("nodes", nodes)
        writer.field("links", links)
        writer.field("components", components)
        writer.field("largestComponent", largestComponent)
        writer.field("strongComponents", strongComponents)
        writer.field("reachablePairs", reachablePairs)
        writer.field("meshConnectivity", meshConnectivity)
        writer.field("articulationPoints", articulationPoints.map(\.text))
        writer.name("bridges")
        writer.beginArray()
        for (left, right) in bridges {
            writer.beginArray()
            writer.write(left.text)
            writer.write(right.text)
            writer.endArray()
        }
        writer.endArray()
        writer.field("diameter", diameter)
        writer.field("averageDegree", averageDegree)
        writer.field("density", density)
        writer.field("mobility", mobility)
        writer.name("central")
        writer.beginArray()
        for node in central {
            writer.beginObject()
            writer.field("nodeId", node.nodeId)
            writer.field("betweenness", node.betweenness)
            writer.endObject()
        }
        writer.endArray()
        if !without.isEmpty { writer.field("without", without) }
        if !exact { writer.field("exact", false) }
        writer.endRecord()
    }
}
