/// One probe's fate, written when it is known.
package struct ProbeRecord: Record, Hashable {
    package var timestamp: Timestamp
    package var destination: String
    package var seq: Int
    package var success: Bool
    package var rttMs: Double?
    package var hops: Int?
    package var error: String?

    package init(
        timestamp: Timestamp, destination: String, seq: Int, rttMs: Double?, hops: Int? = nil,
        error: String? = nil
    ) {
        self.timestamp = timestamp
        self.destination = destination
        self.seq = seq
        self.success = rttMs != nil
        self.rttMs = rttMs
        self.hops = hops
        self.error = error
    }

    package static let type: StaticString = "probe"
    package static let fields: [Field] = [
        .required("timestamp", .time),
        .required("destination", .string),
        .required("seq", .integer(min: 1)),
        .required("success", .boolean),
        .required("rttMs", .nullable(.number(min: 0)), "ms; null when it was lost"),
        .optional("hops", .integer(min: 0), "links that the probe crossed"),
        .optional("error", .string),
    ]

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(ProbeRecord.type)
        writer.field("timestamp", timestamp)
        writer.field("destination", destination)
        writer.field("seq", seq)
        writer.field("success", success)
        writer.nullable("rttMs", rttMs)
        writer.optional("hops", hops)
        writer.optional("error", error)
        writer.endRecord()
    }
}
