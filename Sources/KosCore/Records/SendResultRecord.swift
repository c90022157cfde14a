/// What became of one packet: the seed's SendResult.
package struct SendResultRecord: Record, Hashable {
    package var timestamp: Timestamp
    package var success: Bool
    package var packetId: String
    package var destination: String
    package var route: RouteRecord?
    package var error: String?
    package var errorCode: String?
    package var bytesSent: Int
    package var attempts: Int
    package var rttMs: Double?
    /// `delivered`, or `stored` when a custodian holds the packet.
    package var status: String?
    package var custodian: NodeID?
    package var ref: String?

    package init(
        timestamp: Timestamp, success: Bool, packetId: String, destination: String,
        bytesSent: Int = 0, attempts: Int = 0
    ) {
        self.timestamp = timestamp
        self.success = success
        self.packetId = packetId
        self.destination = destination
        self.bytesSent = bytesSent
        self.attempts = attempts
    }

    package static let type: StaticString = "sendResult"
    package static let fields: [Field] = [
        .required("timestamp", .time),
        .required("success", .boolean),
        .required("packetId", .string),
        .optional("destination", .string),
        .optional(
            "route", .nullable(.object(RouteRecord.fields)), "the route that was used, if any"),
        .required("error", .nullable(.string), "why not, for people"),
        .optional("errorCode", .string, "why not, as a stable token"),
        .required("bytesSent", .integer(min: 0), "octets, all attempts"),
        .optional("attempts", .integer(min: 0)),
        .optional("rttMs", .number(min: 0), "from the send to its receipt, ms"),
        .optional("status", .oneOf(["delivered", "stored", "sent"])),
        .optional("custodian", .nodeID, "who keeps a stored packet"),
        .optional("ref", .string, "id of the record that this answers"),
    ]

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(SendResultRecord.type)
        writer.field("timestamp", timestamp)
        writer.field("success", success)
        writer.field("packetId", packetId)
        writer.field("destination", destination)
        if let route {
            writer.name("route")
            route.writeNested(to: &writer)
        } else {
            writer.nullField("route")
        }
        writer.nullable("error", error)
        writer.optional("errorCode", errorCode)
        writer.field("bytesSent", bytesSent)
        writer.field("attempts", attempts)
        writer.optional("rttMs", rttMs)
        writer.optional("status", status)
        writer.optional("custodian", custodian)
        writer.optional("ref", ref)
        writer.endRecord()
    }
}
