/// A line that a tool said on stderr (`--log-format json`); errors are `error` records.
package struct LogRecord: Record, Hashable {
    package var timestamp: Timestamp
    package var tool: String
    /// `notice`, `info` (-v) or `debug` (-vv and on).
    package var level: String
    package var message: String

    package init(timestamp: Timestamp, tool: String, level: String, message: String) {
        self.timestamp = timestamp
        self.tool = tool
        self.level = level
        self.message = message
    }

    package static let type: StaticString = "log"
    package static let fields: [Field] = [
        .required("timestamp", .time),
        .required("tool", .string),
        .required("level", .oneOf(["notice", "info", "debug"])),
        .required("message", .string, "for people; may change"),
    ]

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(LogRecord.type)
        writer.field("timestamp", timestamp)
        writer.field("tool", tool)
        writer.field("level", level)
        writer.field("message", message)
        writer.endRecord()
    }
}
