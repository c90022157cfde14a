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
        let lines = line.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D })
        guard let first = lines.first else { return .more }
        let words = first.split(separator: 0x20, maxSplits: 2)
        let isResponse = first.starts(with: HTTPMessages.version)
        guard words.count >= 2,
            isResponse || words.last?.starts(with: HTTPMessages.version) ?? false
        else { return .lost }
        let status = isResponse ? HTTPMessages.number(words[1]) ?? 0 : 0
        var length: Int?
        var isChunked = false
        var upgrades = false
        keepsBody = false
        for field in lines.dropFirst() {
            guard let colon = field.firstIndex(of: 0x3A) else { return .lost }
            // Only four fields matter here: told by their length first.
            let size = colon - field.startIndex
            guard size == 7 || size == 12 || size == 14 || size == 17 else { continue }
            let name = String(decoding: field[..<colon], as: UTF8.self).lowercased()
            let value = field[(colon + 1)...].drop { $0 == 0x20 || $0 == 0x09 }
            switch name {
            case "content-length":
                guard let given = HTTPMessages.number(value), length ?? given == given else {
                    return .lost
                }
                length = given
            case "transfer-encoding": isChunked = HTTPMessages.mentions("chunked", value)
            case "upgrade": upgrades = HTTPMessages.mentions("websocket", value)
            case "content-type": keepsBody = HTTPMessages.mentions("json", value)
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

    private static let version = Array("HTTP/1.".utf8)

    /// Decimal digits, with blank space behind them.
    private static func number(_ text: ArraySlice<UInt8>) -> Int? {
        let digits = text.prefix { (0x30...0x39).contains($0) }
        let isAlone = text[digits.endIndex...].allSatisfy { $0 == 0x20 || $0 == 0x09 }
        guard !digits.isEmpty, digits.count <= 15, isAlone else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 & 15) }
    }

    private static func mentions(_ word: String, _ value: ArraySlice<UInt8>) -> Bool {
        String(decoding: value, as: UTF8.self).lowercased().contains(word)
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
