package import KosCore

/// Reads gzip files (RFC 1952) from chunks: one member behind the other, each checked.
package struct GzipStream: Sendable {
    private enum State: Sendable { case head, body, trailer, done }
    private var state = State.head
    private var inflate = Inflate()
    private var pending: [UInt8] = []
    private var checksum: UInt32 = 0xFFFF_FFFF
    private var length: UInt32 = 0
    private var isInputEnded = false
    private var members = 0

    package init() {}

    package mutating func push(_ octets: borrowing Span<UInt8>) {
        if case .body = state {
            inflate.push(octets)
        } else {
            pending += octets.array(0..<octets.count)
        }
    }

    package mutating func endInput() {
        isInputEnded = true
        inflate.endInput()
    }

    /// Puts at most `limit` octets into `output` from `filled` on; 0 when more input is needed,
    /// or at the end.
    package mutating func pull(
        into output: inout [UInt8], at filled: Int, limit: Int
    ) throws(Inflate.Damage) -> Int {
        while true {
            switch state {
            case .done: return 0
            case .head:
                guard try readHead() else { return 0 }
            case .body:
                let count = try inflate.pull(into: &output, at: filled, limit: limit)
                for index in filled..<filled + count { add(output[index]) }
                length &+= UInt32(truncatingIfNeeded: count)
                if inflate.isDone {
                    pending = inflate.rest
                    state = .trailer
                }
                if count > 0 || !inflate.isDone { return count }
            case .trailer:
                guard pending.count >= 8 else {
                    if isInputEnded { throw Inflate.Damage(message: "cut off") }
                    return 0
                }
                let told = (pending.span.le32(0), pending.span.le32(4))
                guard told == (~checksum, length) else {
                    throw Inflate.Damage(message: "the checksum is wrong")
                }
                pending.removeFirst(8)
                state = .head
            }
        }
    }

    /// True when a member's head was read and its body begins.
    private mutating func readHead() throws(Inflate.Damage) -> Bool {
        // What comes behind a whole member and is none is padding.
        if members > 0, pending.isEmpty || pending.count >= 2 && pending.span.be16(0) != 0x1F8B {
            if isInputEnded || !pending.isEmpty { state = .done }
            return false
        }
        guard let size = headSize() else {
            if isInputEnded { throw Inflate.Damage(message: "cut off") }
            guard pending.count < 1 << 17 else { throw Inflate.Damage(message: "an endless head") }
            return false
        }
        guard pending.span.be16(0) == 0x1F8B, pending.span.octet(2) == 8 else {
            throw Inflate.Damage(message: "no gzip member")
        }
        let behind = pending
        pending = []
        inflate = Inflate()
        inflate.push(behind.span.extracting(size..<behind.count))
        if isInputEnded { inflate.endInput() }
        checksum = 0xFFFF_FFFF
        length = 0
        members += 1
        state = .body
        return true
    }

    /// Octets of the head in `pending`; nil when it is not whole.
    private func headSize() -> Int? {
        let bytes = pending.span
        guard bytes.count >= 10 else { return nil }
        let flags = bytes.octet(3)
        var at = 10
        if flags & 4 != 0 {
            guard at + 2 <= bytes.count else { return nil }
            at += 2 + Int(bytes.le16(at))
        }
        for flag: UInt8 in [8, 16] where flags & flag != 0 {
            guard at <= bytes.count, let end = bytes.firstOffset(of: 0, from: at) else {
                return nil
            }
            at = end + 1
        }
        if flags & 2 != 0 { at += 2 }
        return at <= bytes.count ? at : nil
    }

    @inline(__always)
    private mutating func add(_ octet: UInt8) {
        let place = Int((checksum ^ UInt32(octet)) & 0xFF)
        checksum = GzipStream.table[place] ^ checksum >> 8
    }

    private static let table: [UInt32] = (0..<256).map { number in
        var value = UInt32(number)
        for _ in 0..<8 { value = value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
        return value
    }
}
