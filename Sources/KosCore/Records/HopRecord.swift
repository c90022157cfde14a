/// One hop of a traced path.
package struct HopRecord: Record, Hashable {
    package var timestamp: Timestamp
    package var destination: String
    package var hop: Int
    /// Nil while nobody has answered at this distance.
    package var nodeId: NodeID?
    package var address: String?
    package var sent: Int
    package var received: Int
    package var rttMs: RoundTrips

    package init(
        timestamp: Timestamp, destination: String, hop: Int, nodeId: NodeID?, address: String?,
        sent: Int, received: Int, rttMs: RoundTrips
    ) {
        self.timestamp = timestamp
        self.destination = destination
        self.hop = hop
        self.nodeId = nodeId
        self.address = address
        self.sent = sent
        self.received = received
        self.rttMs = rttMs
    }

    package static let type: StaticString = "hop"
    package static let fields: [Field] = [
        .required("timestamp", .time),
        .required("destination", .string),
        .required("hop", .integer(min: 1), "distance in links"),
        .required("nodeId", .nullable(.nodeID), "null when nobody answered"),
        .optional("address", .nullable(.string)),
        .required("sent", .integer(min: 0)),
        .required("received", .integer(min: 0)),
        .required("lossRatio", .ratio),
        .required("rttMs", .nullable(.object(RoundTrips.fields))),
    ]

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(HopRecord.type)
        writer.field("timestamp", timestamp)
        writer.field("destination", destination)
        writer.field("hop", hop)
        writer.nullable("nodeId", nodeId?.text)
        writer.nullable("address", address)
        writer.field("sent", sent)
        writer.field("received", received)
        let lost = sent > 0 ? Double(max(0, sent - received)) / Double(sent) : 0
        writer.field("lossRatio", (lost * 10_000).rounded() / 10_000)
        writer.field("rttMs", rttMs.value)
        writer.endRecord()
    }
}

/// Round-trip times as ping reports them: last, least, mean, greatest, mean deviation.
package struct RoundTrips: Hashable, Sendable {
    package private(set) var count = 0
    private var last = 0.0
    private var least = Double.infinity
    private var greatest = 0.0
    private var sum = 0.0
    private var squares = 0.0

    package init() {}

    package static let fields: [Field] = [
        .required("last", .number(min: 0)), .required("min", .number(min: 0)),
        .required("avg", .number(min: 0)), .required("max", .number(min: 0)),
        .required("mdev", .number(min: 0)),
    ]

    package mutating func add(_ milliseconds: Double) {
        count += 1
        last = milliseconds
        least = min(least, milliseconds)
        greatest = max(greatest, milliseconds)
        sum += milliseconds
        squares += milliseconds * milliseconds
    }

    /// `{last,min,avg,max,mdev}` in ms to three decimals; null before the first.
    package var value: JSONValue {
        guard count > 0 else { return .null }
        let mean = sum / Double(count)
        let deviation = max(0, squares / Double(count) - mean * mean).squareRoot()
        func rounded(_ value: Double) -> JSONValue { .number((value * 1000).rounded() / 1000) }
        return .object([
            "last": rounded(last), "min": rounded(least), "avg": rounded(mean),
            "max": rounded(greatest), "mdev": rounded(deviation),
        ])
    }
}
