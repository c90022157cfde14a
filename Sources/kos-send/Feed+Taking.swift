import KosCore
import KosTool

/// What was read becomes something to send; with `--spool` it is taken down first.
extension Feed {
    /// Destination of a packet that was taken down before it was known who answers.
    static let unknown = "?"

    private var spool: Spool? { session.outbox.spool }
    var holdsUnknown: Bool { packets.contains { $0.destination == Feed.unknown } }

    /// Whether packets may go as they stand in their records.
    var takesExpress: Bool {
        !target.ack && !content.dryRun && !content.lines && !io.common.keep && spool == nil
            && !pace.isLimited && !(target.endpoints.isEmpty && target.connect.isEmpty)
    }

    /// Packets that an earlier run has left.
    func resume() throws {
        for line in spool?.left ?? [] {
            guard let object = try? JSONObject(parsing: line.span),
                let packet = try? Packet(RecordFields(object))
            else { continue }
            packets.append(packet)
        }
    }

    /// A text or file, as often as it is wanted.
    func repeated(_ payload: JSONValue) throws {
        guard spool != nil else {
            if content.times > 1 {
                copies = (payload, content.times)
            } else {
                payloads.append(payload)
            }
            return
        }
        for _ in 0..<content.times { accept(payload) }
        try spool?.commit()
    }

    func accept(_ payload: JSONValue) {
        guard spool != nil else { return payloads.append(payload) }
        var packet = author.packet(
            to: Feed.unknown, type: Packet.Kind.data, payload: payload, at: SystemClock.now)
        packet.metadata.priority = target.priority
        packet.metadata.ttl = target.ttl
        packet.metadata.flags = target.ack ? [Packet.ackFlag] : []
        packet.options = target.options
        accept(packet)
    }

    func accept(_ packet: Packet) {
        if let spool, !spool.add(packet) { return }
        packets.append(packet)
    }
}
