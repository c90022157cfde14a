/// A route of a protocol that runs on network interfaces came, went, or was looked for.
package struct RouteEventRecord: Record, Hashable {
    package enum Event: String, Hashable, Sendable, CaseIterable {
        case up, down, discovered, unreachable
    }
    package var timestamp: Timestamp
    package var event: Event
    package var algorithm: String
    /// Address and prefix length.
    package var destination: String
    package var nextHop: String?
    package var interface: String?
    package var hops: Int?
    package var afterMs: Double?

    package init(timestamp: Timestamp, event: Event, algorithm: String, destination: String) {
        self.timestamp = timestamp
        self.event = event
        self.algorithm = algorithm
        self.destination = destination
    }

    package static let type: StaticString = "routeEvent"
    package static let fields: [Field] = [
        .required("timestamp", .time),
        .required("event", .oneOf(Event.allCases.map(\.rawValue))),
        .required("algorithm", .string),
        .required("destination", .string, "address/length"),
        .optional("nextHop", .string, "address"),
        .optional("interface", .string),
        .optional("hops", .integer(min: 0)),
        .optional("afterMs", .number(min: 0), "how long the route was looked for, ms"),
    ]

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(RouteEventRecord.type)
        writer.field("timestamp", timestamp)
        writer.field("event", event.rawValue)
        writer.field("algorithm", algorithm)
        writer.field("destination", destination)
        writer.optional("nextHop", nextHop)
        writer.optional("interface", interface)
        writer.optional("hops", hops)
        writer.optional("afterMs", afterMs)
        writer.endRecord()
    }
}
