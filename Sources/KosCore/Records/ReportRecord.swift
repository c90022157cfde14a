/// Figures over a capture, one of its flows, nodes, links or intervals.
package struct ReportRecord: Record, Hashable {
    package enum Scope: String, Hashable, Sendable, CaseIterable {
        case total, flow, node, link, interval, hop
    }
    package var timestamp: Timestamp?
    package var scope: Scope
    package var packets: Int
    package var bytes: Int
    package var durationMs: Double
    /// What else the scope has, in the order in which it is written.
    package var figures: JSONObject
    /// What the figures are of; written behind the scope.
    package var subject: JSONObject

    package init(
        scope: Scope, timestamp: Timestamp?, subject: JSONObject, packets: Int, bytes: Int,
        durationMs: Double, figures: JSONObject
    ) {
        self.scope = scope
        self.timestamp = timestamp
        self.subject = subject
        self.packets = packets
        self.bytes = bytes
        self.durationMs = durationMs
        self.figures = figures
    }

    private static let percentiles = Field.Kind.object([
        .required("min", .number(min: 0)), .required("p50", .number(min: 0)),
        .required("p95", .number(min: 0)), .required("p99", .number(min: 0)),
        .required("max", .number(min: 0)),
    ])

    package static let type: StaticString = "report"
    package static let fields: [Field] = [
        .optional("timestamp", .time, "the scope's last packet"),
        .required("scope", .oneOf(Scope.allCases.map(\.rawValue))),
        .optional("file", .string, "total: the capture"),
        .optional("nodeId", .nodeID, "node: a node of the mesh"),
        .optional("address", .string, "node: an address where no node of the mesh is known"),
        .optional("flowId", .string),
        .optional("protocol", .string),
        .optional("source", .string, "flow: who opened it; link: a node; hop: a capture"),
        .optional("destination", .string),
        .optional("sourcePort", .integer(min: 0, max: 65535)),
        .optional("destinationPort", .integer(min: 0, max: 65535)),
        .optional("start", .time, "interval: its beginning"),
        .required("packets", .integer(min: 0), "frames"),
        .required("bytes", .integer(min: 0), "on the wire"),
        .required("durationMs", .number(min: 0), "from the first packet to the last"),
        .optional("messages", .integer(min: 0), "kOS packets told apart by id"),
        .optional("delivered", .integer(min: 0), "messages that reached their destination"),
        .optional("lost", .integer(min: 0), "messages that a node took and did not pass on"),
        .optional("lossRatio", .ratio, "lost / (delivered + lost)"),
        .optional("duplicates", .integer(min: 0), "messages seen again on the same hop"),
        .optional("forwarded", .integer(min: 0)),
        .optional("dropped", .integer(min: 0)),
        .optional("latencyMs", percentiles, "first sighting to last hop"),
        .optional("receiptMs", percentiles, "message to receipt: the round trip"),
        .optional("jitterMs", .number(min: 0), "RFC 3550, of the latency"),
        .optional("throughputBps", .number(min: 0), "bit/s"),
        .optional("routeDiscoveryMs", percentiles, "route request to reply"),
        .optional("availability", .ratio, "share of the time in which it was heard"),
        .optional("connectivity", .ratio, "share of ordered node pairs that have a path"),
        .optional("lastAnswer", .time, "node: when it was last heard, where it fell silent"),
        .optional("signatures", .map(.integer(min: 0)), "packets: ok, bad, unknown, missing"),
        .optional("isLive", .boolean, "flow: it has not ended yet (--every)"),
        .optional("nodes", .integer(min: 0)),
        .optional("links", .integer(min: 0)),
        .optional("flows", .integer(min: 0)),
        .optional("evicted", .any, "flows put out early for want of room; on a flow: true"),
        .optional("tcp", .map(.any), "connections, retransmissions, handshakeMs, rttMs"),
        .optional("dns", .map(.any), "queries, answers, latencyMs"),
        .optional("protocols", .map(.integer(min: 0)), "frames by innermost protocol"),
        .optional("rttMs", .number(min: 0), "flow: mean round trip"),
        .optional("handshakeMs", .number(min: 0), "flow: SYN to SYN-ACK"),
        .optional("retransmissions", .integer(min: 0)),
        .optional("reliability", .ratio, "link: share of packets seen to go on"),
    ]

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(ReportRecord.type)
        writer.optional("timestamp", timestamp)
        writer.field("scope", scope.rawValue)
        ReportRecord.write(subject, to: &writer)
        writer.field("packets", packets)
        writer.field("bytes", bytes)
        writer.field("durationMs", durationMs)
        ReportRecord.write(figures, to: &writer)
        writer.endRecord()
    }

    private static func write(_ object: JSONObject, to writer: inout JSONWriter) {
        for member in object.members {
            writer.name(dynamic: member.name)
            writer.write(member.value)
        }
    }
}
