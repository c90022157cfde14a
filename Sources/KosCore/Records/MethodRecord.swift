/// Whether a discovery method works on this host, why not, and the cure.
package struct MethodRecord: Record, Hashable {
    package var timestamp: Timestamp
    package var name: DiscoveryMethodName
    package var isAvailable: Bool
    package var reason: String?
    package var hint: String?

    package init(
        timestamp: Timestamp, name: DiscoveryMethodName, isAvailable: Bool, reason: String? = nil,
        hint: String? = nil
    ) {
        self.timestamp = timestamp
        self.name = name
        self.isAvailable = isAvailable
        self.reason = reason
        self.hint = hint
    }

    package static let type: StaticString = "method"
    package static let fields: [Field] = [
        .required("timestamp", .time),
        .required("name", .oneOf(DiscoveryMethodName.allCases.map(\.rawValue))),
        .required("available", .boolean),
        .optional("reason", .string, "why it is not available"),
        .optional("hint", .string, "the cure"),
    ]

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(MethodRecord.type)
        writer.field("timestamp", timestamp)
        writer.field("name", name.rawValue)
        writer.field("available", isAvailable)
        writer.optional("reason", reason)
        writer.optional("hint", hint)
        writer.endRecord()
    }
}
