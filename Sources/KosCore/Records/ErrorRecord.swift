/// An answer that is an error: it belongs to an input record, or says what a tool could not do.
package struct ErrorRecord: Record, Hashable {
    package var timestamp: Timestamp
    package var tool: String
    /// Stable camelCase token.
    package var code: String
    package var message: String
    package var hint: String?
    package var isFatal: Bool
    package var line: Int?
    package var ref: String?
    package var errno: Int?

    package init(
        timestamp: Timestamp, tool: String, code: String, message: String, hint: String? = nil,
        isFatal: Bool = false, line: Int? = nil, ref: String? = nil, errno: Int? = nil
    ) {
        self.timestamp = timestamp
        self.tool = tool
        self.code = code
        self.message = message
        self.hint = hint
        self.isFatal = isFatal
        self.line = line
        self.ref = ref
        self.errno = errno
    }

    package static let type: StaticString = "error"
    package static let fields: [Field] = [
        .required("timestamp", .time),
        .required("tool", .string),
        .required("code", .string, "stable camelCase token"),
        .required("message", .string, "for people; may change"),
        .optional("hint", .string, "the cure"),
        .required("fatal", .boolean, "whether the tool gave up"),
        .optional("line", .integer(min: 1), "line of the input, from 1"),
        .optional("ref", .string, "id of the record that this answers"),
        .optional("errno", .integer(min: 0)),
    ]

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(ErrorRecord.type)
        writer.field("timestamp", timestamp)
        writer.field("tool", tool)
        writer.field("code", code)
        writer.field("message", message)
        writer.optional("hint", hint)
        writer.field("fatal", isFatal)
        writer.optional("line", line)
        writer.optional("ref", ref)
        writer.optional("errno", errno)
        writer.endRecord()
    }
}
