import KosCore

/// Reads one direction of an HTTP/1.1 connection (RFC 9112) for what kOS carries on it: JSON
/// bodies, and the change to WebSocket.
package struct HTTPMessages: Sendable {
    /// Longest head and longest body that are kept.
    package static let maxHead = 16_384
    package static let maxBody = 65_536

    package enum Outcome: Sendable {
        /// More octets are needed.
        case more
        /// From this offset on the direction speaks WebSocket.
        case webSocket(Int)
        /// Nothing more can be told of this direction.
        case lost
    }

    private enum State: Sendable { case head, body, chunkSize, chunk, chunkEnd, trailer }
    private var state = State.head
    private var line: [UInt8] = []
    private var body: [UInt8] = []
    private var left = 0
    private var keepsBody = false

    package init() {}

    /// Reads `range` of `bytes`; whole JSON bodies are handed to `give`.
    package mutating func read(
        _ bytes: borrowing Span<UInt8>, _ range: Range<Int>, give: ([UInt8]) -> Void
    ) -> Outcome {
        var cursor = Cursor(range, in: bytes)
        while cursor.left > 0 {
            switch state {
            case .head:
                var count = 0
                while count < cursor.left, bytes.octet(cursor.at + count) != 0x0A { count += 1 }
                guard let part = cursor.take(min(cursor.left, count + 1)) else { return .more }
                line.append(bytes, part)
                guard line.count <= HTTPMessages.maxHead else { return .lost }
                guard line.last == 0x0A, endsHead else { continue }
                switch readHead() {
                case .webSocket: return .webSocket(cursor.at)
                case .lost: return .lost
                case .more: break
                }
                line.removeAll(keepingCapacity: true)
                if state == .body, left == 0 { finishBody(give: give) }
            case .body, .chunk:
                let count = min(left, cursor.left)
                guard let part = cursor.take(count) else { return .more }
                keep(bytes, part)
                left -= count
                guard left == 0 else { continue }
                if state == .body { finishBody(give: give) } else { state = .chunkEnd }
            case .chunkSize, .chunkEnd, .trailer:
                guard let octet = cursor.u8(bytes) else { return .more }
                line.append(octet)
                guard line.count <= 1024 else { return .lost }
                guard octet == 0x0A else { continue }
                guard readChunkLine(give: give) else { return .lost }
                line.removeAll(keepingCapacity: true)
            }
        }
        return .more
    }

    private var endsHead: Bool {
        let count = line.count
        return count >= 4 && line[count - 2] == 0x0D && line[count - 3] == 0x0A
            || count >= 2 && line[count - 2] == 0x0A
    }

    private mutating func keep(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) {
        guard keepsBody else { return }
        guard body.count + range.count <= HTTPMessages.maxBody else {
            keepsBody = false
            body = []
            return
        }
        body.append(bytes, range)
    }

    private mutating func finishBody(give: ([UInt8]) -> Void) {
        state = .head
        if keepsBody, !body.isEmpty { give(body) }
        body.removeAll(keepingCapacity: true)
    }

    /// Understands the head in `line`; `.more` when a body or the next head follows.
    private mutating func readHead() -> Outcome {
        let text = line
        let head = text.span
        var at = 0
        while at < head.count, head[at] == 0x0D || head[at] == 0x0A { at += 1 }
        guard at < head.count else { return .more }
        var end = HTTPMessages.endOfLine(head, from: at)
        let isResponse = head.starts(with: "HTTP/1.", at: at)
        guard isResponse || HTTPMessages.mentions(" HTTP/1.", head, at..<end) else { return .lost }
        var status = 0
        if isResponse {
            let place = head.firstOffset(of: 0x20, from: at) ?? end
            status = HTTPMessages.number(head, place + 1..<max(place + 1, min(place + 4, end))) ?? 0
        }
        var length: Int?
        var isChunked = false
        var upgrades = false
        keepsBody = false
        while true {
            at = end
            while at < head.count, head[at] == 0x0D || head[at] == 0x0A { at += 1 }
            guard at < head.count else { break }
            end = HTTPMessages.endOfLine(head, from: at)
            guard let colon = head.firstOffset(of: 0x3A, from: at), colon < end else {
                return .lost
            }
            let (name, value) = (at..<colon, colon + 1..<end)
            // Only four fields matter here: told by their length first.
            switch colon - at {
            case 14 where HTTPMessages.mentions("content-length", head, name):
                guard let given = HTTPMessages.number(head, value), length ?? given == given else {
                    return .lost
                }
                length = given
            case 17 where HTTPMessages.mentions("transfer-encoding", head, name):
                isChunked = HTTPMessages.mentions("chunked", head, value)
            case 7 where HTTPMessages.mentions("upgrade", head, name):
                upgrades = HTTPMessages.mentions("websocket", head, value)
            case 12 where HTTPMessages.mentions("content-type", head, name):
                keepsBody = HTTPMessages.mentions("json", head, value)
            default: break
            }
        }
        if status == 101 || !isResponse && upgrades { return upgrades ? .webSocket(0) : .lost }
        if isChunked {
            state = .chunkSize
        } else if let length {
            state = .body
            left = length
        } else if isResponse, status >= 200, status != 204, status != 304 {
            return .lost
        } else {
            state = .head
        }
        return .more
    }

    private static func endOfLine(_ head: borrowing Span<UInt8>, from start: Int) -> Int {
        var end = head.firstOffset(of: 0x0A, from: start) ?? head.count
        if end > start, head[end - 1] == 0x0D { end -= 1 }
        return end
    }

    /// Decimal digits, with blank space around them.
    private static func number(_ text: borrowing Span<UInt8>, _ range: Range<Int>) -> Int? {
        var (value, digits, hasEnded) = (0, 0, false)
        for index in range {
            let octet = text.octet(index)
            if octet == 0x20 || octet == 0x09 {
                hasEnded = digits > 0
                continue
            }
            guard (0x30...0x39).contains(octet), !hasEnded, digits < 15 else { return nil }
            value = value * 10 + Int(octet & 15)
            digits += 1
        }
        return digits > 0 ? value : nil
    }

    /// Whether `word` stands somewhere in `range`, in letters of either case.
    private static func mentions(
        _ word: StaticString, _ text: borrowing Span<UInt8>, _ range: Range<Int>
    ) -> Bool {
        word.withUTF8Buffer { wanted in
            var start = range.lowerBound
            while start + wanted.count <= range.upperBound {
                var place = 0
                while place < wanted.count {
                    let (octet, letter) = unsafe (text.octet(start + place), wanted[place])
                    let isSame =
                        octet == letter || octet ^ letter == 0x20 && (octet | 0x20) >= 0x61
                    guard isSame else { break }
                    place += 1
                }
                if place == wanted.count { return true }
                start += 1
            }
            return false
        }
    }

    /// A line between chunks (RFC 9112 §7.1); false when it is none.
    private mutating func readChunkLine(give: ([UInt8]) -> Void) -> Bool {
        let isBlank = line.allSatisfy { $0 == 0x0D || $0 == 0x0A }
        switch state {
        case .chunkEnd:
            state = .chunkSize
            return isBlank
        case .trailer:
            if isBlank { finishBody(give: give) }
            return true
        default:
            let digits = line.prefix { $0 != 0x3B && $0 != 0x0D && $0 != 0x0A && $0 != 0x20 }
            guard digits.count <= 8,
                let size = Int(String(decoding: digits, as: UTF8.self), radix: 16), size >= 0
            else { return false }
            left = size
            state = size == 0 ? .trailer : .chunk
            return true
        }
    }
}
