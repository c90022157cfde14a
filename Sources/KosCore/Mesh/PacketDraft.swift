/// A packet that somebody wrote by hand or with jq: what is absent is filled in.
package enum PacketDraft {
    /// Completes `fields` with `id`, `version`, `timestamp`, `source`, `route` and `metadata`.
    package static func complete(
        _ fields: RecordFields, author: inout Author, at now: Instant
    ) throws(RecordError) -> PacketRecord {
        var object = fields.object
        let blank = author.packet(
            to: Packet.broadcast, type: Packet.Kind.data, payload: .null, at: now)
        if object["id"] == nil { object["id"] = .string(blank.id) }
        if object["timestamp"] == nil {
            object["timestamp"] = .number(Double(blank.timestamp.milliseconds))
        }
        if object["source"] == nil { object["source"] = .string(author.node.text) }
        var record = try PacketRecord(RecordFields(object))
        if record.packet.route.isEmpty { record.packet.route = [record.packet.source.text] }
        return record
    }
}
