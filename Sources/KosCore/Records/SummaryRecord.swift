/// The last record of a run: the counters of that tool, under names of its own.
package struct SummaryRecord: Record, Hashable {
    package var timestamp: Timestamp
    package var tool: String
    package var counters: JSONObject

    package init(timestamp: Timestamp, tool: String, counters: JSONObject) {
        self.timestamp = timestamp
        self.tool = tool
        self.counters = counters
    }

    package static let type: StaticString = "summary"
    package static let fields: [Field] = [
        .required("timestamp", .time),
        .required("tool", .string, "its counters follow under names of their own"),
    ]

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(SummaryRecord.type)
        writer.field("timestamp", timestamp)
        writer.field("tool", tool)
        for member in counters.members {
            writer.name(dynamic: member.name)
            writer.write(member.value)
        }
        writer.endRecord()
    }
}
