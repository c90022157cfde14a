/// The way of one packet through a mesh, put together from captures.
package struct PathRecord: Record, Hashable {
    /// One sighting of the packet.
    package struct Step: Hashable, Sendable {
        /// The capture in which it was seen.
        package var capture: String
        /// Nodes at the two ends of the hop, where they are known, else addresses.
        package var from: String
        package var to: String
        /// Nanoseconds since 1970, on the first capture's clock.
        package var time: Int64?
        /// Since the sighting before.
        package var latencyMs: Double?

        package init(
            capture: String, from: String, to: String, time: Int64?, latencyMs: Double?
        ) {
            self.capture = capture
            self.from = from
            self.to = to
            self.time = time
            self.latencyMs = latencyMs
        }
    }
    package enum Outcome: String, Hashable, Sendable, CaseIterable {
        case delivered, lost, unknown
    }
    /// The packet's id, or the hash that stands for it.
    package var packetId: String
    package var source: String
    package var destination: String
    package var outcome: Outcome
    /// The captures between which a lost packet was lost; the second is absent where nothing says
    /// where it should have come next.
    package var lostBetween: [String]
    package var steps: [Step]
    /// From the first sighting to the last.
    package var latencyMs: Double?

    package init(
        packetId: String, source: String, destination: String, outcome: Outcome,
        lostBetween: [String], steps: [Step], latencyMs: Double?
    ) {
        self.packetId = packetId
        self.source = source
        self.destination = destination
        self.outcome = outcome
        self.lostBetween = lostBetween
        self.steps = steps
        self.latencyMs = latencyMs
    }

    package static let type: StaticString = "path"
    package static let fields: [Field] = [
        .required("packetId", .string, "the id, or the hash that stands for it"),
        .required("source", .string, "node, or address"),
        .required("destination", .string),
        .required("outcome", .oneOf(Outcome.allCases.map(\.rawValue))),
        .optional("lostBetween", .array(.string), "the captures between which it was lost"),
        .required(
            "steps",
            .array(
                .object([
                    .required("capture", .string),
                    .required("from", .string, "node, or address"),
                    .required("to", .string),
                    .required("timestamp", .nullable(.time), "on the first capture's clock"),
                    .optional("timestampNanos", .integer(min: 0, max: 999_999)),
                    .optional("latencyMs", .number(), "since the step before"),
                ])), "in the order of the way"),
        .optional("latencyMs", .number(), "from the first step to the last"),
    ]

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(PathRecord.type)
        writer.field("packetId", packetId)
        writer.field("source", source)
        writer.field("destination", destination)
        writer.field("outcome", outcome.rawValue)
        if !lostBetween.isEmpty { writer.field("lostBetween", lostBetween) }
        writer.name("steps")
        writer.beginArray()
        for step in steps {
            writer.beginObject()
            writer.field("capture", step.capture)
            writer.field("from", step.from)
            writer.field("to", step.to)
            if let time = step.time {
                writer.field("timestamp", Int(time / 1_000_000))
                writer.field("timestampNanos", Int(time % 1_000_000))
            } else {
                writer.nullField("timestamp")
            }
            writer.optional("latencyMs", step.latencyMs)
            writer.endObject()
        }
        writer.endArray()
        writer.optional("latencyMs", latencyMs)
        writer.endRecord()
    }
}
