/// A directed, measured link: `source` reaches `destination` over `transport`.
package struct LinkRecord: Record, Hashable {
    package enum Event: String, Hashable, Sendable, CaseIterable {
        case up, down, changed
    }
    package var timestamp: Timestamp?
    package var event: Event?
    package var source: NodeID
    package var destination: NodeID
    package var transport: TransportType
    /// URI at which `source` reaches `destination`.
    package var address: String?
    /// Milliseconds, one way.
    package var latency: Double
    /// Delivered share, 0 … 1.
    package var reliability: Double
    /// Bit/s; nil when unknown.
    package var bandwidth: Double?
    package var cost: Double?
    package var isBidirectional: Bool?
    package var lastSeen: Timestamp?
    package var observations: Int?

    package init(
        source: NodeID, destination: NodeID, transport: TransportType,
        latency: Double, reliability: Double
    ) {
        self.source = source
        self.destination = destination
        self.transport = transport
        self.latency = latency
        self.reliability = reliability
    }

    package static let type: StaticString = "link"
    package static let fields: [Field] = [
        .optional("timestamp", .time),
        .optional("event", .oneOf(Event.allCases.map(\.rawValue))),
        .required("source", .nodeID),
        .required("destination", .nodeID),
        .required("transport", .oneOf(TransportType.allCases.map(\.rawValue))),
        .optional("address", .string, "URI at which source reaches destination"),
        .required("latency", .number(min: 0), "ms, one way"),
        .required("reliability", .ratio, "share of packets delivered"),
        .optional("bandwidth", .nullable(.number(min: 0)), "bit/s"),
        .optional("cost", .number(min: 0), "dimensionless"),
        .optional("bidirectional", .boolean, "holds for both directions; default false"),
        .optional("lastSeen", .time),
        .optional("observations", .integer(min: 0), "packets or probes behind the figures"),
    ]

    package init(_ fields: RecordFields) throws(RecordError) {
        timestamp = try fields.optionalTime("timestamp")
        event = try fields.optionalCase("event", of: Event.self)
        source = try fields.nodeID("source")
        destination = try fields.nodeID("destination")
        transport = try fields.oneCase("transport", of: TransportType.self)
        address = try fields.optionalString("address")
        latency = try fields.number("latency", in: 0...Double.greatestFiniteMagnitude)
        reliability = try fields.number("reliability", in: 0...1)
        bandwidth = try fields.optionalNumber("bandwidth", in: 0...Double.greatestFiniteMagnitude)
        cost = try fields.optionalNumber("cost", in: 0...Double.greatestFiniteMagnitude)
        isBidirectional = try fields.optionalBoolean("bidirectional")
        lastSeen = try fields.optionalTime("lastSeen")
        observations = try fields.optionalInteger("observations", in: 0...9_007_199_254_740_991)
    }

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(LinkRecord.type)
        writer.optional("timestamp", timestamp)
        writer.optional("event", event?.rawValue)
        writer.field("source", source)
        writer.field("destination", destination)
        writer.field("transport", transport.rawValue)
        writer.optional("address", address)
        writer.field("latency", latency)
        writer.field("reliability", reliability)
        writer.nullable("bandwidth", bandwidth)
        writer.optional("cost", cost)
        writer.optional("bidirectional", isBidirectional)
        writer.optional("lastSeen", lastSeen)
        writer.optional("observations", observations)
        writer.endRecord()
    }
}
