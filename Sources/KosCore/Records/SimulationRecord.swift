/// What a protocol came to in a simulated network.
package struct SimulationRecord: Record, Hashable {
    package var scenario: String?
    package var algorithm: String
    package var seed: Int
    package var nodes: Int
    package var durationMs: Double
    package var sent = 0
    package var delivered = 0
    package var delayMs: Percentiles?
    package var meanHops: Double?
    package var controlFrames = 0
    package var controlBytes = 0
    package var dataFrames = 0
    package var dataBytes = 0
    package var discoveries = 0
    package var discoveryMs: Percentiles?
    /// Means over the seconds.
    package var connectivity = 1.0
    package var availability = 1.0
    package var collisions = 0
    package var dropped: [String: Int] = [:]
    package var events = 0
    /// Equal for equal runs.
    package var trace: UInt64 = 0

    package struct Percentiles: Hashable, Sendable {
        package var median, p95, p99, max: Double

        package init(median: Double, p95: Double, p99: Double, max: Double) {
            self.median = median
            self.p95 = p95
            self.p99 = p99
            self.max = max
        }

        static let fields: [Field] = ["p50", "p95", "p99", "max"].map {
            .required($0, .number(min: 0))
        }

        func write(to writer: inout JSONWriter) {
            writer.beginObject()
            writer.field("p50", median)
            writer.field("p95", p95)
            writer.field("p99", p99)
            writer.field("max", max)
            writer.endObject()
        }
    }

    package init(algorithm: String, seed: Int, nodes: Int, durationMs: Double) {
        self.algorithm = algorithm
        self.seed = seed
        self.nodes = nodes
        self.durationMs = durationMs
    }

    package var deliveryRatio: Double { sent == 0 ? 1 : Double(delivered) / Double(sent) }

    package static let type: StaticString = "simulation"
    package static let fields: [Field] = [
        .optional("scenario", .string, "its name"),
        .required("algorithm", .string),
        .required("seed", .integer(min: 0)),
        .required("nodes", .integer(min: 0)),
        .required("durationMs", .number(min: 0)),
        .required("sent", .integer(min: 0), "datagrams"),
        .required("delivered", .integer(min: 0)),
        .required("deliveryRatio", .ratio),
        .optional("delayMs", .object(Percentiles.fields), "of what was delivered"),
        .optional("meanHops", .number(min: 0)),
        .required("controlFrames", .integer(min: 0), "the protocol's own transmissions"),
        .required("controlBytes", .integer(min: 0), "with IP and UDP headers"),
        .required("dataFrames", .integer(min: 0)),
        .required("dataBytes", .integer(min: 0)),
        .required("discoveries", .integer(min: 0)),
        .optional("discoveryMs", .object(Percentiles.fields), "how long routes were looked for"),
        .required("connectivity", .ratio, "mean share of the nodes in the largest part"),
        .required("availability", .ratio, "mean share of the flows with a route at their source"),
        .required("collisions", .integer(min: 0)),
        .required("dropped", .map(.integer(min: 0)), "datagrams, by reason"),
        .required("events", .integer(min: 0)),
        .required("trace", .string, "fingerprint: equal for equal runs"),
    ]

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(SimulationRecord.type)
        writer.optional("scenario", scenario)
        writer.field("algorithm", algorithm)
        writer.field("seed", seed)
        writer.field("nodes", nodes)
        writer.field("durationMs", durationMs)
        writer.field("sent", sent)
        writer.field("delivered", delivered)
        writer.field("deliveryRatio", (deliveryRatio * 1e6).rounded() / 1e6)
        if let delayMs {
            writer.name("delayMs")
            delayMs.write(to: &writer)
        }
        writer.optional("meanHops", meanHops)
        writer.field("controlFrames", controlFrames)
        writer.field("controlBytes", controlBytes)
        writer.field("dataFrames", dataFrames)
        writer.field("dataBytes", dataBytes)
        writer.field("discoveries", discoveries)
        if let discoveryMs {
            writer.name("discoveryMs")
            discoveryMs.write(to: &writer)
        }
        writer.field("connectivity", connectivity)
        writer.field("availability", availability)
        writer.field("collisions", collisions)
        writer.name("dropped")
        writer.beginObject()
        for (reason, count) in dropped.sorted(by: { $0.key < $1.key }) {
            writer.name(dynamic: reason)
            writer.write(count)
        }
        writer.endObject()
        writer.field("events", events)
        writer.field("trace", String(trace, radix: 16))
        writer.endRecord()
    }
}

/// A second of a simulated network.
package struct SimulationSampleRecord: Record, Hashable {
    package var algorithm: String
    package var atMs: Double
    package var connectivity: Double
    package var availability: Double
    package var delivered: Int

    package init(
        algorithm: String, atMs: Double, connectivity: Double, availability: Double, delivered: Int
    ) {
        self.algorithm = algorithm
        self.atMs = atMs
        self.connectivity = connectivity
        self.availability = availability
        self.delivered = delivered
    }

    package static let type: StaticString = "simulationSample"
    package static let fields: [Field] = [
        .required("algorithm", .string),
        .required("atMs", .number(min: 0), "since the start"),
        .required("connectivity", .ratio, "share of the nodes in the largest part"),
        .required("availability", .ratio, "share of the flows with a route at their source"),
        .required("delivered", .integer(min: 0), "datagrams so far"),
    ]

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(SimulationSampleRecord.type)
        writer.field("algorithm", algorithm)
        writer.field("atMs", atMs)
        writer.field("connectivity", connectivity)
        writer.field("availability", availability)
        writer.field("delivered", delivered)
        writer.endRecord()
    }
}
