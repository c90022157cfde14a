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
                guard let octet = cursor.u8(bytes) else { return .more }
                line.append(octet)
                guard line.count <= HTTPMessages.maxHead else { return .lost }
                guard octet == 0x0A, endsHead else { continue }
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
        for index in range { body.append(bytes.octet(index)) }
    }

    private mutating func finishBody(give: ([UInt8]) -> Void) {
        state = .head
        if keepsBody, !body.isEmpty { give(body) }
        body.removeAll(keepingCapacity: true)
    }

    /// Understands the head in `line`; `.more` when a body or the next head follows.
    private mutating func readHead() -> Outcome {
        let text = String(decoding: line, as: UTF8.self)
        var lines = text.split(whereSeparator: \.isNewline)[...]
        guard let first = lines.popFirst() else { return .more }
        let words = first.split(separator: " ", maxSplits: 2)
        let isResponse = first.hasPrefix("HTTP/1.")
        guard words.count >= 2, isResponse || first.contains("HTTP/1.") else { return .lost }
        let status = isResponse ? Int(words[1]) ?? 0 : 0
        var length: Int?
        var isChunked = false
        var upgrades = false
        keepsBody = false
        for field in lines {
            guard let colon = field.firstIndex(of: ":") else { return .lost }
            let value = field[field.index(after: colon)...].lowercased()
                .drop { $0 == " " || $0 == "\t" }
            switch field[..<colon].lowercased() {
            case "content-length":
                guard let given = Int(value), given >= 0, length ?? given == given else {
                    return .lost
                }
                length = given
            case "transfer-encoding": isChunked = value.contains("chunked")
            case "upgrade": upgrades = value.contains("websocket")
            case "content-type": keepsBody = value.contains("json")
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
