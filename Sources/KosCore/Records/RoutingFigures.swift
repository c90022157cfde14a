/// What a relay's routing protocol does and costs, in a `metrics` record.
package struct RoutingFigures: Hashable, Sendable {
    /// What was asked for with --routing.
    package var mode: String
    /// What is in use at the moment.
    package var `protocol`: String
    /// Entries of the protocol's table (with DSR links of its cache); nil with the link state.
    package var routes: Int?
    package var messagesSent = 0
    package var octetsSent = 0
    package var discoveries = 0
    package var failures = 0
    /// Median and longest of the last 256 discoveries, ms.
    package var discoveryMs: Double?
    package var discoveryMaxMs: Double?

    package init(mode: String, protocol name: String?) {
        self.mode = mode
        self.protocol = name ?? "linkstate"
    }

    package static let fields: [Field] = [
        .required("mode", .string, "what was asked for"),
        .required("protocol", .string, "what is in use"),
        .optional("routes", .integer(min: 0), "entries of its table"),
        .required("messagesSent", .integer(min: 0), "the protocol's own messages"),
        .required("octetsSent", .integer(min: 0)),
        .required("discoveries", .integer(min: 0), "routes that were asked for and found"),
        .required("failures", .integer(min: 0), "routes that nobody knew"),
        .optional("discoveryMs", .number(min: 0), "median of the last 256 discoveries, ms"),
        .optional("discoveryMaxMs", .number(min: 0), "the longest of them, ms"),
    ]

    package func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("mode", mode)
        writer.field("protocol", `protocol`)
        writer.optional("routes", routes)
        writer.field("messagesSent", messagesSent)
        writer.field("octetsSent", octetsSent)
        writer.field("discoveries", discoveries)
        writer.field("failures", failures)
        writer.optional("discoveryMs", discoveryMs)
        writer.optional("discoveryMaxMs", discoveryMaxMs)
        writer.endObject()
    }
}
