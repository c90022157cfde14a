/// Compresses messages with DEFLATE (RFC 1951), each ended as RFC 7692 §7.2.1 wants it: fixed
/// Huffman codes, and for each place the last one that began with the same three octets. Made for
/// many short messages that resemble each other.
package struct Deflate: Sendable {
    private static let tableBits = 12
    private static let maxHistory = 32_768

    private let maxDistance: Int
    /// What was compressed, the newest last; messages may refer to what is within `maxDistance`.
    private var window: [UInt8] = []
    /// Place in `window` where octets with this hash were last seen.
    private var places: [Int32]
    private var bits: UInt64 = 0
    private var bitCount = 0
    private let codes: [UInt16]

    /// `windowBits`: how far back it may refer, 8 to 15.
    package init(windowBits: Int) {
        maxDistance = 1 << min(15, max(8, windowBits))
        places = [Int32](repeating: -1, count: 1 << Deflate.tableBits)
        codes = Deflate.codes
    }

    /// The next message refers to nothing before it.
    package mutating func forget() {
        window.removeAll(keepingCapacity: true)
        places = [Int32](repeating: -1, count: 1 << Deflate.tableBits)
    }

    /// Appends a message in compressed form, the last four octets (00 00 FF FF) left out.
    package mutating func compress(_ message: borrowing Span<UInt8>, into output: inout [UInt8]) {
        slide()
        var at = window.count
        window.append(message, 0..<message.count)
        put(0b010, 3, &output)  // a block that is not the last, with fixed codes
        while at < window.count {
            if let (distance, length) = match(at) {
                putLength(length, &output)
                putDistance(distance, &output)
                for place in at + 1..<at + length where place & 3 == 0 { note(place) }
                at += length
            } else {
                putSymbol(Int(window[at]), &output)
                at += 1
            }
        }
        putSymbol(256, &output)
        // The head of an empty stored block; what is left of the octet is padding.
        put(0, 3, &output)
        if bitCount > 0 { output.append(UInt8(truncatingIfNeeded: bits)) }
        (bits, bitCount) = (0, 0)
    }

    /// Lets go what nothing can refer to any more.
    private mutating func slide() {
        guard window.count > 2 * Deflate.maxHistory else { return }
        let gone = window.count - Deflate.maxHistory
        window.removeFirst(gone)
        for index in places.indices {
            places[index] = max(-1, places[index] - Int32(gone))
        }
    }

    // MARK: Matches

    @inline(__always)
    private func slot(_ place: Int) -> Int {
        let three =
            UInt32(window[place]) | UInt32(window[place + 1]) << 8 | UInt32(window[place + 2]) << 16
        return Int((three &* 0x9E37_79B1) >> UInt32(32 - Deflate.tableBits))
    }

    private mutating func note(_ place: Int) {
        guard place + 3 <= window.count else { return }
        places[slot(place)] = Int32(place)
    }

    private mutating func match(_ at: Int) -> (distance: Int, length: Int)? {
        guard at + 3 <= window.count else { return nil }
        let slot = slot(at)
        let candidate = Int(places[slot])
        places[slot] = Int32(at)
        guard candidate >= 0, at - candidate <= maxDistance else { return nil }
        let limit = min(258, window.count - at)
        var length = 0
        let octets = window.span
        while length + 8 <= limit {
            let difference = octets.word(at: candidate + length) ^ octets.word(at: at + length)
            guard difference == 0 else {
                length += difference.trailingZeroBitCount / 8
                return length >= 3 ? (at - candidate, length) : nil
            }
            length += 8
        }
        while length < limit, octets[candidate + length] == octets[at + length] { length += 1 }
        return length >= 3 ? (at - candidate, length) : nil
    }

    // MARK: Bits

    @inline(__always)
    private mutating func put(_ value: Int, _ count: Int, _ output: inout [UInt8]) {
        bits |= UInt64(truncatingIfNeeded: value) << UInt64(bitCount)
        bitCount += count
        while bitCount >= 8 {
            output.append(UInt8(truncatingIfNeeded: bits))
            bits >>= 8
            bitCount -= 8
        }
    }

    @inline(__always)
    private mutating func putSymbol(_ symbol: Int, _ output: inout [UInt8]) {
        put(Int(codes[symbol] >> 4), Int(codes[symbol] & 15), &output)
    }

    private mutating func putLength(_ length: Int, _ output: inout [UInt8]) {
        // RFC 1951 §3.2.5: from 11 on, groups of four codes with one extra bit more each.
        if length == 258 { return putSymbol(285, &output) }
        let rest = length - 3
        guard rest >= 8 else { return putSymbol(257 + rest, &output) }
        let extra = Int.bitWidth - 1 - rest.leadingZeroBitCount - 2
        putSymbol(257 + 4 * extra + rest >> extra, &output)
        put(rest & (1 << extra - 1), extra, &output)
    }

    private mutating func putDistance(_ distance: Int, _ output: inout [UInt8]) {
        let rest = distance - 1
        let extra = rest < 4 ? 0 : Int.bitWidth - 1 - rest.leadingZeroBitCount - 1
        let code = 2 * extra + rest >> extra
        put(Deflate.reversed(code, 5), 5, &output)
        put(rest & (1 << extra - 1), extra, &output)
    }

    private static func reversed(_ code: Int, _ count: Int) -> Int {
        var result = 0
        for bit in 0..<count where code >> bit & 1 == 1 { result |= 1 << (count - 1 - bit) }
        return result
    }

    /// RFC 1951 §3.2.6: code, first bit lowest, and in the low four bits its length.
    private static let codes: [UInt16] = (0..<288).map { symbol in
        let (code, length) =
            switch symbol {
            case ..<144: (0x30 + symbol, 8)
            case ..<256: (0x190 + symbol - 144, 9)
            case ..<280: (symbol - 256, 7)
            default: (0xC0 + symbol - 280, 8)
            }
        return UInt16(reversed(code, length) << 4 | length)
    }
}
