import KosCore
import KosNet
import KosTool

/// Packets on their way: what each was, and what became of it.
final class Outbox {
    struct Entry {
        let destination: String
        let route: RouteRecord?
        let ref: String?
        /// What was sent, where it can be sent to somebody else.
        var message: Message?
        var complaint: (code: String, text: String)?
        var custodian: NodeID?
    }
    /// Packets that may be on their way at a time; more are read when some have ended.
    static let window = 1024

    let io: ToolIO
    let spool: Spool?
    var entries: [String: Entry] = [:]
    private var waiting: [Int: Entry] = [:]
    private var lastToken = 0
    var succeeded = 0
    private(set) var failed = 0
    /// Packets without a way, while packets are handed over many at a time.
    var unplaced: [String: DropReason] = [:]
    var isRelaying = false
    func holds(_ id: String) -> Bool { entries[id] != nil }
    var isFull: Bool { entries.count >= Outbox.window }
    var isEmpty: Bool { entries.isEmpty && waiting.isEmpty }

    init(_ io: ToolIO, _ spool: Spool?) {
        self.io = io
        self.spool = spool
    }

    var status: ExitStatus {
        if failed == 0 { return succeeded > 0 ? .yes : .no }
        return succeeded > 0 ? .partly : .no
    }

    func post(_ message: Message, route: RouteRecord?, _ driver: NodeDriver) {
        lastToken += 1
        waiting[lastToken] = Entry(
            destination: message.destination, route: route, ref: nil, message: message)
        driver.post(.service(.post(message, token: lastToken)))
    }

    func forward(_ packet: Packet, _ persistence: Persistence?, _ driver: NodeDriver) {
        entries[packet.id] = Entry(destination: packet.destination, route: nil, ref: packet.id)
        driver.post(.service(.forward(packet, persistence)))
    }

    func accepted(_ token: Int, _ packet: Packet) {
        guard let entry = waiting.removeValue(forKey: token) else { return }
        entries[packet.id] = entry
    }

    /// A node on the way said why the packet ended there; attempts may be left.
    func complained(_ id: String, _ control: Packet.Control, by node: NodeID) {
        entries[id]?.complaint = (control.rawValue, "\(control.rawValue) at \(node)")
    }

    func confirmed(_ id: String, attempts: Int, octets: Int, milliseconds: Double) throws {
        guard let entry = entries.removeValue(forKey: id) else { return }
        var record = result(id, entry, success: true, octets: octets, attempts: attempts)
        record.rttMs = (milliseconds * 1000).rounded() / 1000
        record.status = "delivered"
        try end(record)
    }

    /// A node on the way says that it keeps the packet.
    func kept(_ id: String, by node: NodeID) { entries[id]?.custodian = node }

    /// The packet is on its way still, but nothing is left to do here.
    func entrusted(_ id: String, attempts: Int, octets: Int, milliseconds: Double) throws {
        guard let entry = entries.removeValue(forKey: id) else { return }
        var record = result(id, entry, success: true, octets: octets, attempts: attempts)
        record.rttMs = (milliseconds * 1000).rounded() / 1000
        record.status = "stored"
        record.custodian = entry.custodian
        try end(record)
    }

    func sent(_ id: String, octets: Int) throws {
        guard let entry = entries.removeValue(forKey: id) else { return }
        var record = result(id, entry, success: true, octets: octets, attempts: 1)
        record.status = "sent"
        try end(record)
    }

    func lost(_ id: String, code: String, _ text: String, attempts: Int, octets: Int) throws {
        guard let entry = entries.removeValue(forKey: id) else { return }
        var record = result(id, entry, success: false, octets: octets, attempts: attempts)
        record.error = entry.complaint.map { "\($0.text); \(text)" } ?? text
        record.errorCode = entry.complaint?.code ?? code
        try end(record)
    }

    /// The time is over: everything that has no answer yet has failed.
    func giveUp(code: String, _ text: String) throws {
        for id in entries.keys.sorted() { try lost(id, code: code, text, attempts: 1, octets: 0) }
        for (_, entry) in waiting.sorted(by: { $0.key < $1.key }) {
            var record = result("", entry, success: false, octets: 0, attempts: 0)
            record.error = text
            record.errorCode = code
            try end(record)
        }
        waiting = [:]
    }

    private func result(
        _ id: String, _ entry: Entry, success: Bool, octets: Int, attempts: Int
    ) -> SendResultRecord {
        var record = SendResultRecord(
            timestamp: SystemClock.timestamp, success: success, packetId: id,
            destination: entry.destination, bytesSent: octets, attempts: attempts)
        record.route = entry.route
        record.ref = entry.ref
        return record
    }

    func end(_ record: SendResultRecord) throws {
        if record.success {
            succeeded += 1
            spool?.finish(record.packetId)
        } else {
            failed += 1
        }
        if !record.success, io.common.quiet || io.output.isText {
            io.errors.say("\(record.destination): \(record.error ?? "not sent")")
        }
        try io.output.write(record)
    }
}
