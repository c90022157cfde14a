package import KosCore

/// One direction of a TCP connection, put back in order (RFC 9293 §3.10.7.4), and what it carries.
package struct ByteStream: Sendable {
    /// Octets held behind a hole, of one stream.
    package static let maxHeld = 65_536

    /// What the octets are taken for.
    private enum Content: Sendable {
        case undecided
        case lines
        case http(HTTPMessages)
        case webSocket(WebSocketFrames)
        case ignored
    }
    private var content = Content.undecided
    private var line: [UInt8] = []
    /// A line is being skipped: it is too long, or its beginning was lost.
    private var isSkippingLine = false

    private var next: UInt32 = 0
    private var isStarted = false
    private var held: [(sequence: UInt32, octets: [UInt8])] = []
    /// Octets held behind a hole.
    package private(set) var heldOctets = 0
    /// A hole was never filled, or the capture cut octets off.
    package private(set) var isDesynchronised = false

    package init() {}

    /// Whether nothing of this stream will ever be wanted.
    package var isIgnored: Bool {
        if case .ignored = content { return true }
        return false
    }

    /// Takes one segment; whole packets are handed to `give` with what carried them.
    package mutating func read(
        _ frame: CapturedFrame, _ bytes: borrowing Span<UInt8>,
        give: ([UInt8], TransportType) -> Void
    ) {
        if frame.tcpFlags & CapturedFrame.TCPFlag.syn != 0 {
            self = ByteStream()
            next = frame.sequence &+ 1
            isStarted = true
            return
        }
        guard !isIgnored, frame.payloadLength > 0 else { return }
        if !isStarted {
            // The capture began in the middle: the first line is whole only if it looks so.
            next = frame.sequence
            isStarted = true
            isSkippingLine = !Dissector.isPacket(bytes, at: frame.payloadStart)
        }
        let ahead = Int32(bitPattern: frame.sequence &- next)
        if ahead > 0 {
            hold(frame, bytes)
            if heldOctets > ByteStream.maxHeld || held.count > 256 { giveUpHole(give: give) }
            return
        }
        let old = Int(-Int64(ahead))
        guard old < frame.payloadLength else { return }
        let range = frame.payload
        if old < range.count {
            consume(bytes, range.lowerBound + old..<range.upperBound, give: give)
        }
        next = frame.sequence &+ UInt32(truncatingIfNeeded: frame.payloadLength)
        if range.count < frame.payloadLength { loseOctets() }
        releaseHeld(give: give)
    }

    private mutating func hold(_ frame: CapturedFrame, _ bytes: borrowing Span<UInt8>) {
        let place =
            held.firstIndex {
                Int32(bitPattern: $0.sequence &- frame.sequence) >= 0
            } ?? held.count
        if place < held.count, held[place].sequence == frame.sequence { return }
        held.insert((frame.sequence, bytes.array(frame.payload)), at: place)
        heldOctets += frame.payload.count
    }

    private mutating func releaseHeld(give: ([UInt8], TransportType) -> Void) {
        while let first = held.first {
            let ahead = Int32(bitPattern: first.sequence &- next)
            guard ahead <= 0 else { return }
            held.removeFirst()
            heldOctets -= first.octets.count
            let old = Int(-Int64(ahead))
            guard old < first.octets.count else { continue }
            consume(first.octets.span, old..<first.octets.count, give: give)
            next = first.sequence &+ UInt32(truncatingIfNeeded: first.octets.count)
        }
    }

    private mutating func giveUpHole(give: ([UInt8], TransportType) -> Void) {
        guard let first = held.first else { return }
        next = first.sequence
        loseOctets()
        releaseHeld(give: give)
    }

    /// Octets are missing: lines can start again at a newline, nothing else can.
    private mutating func loseOctets() {
        isDesynchronised = true
        line.removeAll(keepingCapacity: true)
        switch content {
        case .undecided, .lines: isSkippingLine = true
        default: ignore()
        }
    }

    private mutating func ignore() {
        content = .ignored
        line = []
        held = []
        heldOctets = 0
    }

    // MARK: Content

    private mutating func consume(
        _ bytes: borrowing Span<UInt8>, _ range: Range<Int>,
        give: ([UInt8], TransportType) -> Void
    ) {
        switch content {
        case .ignored: return
        case .undecided:
            let before = line.count
            for index in range.prefix(4 - before) { line.append(bytes.octet(index)) }
            guard line.count >= 4 || line.first == 0x7B || isSkippingLine else { return }
            let first = line
            line.removeAll(keepingCapacity: true)
            decide(first.span)
            // What came before this segment was too short to decide by.
            if before > 0 { consume(first.span, 0..<before, give: give) }
            return consume(bytes, range, give: give)
        case .lines: readLines(bytes, range, give: give)
        case .http(var http):
            content = .ignored
            let outcome = http.read(bytes, range) { body in
                ByteStream.splitLines(body) { give($0, .http) }
            }
            switch outcome {
            case .more: content = .http(http)
            case .lost: ignore()
            case .webSocket(let at):
                content = .webSocket(WebSocketFrames())
                if at < range.upperBound { consume(bytes, at..<range.upperBound, give: give) }
            }
        case .webSocket(var frames):
            content = .ignored
            frames.read(bytes, range) { message in
                if Dissector.isPacket(message.span, at: 0) { give(message, .ws) }
            }
            if frames.isClosed { ignore() } else { content = .webSocket(frames) }
        }
    }

    private mutating func decide(_ bytes: borrowing Span<UInt8>) {
        if isSkippingLine {
            content = .lines
            return
        }
        switch bytes.be32(0) {
        case 0x4745_5420, 0x504F_5354, 0x4854_5450, 0x5055_5420, 0x4845_4144, 0x4F50_5449:
            content = .http(HTTPMessages())
        default:
            content = bytes.octet(0) == 0x7B ? .lines : .ignored
        }
    }

    private mutating func readLines(
        _ bytes: borrowing Span<UInt8>, _ range: Range<Int>,
        give: ([UInt8], TransportType) -> Void
    ) {
        var at = range.lowerBound
        while at < range.upperBound {
            let found = bytes.firstOffset(of: 0x0A, from: at) ?? range.upperBound
            let end = min(found, range.upperBound)
            if !isSkippingLine {
                for index in at..<end { line.append(bytes.octet(index)) }
                if line.count > ByteStream.maxHeld {
                    line.removeAll(keepingCapacity: false)
                    isSkippingLine = true
                }
            }
            guard end < range.upperBound else { return }
            if line.last == 0x0D { line.removeLast() }
            if !isSkippingLine, Dissector.isPacket(line.span, at: 0) { give(line, .tcp) }
            isSkippingLine = false
            line.removeAll(keepingCapacity: true)
            at = end + 1
        }
    }

    /// Hands out each line of a body that looks like a packet.
    private static func splitLines(_ body: [UInt8], give: ([UInt8]) -> Void) {
        let octets = body.span
        var at = 0
        while at < octets.count {
            let end = octets.firstOffset(of: 0x0A, from: at) ?? octets.count
            if Dissector.isPacket(octets, at: at) {
                let isPadded = end > at && octets[end - 1] == 0x0D
                give(octets.array(at..<end - (isPadded ? 1 : 0)))
            }
            at = end + 1
        }
    }
}
