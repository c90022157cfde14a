import Glibc
import KosCore
import NIOCore
import NIOHTTP1

/// The packets of one POST: a connection that lives as long as the request. Its answer tells what
/// became of each: at once for packets that want no receipt, when it comes for the others.
final class HTTPPackets: Conduit {
    /// Receipts that one request may wait for.
    private static let maxWaiting = 16_384

    private struct Wanted {
        let destination: String
        let octets: Int
        let since: NIODeadline
    }
    private let handler: HTTPHandler
    private let isSingle: Bool
    private let wait: TimeAmount
    private var link: LinkID?
    private var reader = JSONReader()
    private var body: [UInt8] = []
    private var wanted: [String: Wanted] = [:]
    private var results: [SendResultRecord] = []
    private var accepted = 0
    private var hasBegun = false
    private var isEnded = false
    private var isOver = false
    private var alarm: Scheduled<Void>?

    init(_ handler: HTTPHandler, isSingle: Bool, wait: TimeAmount, remote: Endpoint) {
        self.handler = handler
        self.isSingle = isSingle
        self.wait = wait
        link = handler.driver.opened(
            self, LinkTraits(transport: handler.transport, remote: remote, isOutgoing: false))
    }

    // MARK: The request

    func take(_ octets: [UInt8]) {
        guard !isOver else { return }
        body += octets
        if isSingle {
            if body.count > LinkTraits.maxPacket { refuse(tooLong: "packet") }
        } else if let last = body.lastIndex(of: 0x0A) {
            let lines = Array(body[...last])
            body.removeSubrange(...last)
            pass(lines)
        } else if body.count > LinkTraits.maxPacket {
            refuse(tooLong: "line")
        }
    }

    private func refuse(tooLong what: String) {
        guard !hasBegun else { return end() }
        leave()
        handler.refuse(.payloadTooLarge, "a \(what) of more than \(LinkTraits.maxPacket) octets")
    }

    func end() {
        guard !isOver, !isEnded else { return }
        isEnded = true
        if isSingle {
            // Between tokens a newline is white space.
            pass(body.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 } + [0x0A])
        } else if !body.isEmpty {
            pass(body + [0x0A])
        }
        body = []
        guard !wanted.isEmpty else { return settle() }
        let bound = NIOLoopBound(self, eventLoop: handler.driver.loop)
        alarm = handler.driver.loop.scheduleTask(in: wait) { bound.value.expire() }
        settle()
    }

    /// Hands packets to the node, and takes down which of them want receipts.
    private func pass(_ lines: [UInt8]) {
        var sound: [UInt8] = []
        Lines.forEach(of: lines) { range in
            let line = lines.span.extracting(range)
            guard let scan = try? PacketScan(line, using: &reader) else {
                return tell("", "", success: false, code: "badRecord", "this is no packet")
            }
            accepted += 1
            sound.append(lines.span, range)
            sound.append(0x0A)
            let id = scan.id.string(in: line)
            let destination = scan.destination.string(in: line)
            if scan.wantsReceipt, wanted.count < HTTPPackets.maxWaiting {
                wanted[id] = Wanted(destination: destination, octets: range.count, since: .now())
            } else {
                tell(id, destination, success: true, status: "sent", octets: range.count)
            }
        }
        if let link, !sound.isEmpty { handler.driver.received(sound, on: link) }
        settle()
    }

    // MARK: What the node says

    var isWritable: Bool { handler.context?.channel.isWritable ?? false }
    var waitingOctets: Int { handler.context?.channel.waitingOctets ?? 0 }
    let isDirty = false

    func write(_ octets: [UInt8]) {
        Lines.forEach(of: octets) { range in
            guard let packet = try? JSONObject(parsing: octets.span.extracting(range)),
                let payload = packet["payload"]?.object,
                let kind = payload["kind"]?.string.flatMap(Packet.Control.init),
                let ref = payload["ref"]?.string
            else { return }
            answer(ref, kind)
        }
        settle()
    }

    private func answer(_ id: String, _ kind: Packet.Control) {
        guard let entry = wanted.removeValue(forKey: id) else { return }
        let waited = Double((NIODeadline.now() - entry.since).nanoseconds) / 1e6
        switch kind {
        case .receipt, .stored:
            tell(
                id, entry.destination, success: true,
                status: kind == .receipt ? "delivered" : "stored", octets: entry.octets,
                rttMs: (waited * 1000).rounded() / 1000)
        default:
            tell(id, entry.destination, success: false, code: kind.rawValue, kind.rawValue)
        }
    }

    func flush() {}
    func close() { expire() }

    func read(_ isWanted: Bool) {
        handler.context?.channel.setOption(.autoRead, value: isWanted).assumeIsolated()
            .whenComplete { _ in }
    }

    // MARK: The answer

    private func tell(
        _ id: String, _ destination: String, success: Bool, status: String? = nil,
        octets: Int = 0, rttMs: Double? = nil, code: String? = nil, _ error: String? = nil
    ) {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var record = SendResultRecord(
            timestamp: Timestamp(
                milliseconds: Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000),
            success: success, packetId: id, destination: destination, bytesSent: octets,
            attempts: success ? 1 : 0)
        record.status = status
        record.rttMs = rttMs
        record.errorCode = code
        record.error = error
        results.append(record)
    }

    /// Writes what there is to write, and ends the answer when nothing more can come.
    private func settle() {
        guard !isOver else { return }
        let isLast = isEnded && wanted.isEmpty
        guard !isSingle else {
            if isLast { finishSingle() }
            return
        }
        if isLast, !hasBegun, accepted == 0 {
            leave()
            let lines = results.flatMap(\.line)
            return handler.respond(.badRequest, lines, type: "application/x-ndjson")
        }
        if !results.isEmpty, !hasBegun {
            hasBegun = true
            handler.start(.ok, type: "application/x-ndjson")
            handler.keep(self)
        }
        if !results.isEmpty {
            handler.write(results.flatMap(\.line))
            results = []
            handler.flush()
        }
        if isLast {
            leave()
            handler.finish()
        }
    }

    private func finishSingle() {
        leave()
        guard let result = results.first else {
            return handler.refuse(.badRequest, "there is no packet")
        }
        let status: HTTPResponseStatus =
            switch (result.status, result.errorCode) {
            case ("delivered", _): .ok
            case ("stored", _), ("sent", _): .accepted
            case (_, "badRecord"): .badRequest
            case (_, "ackTimeout"): .gatewayTimeout
            default: .badGateway
            }
        handler.respond(status, result.line)
    }

    private func expire() {
        guard !isOver else { return }
        for (id, entry) in wanted.sorted(by: { $0.key < $1.key }) {
            tell(
                id, entry.destination, success: false, code: "ackTimeout",
                "no acknowledgement within the time given")
        }
        wanted = [:]
        isEnded = true
        settle()
    }

    /// The connection is over for the node.
    func leave() {
        guard !isOver else { return }
        isOver = true
        alarm?.cancel()
        if let link { handler.driver.closed(link) }
    }
}
