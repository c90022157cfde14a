/// One option's value and where it came from (`--print-config`).
package struct SettingRecord: Record, Hashable {
    package var tool: String
    package var name: String
    /// As it would be typed; nil where the option has no value.
    package var value: String?
    package var origin: String

    package init(tool: String, name: String, value: String?, origin: String) {
        self.tool = tool
        self.name = name
        self.value = value
        self.origin = origin
    }

    package static let type: StaticString = "setting"
    package static let fields: [Field] = [
        .required("tool", .string),
        .required("name", .string, "long option"),
        .required("value", .nullable(.string), "as it would be typed"),
        .required("origin", .string, "command line, an environment variable, a file, or built-in"),
    ]

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(SettingRecord.type)
        writer.field("tool", tool)
        writer.field("name", name)
        writer.nullable("value", value)
        writer.field("origin", origin)
        writer.endRecord()
    }
}
