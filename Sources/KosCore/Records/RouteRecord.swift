/// The seed's RouteHop: the next node, how it is reached, and what that hop costs.
package struct RouteHop: Hashable, Sendable {
    /// URI of the node, or its id where no address is known.
    package var address: String
    package var transport: TransportType
    package var latency: Double?
    package var reliability: Double
    package var nodeId: NodeID?

    package init(
        address: String, transport: TransportType, latency: Double?, reliability: Double,
        nodeId: NodeID?
    ) {
        self.address = address
        self.transport = transport
        self.latency = latency
        self.reliability = reliability
        self.nodeId = nodeId
    }

    package static let fields: [Field] = [
        .required("address", .string, "URI of the hop's node, or its id"),
        .required("transport", .oneOf(TransportType.allCases.map(\.rawValue))),
        .required("latency", .nullable(.number(min: 0)), "ms"),
        .required("reliability", .ratio),
        .optional("nodeId", .nodeID),
    ]

    package init(_ fields: RecordFields) throws(RecordError) {
        address = try fields.string("address")
        transport = try fields.oneCase("transport", of: TransportType.self)
        latency = try fields.optionalNumber("latency", in: 0...Double.greatestFiniteMagnitude)
        reliability = try fields.optionalNumber("reliability", in: 0...1) ?? 1
        nodeId = try fields.optionalNodeID("nodeId")
    }

    package func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("address", address)
        writer.field("transport", transport.rawValue)
        writer.nullable("latency", latency)
        writer.field("reliability", reliability)
        writer.optional("nodeId", nodeId)
        writer.endObject()
    }
}

/// A route: the hops after the source, the last one being the destination, and their totals.
package struct RouteRecord: Record, Hashable {
    package var timestamp: Timestamp?
    package var source: NodeID?
    package var destination: NodeID?
    package var hops: [RouteHop]
    /// Sum over the hops, ms.
    package var latency: Double
    /// Product over the hops.
    package var reliability: Double
    /// Smallest of the hops, bit/s; nil when unknown.
    package var bandwidth: Double?
    /// Sum of what the links cost; a link that states no cost costs what the metric makes of it.
    package var cost: Double
    /// The seed's score, 0 … 1.
    package var score: Double
    package var algorithm: String
    package var confidence: Double
    /// False when the search's work bound was hit, so that a better route may exist.
    package var exact: Bool?
    /// Which rule chose the algorithm, with `-a auto`.
    package var reason: String?
    /// What the search made least (`score`, `bandwidth`: most) of, and the sum of it.
    package var metric: String?
    package var weight: Double?
    /// Of several answers: `primary`, or `backup` that shares no link (`linkDisjoint`) or no node
    /// (`nodeDisjoint`) with it, or `alternative`.
    package var role: String?

    package init(
        hops: [RouteHop], latency: Double, reliability: Double, bandwidth: Double?, cost: Double,
        score: Double, algorithm: String, confidence: Double
    ) {
        self.hops = hops
        self.latency = latency
        self.reliability = reliability
        self.bandwidth = bandwidth
        self.cost = cost
        self.score = score
        self.algorithm = algorithm
        self.confidence = confidence
    }

    package static let type: StaticString = "route"
    package static let fields: [Field] = [
        .optional("timestamp", .time),
        .optional("source", .nodeID),
        .optional("destination", .nodeID),
        .required("hops", .array(.object(RouteHop.fields)), "the nodes after the source"),
        .required("latency", .number(min: 0), "ms, summed"),
        .required("reliability", .ratio, "multiplied"),
        .required("bandwidth", .nullable(.number(min: 0)), "bit/s, the smallest"),
        .required("cost", .number(), "sum of the links' costs; of a link without one its metric"),
        .required("score", .ratio, "the specification's score, divided by 100"),
        .required("algorithm", .string),
        .required("confidence", .ratio),
        .optional("exact", .boolean, "false when the work bound was hit"),
        .optional("reason", .string, "rule that chose the algorithm"),
        .optional("metric", .string, "what the search made least of, for score and bandwidth most"),
        .optional("weight", .number(), "sum of the metric over the hops"),
        .optional("role", .string, "primary, nodeDisjoint, linkDisjoint or alternative"),
    ]

    package init(_ fields: RecordFields) throws(RecordError) {
        timestamp = try fields.optionalTime("timestamp")
        source = try fields.optionalNodeID("source")
        destination = try fields.optionalNodeID("destination")
        hops = []
        for hop in try fields.objects("hops") { hops.append(try RouteHop(hop)) }
        latency = try fields.number("latency", in: 0...Double.greatestFiniteMagnitude)
        reliability = try fields.number("reliability", in: 0...1)
        bandwidth = try fields.optionalNumber("bandwidth", in: 0...Double.greatestFiniteMagnitude)
        cost = try fields.optionalNumber("cost") ?? 0
        score = try fields.optionalNumber("score") ?? 0
        algorithm = try fields.string("algorithm")
        confidence = try fields.optionalNumber("confidence") ?? 0
        exact = try fields.optionalBoolean("exact")
        reason = try fields.optionalString("reason")
        metric = try fields.optionalString("metric")
        weight = try fields.optionalNumber("weight")
        role = try fields.optionalString("role")
    }

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(RouteRecord.type)
        writeMembers(to: &writer)
        writer.endRecord()
    }

    /// The route as a value inside another record.
    package func writeNested(to writer: inout JSONWriter) {
        writer.beginObject()
        writeMembers(to: &writer)
        writer.endObject()
    }

    private func writeMembers(to writer: inout JSONWriter) {
        writer.optional("timestamp", timestamp)
        writer.optional("source", source)
        writer.optional("destination", destination)
        writer.name("hops")
        writer.beginArray()
        for hop in hops { hop.write(to: &writer) }
        writer.endArray()
        writer.field("latency", latency)
        writer.field("reliability", reliability)
        writer.nullable("bandwidth", bandwidth)
        writer.field("cost", cost)
        writer.field("score", score)
        writer.field("algorithm", algorithm)
        writer.field("confidence", confidence)
        writer.optional("exact", exact)
        writer.optional("reason", reason)
        writer.optional("metric", metric)
        writer.optional("weight", weight)
        writer.optional("role", role)
    }
}
