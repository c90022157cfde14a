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

    /// One record of the input.
    func use(_ line: [UInt8], _ number: Int) throws {
        var foreign = false
        do throws(RecordError) {
            let fields: RecordFields
            switch try RecordHead(line.span).type {
            case "packet":
                fields = try RecordFields(parsing: line.span)
                let record = try PacketDraft.complete(fields, author: &author, at: SystemClock.now)
                var packet = record.packet
                if target.ack, !packet.metadata.flags.contains(Packet.ackFlag),
                    packet.signature == nil
                {
                    packet.metadata.flags.append(Packet.ackFlag)
                }
                accept(packet)
            case "route": route = try RouteRecord(RecordFields(parsing: line.span))
            case "peer":
                let peer = try PeerRecord(RecordFields(parsing: line.span))
                guard peers.count < Feed.maxPeers else {
                    throw RecordError(.badRecord, "more than \(Feed.maxPeers) peers to choose from")
                }
                peers.append(peer)
            case "link": break
            default: foreign = true
            }
        } catch {
            return try io.report(error, line: number, of: "stdin")
        }
        if foreign { try io.pass(line) } else { io.goodLines += 1 }
    }
}
