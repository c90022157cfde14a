/// What differs between two captures of the same traffic, for one packet.
package struct DiffRecord: Record, Hashable {
    package enum Event: String, Hashable, Sendable, CaseIterable {
        case lost, extra, altered, reordered, duplicated
    }
    package var event: Event
    /// The packet's id, or the hash that stands for it.
    package var packetId: String
    package var firstTimestamp: Timestamp?
    package var secondTimestamp: Timestamp?
    /// How often it is in the second capture, where it is `duplicated`.
    package var copies: Int?

    package init(
        event: Event, packetId: String, firstTimestamp: Timestamp?, secondTimestamp: Timestamp?,
        copies: Int? = nil
    ) {
        self.event = event
        self.packetId = packetId
        self.firstTimestamp = firstTimestamp
        self.secondTimestamp = secondTimestamp
        self.copies = copies
    }

    package static let type: StaticString = "diff"
    package static let fields: [Field] = [
        .required("event", .oneOf(Event.allCases.map(\.rawValue))),
        .required("packetId", .string, "the id, or the hash that stands for it"),
        .required("firstTimestamp", .nullable(.time), "null when it is not in the first"),
        .required("secondTimestamp", .nullable(.time), "null when it is not in the second"),
        .optional("copies", .integer(min: 2), "how often it is in the second"),
    ]

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(DiffRecord.type)
        writer.field("event", event.rawValue)
        writer.field("packetId", packetId)
        DiffRecord.write("firstTimestamp", firstTimestamp, to: &writer)
        DiffRecord.write("secondTimestamp", secondTimestamp, to: &writer)
        writer.optional("copies", copies)
        writer.endRecord()
    }

    private static func write(
        _ name: StaticString, _ time: Timestamp?, to writer: inout JSONWriter
    ) {
        if let time { writer.field(name, time) } else { writer.nullField(name) }
    }
}
