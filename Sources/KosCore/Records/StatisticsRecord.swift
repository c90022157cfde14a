/// What an interface has heard and what was dropped there, since the capture began.
package struct StatisticsRecord: Record, Hashable {
    package var timestamp: Timestamp?
    package var interface: String?
    package var received: Int
    /// For want of room in the kernel's buffer.
    package var dropped: Int
    /// By the interface itself.
    package var interfaceDropped: Int?

    package init(
        timestamp: Timestamp?, interface: String?, received: Int, dropped: Int,
        interfaceDropped: Int?
    ) {
        self.timestamp = timestamp
        self.interface = interface
        self.received = received
        self.dropped = dropped
        self.interfaceDropped = interfaceDropped
    }

    package static let type: StaticString = "statistics"
    package static let fields: [Field] = [
        .optional("timestamp", .time),
        .required("interface", .nullable(.string)),
        .required("received", .integer(min: 0), "packets that passed the filter"),
        .required("dropped", .integer(min: 0), "for want of room in the kernel's buffer"),
        .optional("interfaceDropped", .integer(min: 0), "by the interface"),
    ]

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(StatisticsRecord.type)
        writer.optional("timestamp", timestamp)
        writer.nullable("interface", interface)
        writer.field("received", received)
        writer.field("dropped", dropped)
        writer.optional("interfaceDropped", interfaceDropped)
        writer.endRecord()
    }
}
