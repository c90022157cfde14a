/// Counters of one link, or of the whole relay when `peer` is nil: the seed's ConnectionMetrics.
package struct MetricsRecord: Record, Hashable {
    package var timestamp: Timestamp
    package var nodeId: NodeID
    package var peer: String?
    package var transport: TransportType?
    package var address: String?
    package var bytesReceived = 0
    package var bytesSent = 0
    package var packetsReceived = 0
    package var packetsSent = 0
    package var errors = 0
    package var lastActivity: Timestamp
    package var intervalMs: Int?
    package var rttMs: Double?
    package var lossRatio: Double?
    /// Both ways, between the last two heartbeats.
    package var throughputBps: Double?
    package var discoveryMs: Double?
    package var availability: Double?
    package var nodes: Int?
    package var connectivity: Double?
    /// Drops by reason.
    package var dropped: [String: Int] = [:]
    package var queueLength = 0
    /// Packets in custody; nil where none are kept.
    package var held: Int?
    /// The routing protocol's figures; nil for a link.
    package var routing: RoutingFigures?

    package init(timestamp: Timestamp, nodeId: NodeID) {
        self.timestamp = timestamp
        self.nodeId = nodeId
        lastActivity = timestamp
    }

    package static let type: StaticString = "metrics"
    package static let fields: [Field] = [
        .required("timestamp", .time),
        .required("nodeId", .nodeID),
        .optional("peer", .string, "the neighbour; absent for the relay as a whole"),
        .optional("transport", .oneOf(TransportType.allCases.map(\.rawValue))),
        .optional("address", .string, "URI of the neighbour"),
        .required("bytesReceived", .integer(min: 0)),
        .required("bytesSent", .integer(min: 0)),
        .required("packetsReceived", .integer(min: 0)),
        .required("packetsSent", .integer(min: 0)),
        .required("errors", .integer(min: 0)),
        .required("lastActivity", .time),
        .optional("intervalMs", .integer(min: 0), "ms since the record before"),
        .optional("rttMs", .number(min: 0), "smoothed round-trip time, ms"),
        .optional("lossRatio", .ratio, "share of heartbeats lost"),
        .optional("throughputBps", .number(min: 0), "both ways, between the last two heartbeats"),
        .optional("discoveryMs", .number(min: 0), "until there was a way to it, ms"),
        .optional("availability", .ratio, "share of the time in which it was linked"),
        .optional("nodes", .integer(min: 0), "nodes in the mesh; of the whole only"),
        .optional("connectivity", .ratio, "share of node pairs that reach each other"),
        .optional("dropped", .map(.integer(min: 0)), "packets dropped, by reason"),
        .optional("queueLength", .integer(min: 0), "octets waiting to be written"),
        .optional("held", .integer(min: 0), "packets kept for nodes that are away"),
        .optional("routing", .object(RoutingFigures.fields), "the routing protocol's figures"),
    ]

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(MetricsRecord.type)
        writer.field("timestamp", timestamp)
        writer.field("nodeId", nodeId)
        writer.optional("peer", peer)
        writer.optional("transport", transport?.rawValue)
        writer.optional("address", address)
        writer.field("bytesReceived", bytesReceived)
        writer.field("bytesSent", bytesSent)
        writer.field("packetsReceived", packetsReceived)
        writer.field("packetsSent", packetsSent)
        writer.field("errors", errors)
        writer.field("lastActivity", lastActivity)
        writer.optional("intervalMs", intervalMs)
        writer.optional("rttMs", rttMs)
        writer.optional("lossRatio", lossRatio)
        writer.optional("throughputBps", throughputBps)
        writer.optional("discoveryMs", discoveryMs)
        writer.optional("availability", availability)
        writer.optional("nodes", nodes)
        writer.optional("connectivity", connectivity)
        writer.name("dropped")
        writer.beginObject()
        for (reason, count) in dropped.sorted(by: { $0.key < $1.key }) {
            writer.name(dynamic: reason)
            writer.write(count)
        }
        writer.endObject()
        writer.field("queueLength", queueLength)
        writer.optional("held", held)
        if let routing {
            writer.name("routing")
            routing.write(to: &writer)
        }
        writer.endRecord()
    }
}
