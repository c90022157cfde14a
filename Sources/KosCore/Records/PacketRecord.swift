/// A packet as a line of a pipe: the packet's own members behind `type` and `kos`.
package struct PacketRecord: Record, Hashable {
    package var packet: Packet
    /// Id of the packet that this one answers.
    package var ref: String?
    /// What the radio said of it.
    package var radio: JSONObject?
    /// Where in a capture it was.
    package var capture: JSONObject?

    package init(_ packet: Packet) { self.packet = packet }

    package static let type: StaticString = "packet"
    package static let fields: [Field] = [
        .required("id", .string, "UUID of version 7"),
        .required("version", .any, "wire version: 1"),
        .required("timestamp", .time),
        .required("source", .nodeID),
        .required("destination", .string, "node id, or * for all"),
        .required("payload", .any, "any JSON; octets that are not UTF-8 are {\"base64\":…}"),
        .optional("options", .map(.any)),
        .optional("route", .array(.string), "node ids from the source on"),
        .required(
            "metadata",
            .object([
                .required("hops", .integer(min: 0), "links crossed"),
                .required("ttl", .integer(), "links that may still be crossed"),
                .required("priority", .integer(min: 0, max: 7), "0 most urgent, 3 normal"),
                .required("type", .string, "data, control, routing, discovery, heartbeat, reply"),
                .required(
                    "flags", .array(.string),
                    "ack: a receipt is asked for; route: the way is planned"),
            ])),
        .optional("signature", .nullable(.string), "Ed25519, base64"),
        .optional("ref", .string, "id of the packet that this answers"),
        .optional("radio", .map(.any), "what the radio said of it"),
        .optional("capture", .map(.any), "where in a capture it was; whether its signature holds"),
    ]

    package init(_ fields: RecordFields) throws(RecordError) {
        packet = try Packet(fields)
        ref = try fields.optionalString("ref")
        radio = try fields.optionalObject("radio")?.object
        capture = try fields.optionalObject("capture")?.object
    }

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(PacketRecord.type)
        packet.writeMembers(to: &writer)
        writer.optional("ref", ref)
        if let radio { writer.field("radio", .object(radio)) }
        if let capture { writer.field("capture", .object(capture)) }
        writer.endRecord()
    }
}

extension Packet {
    /// Reads the seed's object; what a sender may leave out has the seed's defaults.
    package init(_ fields: RecordFields) throws(RecordError) {
        id = try fields.string("id")
        guard (1...64).contains(id.utf8.count) else { throw .member("id", "is not 1 to 64 octets") }
        timestamp = try fields.time("timestamp")
        source = try fields.nodeID("source")
        destination = try fields.nodeID("destination").text
        guard let payload = fields.any("payload") else { throw .member("payload", "is missing") }
        self.payload = payload
        if let given = try fields.optionalObject("options") { options = given.object }
        if let value = fields.any("version"),
            value.integer ?? value.string.flatMap({ Int($0) }) != 1
        {
            throw RecordError(.unsupportedFormat, "packet version \(value.text) is not 1")
        }
        route = try Packet.route(fields)
        guard let inner = try fields.optionalObject("metadata") else {
            signature = try fields.optionalString("signature")
            return
        }
        metadata.hops = try inner.optionalInteger("hops", in: 0...255) ?? 0
        metadata.ttl = try inner.optionalInteger("ttl", in: 0...255) ?? Packet.defaultTTL
        metadata.priority =
            try inner.optionalInteger("priority", in: 0...7) ?? Packet.defaultPriority
        metadata.type = try inner.optionalString("type") ?? Packet.Kind.data
        metadata.flags = try inner.strings("flags")
        signature = try fields.optionalString("signature")
    }

    /// Elements are node ids, or the seed's RouteHop objects.
    private static func route(_ fields: RecordFields) throws(RecordError) -> [String] {
        guard let value = fields.any("route"), !value.isNull else { return [] }
        guard let elements = value.array else { throw .member("route", "is not an array") }
        var route: [String] = []
        for element in elements {
            let object = element.object
            guard
                let node = element.string ?? object?["nodeId"]?.string ?? object?["address"]?.string
            else { throw .member("route", "has an element that names no node") }
            route.append(node)
        }
        return route
    }

    /// The packet as it goes over a link: the seed's JSON object, no newline.
    package var wire: [UInt8] {
        var writer = JSONWriter(reserving: 512)
        writer.beginObject()
        writeMembers(to: &writer)
        writer.endObject()
        return writer.bytes
    }

    package func writeMembers(to writer: inout JSONWriter) {
        writer.field("id", id)
        writer.field("version", version)
        writer.field("timestamp", timestamp)
        writer.field("source", source)
        writer.field("destination", destination)
        writer.field("payload", payload)
        writer.field("options", .object(options))
        writer.field("route", route)
        writer.name("metadata")
        writer.beginObject()
        writer.field("hops", metadata.hops)
        writer.field("ttl", metadata.ttl)
        writer.field("priority", metadata.priority)
        writer.field("type", metadata.type)
        writer.field("flags", metadata.flags)
        writer.endObject()
        writer.nullable("signature", signature)
    }
}
