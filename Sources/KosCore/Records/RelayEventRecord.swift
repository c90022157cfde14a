/// What a relay did with a packet.
package struct RelayEventRecord: Record, Hashable {
    package enum Event: String, Hashable, Sendable, CaseIterable {
        case received, forwarded, delivered, dropped, duplicate, queued, discovered, switched
    }
    package var timestamp: Timestamp
    package var event: Event
    package var packetId: String
    /// Where it came from: a peer's node id or address, or `stdin`.
    package var from: String?
    package var to: String?
    /// Why it was dropped, as a stable token.
    package var reason: String?
    package var hops: Int
    package var ttl: Int
    /// How long a route was looked for, ms.
    package var afterMs: Double?

    package init(
        timestamp: Timestamp, event: Event, packetId: String, from: String?, to: String?,
        reason: String? = nil, hops: Int, ttl: Int, afterMs: Double? = nil
    ) {
        self.timestamp = timestamp
        self.event = event
        self.packetId = packetId
        self.from = from
        self.to = to
        self.reason = reason
        self.hops = hops
        self.ttl = ttl
        self.afterMs = afterMs
    }

    package static let type: StaticString = "relayEvent"
    package static let fields: [Field] = [
        .required("timestamp", .time),
        .required("event", .oneOf(Event.allCases.map(\.rawValue))),
        .optional("reason", .string, "why it was dropped, or a protocol chosen"),
        .required("packetId", .string),
        .optional("from", .nullable(.string), "peer, its address, or stdin"),
        .optional("to", .nullable(.string), "next hop, node found, or protocol"),
        .optional("hops", .integer(min: 0)),
        .optional("ttl", .integer()),
        .optional("afterMs", .number(min: 0), "how long the route was looked for, ms"),
    ]

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(RelayEventRecord.type)
        writer.field("timestamp", timestamp)
        writer.field("event", event.rawValue)
        writer.optional("reason", reason)
        writer.field("packetId", packetId)
        writer.nullable("from", from)
        writer.nullable("to", to)
        writer.field("hops", hops)
        writer.field("ttl", ttl)
        writer.optional("afterMs", afterMs)
        writer.endRecord()
    }
}
