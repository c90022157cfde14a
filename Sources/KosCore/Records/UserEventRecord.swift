/// An event that a user of a gossip cluster sent to all of its members, as with `serf event`.
package struct UserEventRecord: Record, Hashable {
    package var timestamp: Timestamp
    package var name: String
    package var payload: [UInt8]
    /// Lamport time of the cluster's events: later ones have higher numbers, on every member.
    package var lamportTime: UInt64

    package init(timestamp: Timestamp, name: String, payload: [UInt8], lamportTime: UInt64) {
        self.timestamp = timestamp
        self.name = name
        self.payload = payload
        self.lamportTime = lamportTime
    }

    package static let type: StaticString = "userEvent"
    package static let fields: [Field] = [
        .required("timestamp", .time),
        .required("name", .string),
        .required("payload", .any, "text, or {\"base64\":…} for what is no UTF-8"),
        .required("lamportTime", .string, "decimal: it may pass 2^53"),
    ]

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(UserEventRecord.type)
        writer.field("timestamp", timestamp)
        writer.field("name", name)
        writer.field("payload", JSONValue(octets: payload))
        writer.field("lamportTime", String(lamportTime))
        writer.endRecord()
    }
}
