/// Decompresses DEFLATE (RFC 1951) from chunks, with 32 KiB of history and no more.
package struct Inflate: Sendable {
    /// Why the octets are no DEFLATE stream.
    package struct Damage: Error, Sendable {
        package let message: String
        package init(message: String) { self.message = message }
    }
    /// No symbol and no block head needs more octets than this.
    private static let lookahead = 640
    private static let history = 32_768

    private enum State: Sendable { case blockHead, stored(Int), symbols, copying(Int, Int), done }
    private var state = State.blockHead
    private var isLastBlock = false
    private var literals = HuffmanTable()
    private var distances = HuffmanTable()
    // Octets not yet read, and bits taken from them.
    private var input: [UInt8] = []
    private var at = 0
    private var bits: UInt64 = 0
    private var bitCount = 0
    private var isInputEnded = false
    /// The stream has no end of its own: it stands still between messages (RFC 7692 §7.2).
    private let isEndless: Bool
    private var ring = [UInt8](repeating: 0, count: Inflate.history)
    private var written = 0

    package init(isEndless: Bool = false) { self.isEndless = isEndless }

    /// The stream has ended.
    package var isDone: Bool { if case .done = state { true } else { false } }
    /// Octets behind the end of the stream.
    package var rest: [UInt8] {
        let unread = bitCount / 8
        return Array(input[max(0, at - unread)...])
    }

    package mutating func push(_ octets: borrowing Span<UInt8>) {
        if at > 0 {
            input.removeSubrange(0..<at)
            at = 0
        }
        input.append(octets, 0..<octets.count)
    }

    /// Nothing will be pushed any more.
    package mutating func endInput() { isInputEnded = true }

    /// Appends at most `limit` octets to `output`, from index `filled` on, as far as the input
    /// allows; returns how many.
    package mutating func pull(
        into output: inout [UInt8], at filled: Int, limit: Int
    ) throws(Damage) -> Int {
        var count = 0
        while count < limit {
            guard isInputEnded || input.count - at >= Inflate.lookahead || isCopying else { break }
            switch state {
            case .done:
                guard isEndless else { return count }
                // A sender may end its stream with a message; what follows begins a new one.
                bits >>= UInt64(bitCount % 8)
                bitCount -= bitCount % 8
                state = .blockHead
            case .blockHead:
                if isEndless, at == input.count, bitCount < 8 { return count }
                try readBlockHead()
            case .stored(let left):
                guard left > 0 else {
                    endBlock()
                    continue
                }
                guard let octet = storedOctet() else { throw Damage(message: "cut off") }
                put(octet, &output, filled + count)
                count += 1
                state = .stored(left - 1)
            case .copying(let distance, let left):
                let octet = ring[(written &- distance) & (Inflate.history - 1)]
                put(octet, &output, filled + count)
                count += 1
                state = left > 1 ? .copying(distance, left - 1) : .symbols
            case .symbols: try readSymbol(&output, filled, &count)
            }
        }
        return count
    }

    private var isCopying: Bool { if case .copying = state { true } else { false } }

    @inline(__always)
    private mutating func put(_ octet: UInt8, _ output: inout [UInt8], _ place: Int) {
        if place < output.count { output[place] = octet } else { output.append(octet) }
        ring[written & (Inflate.history - 1)] = octet
        written &+= 1
    }

    private mutating func endBlock() { state = isLastBlock ? .done : .blockHead }

    // MARK: Bits

    @inline(__always)
    private mutating func refill() {
        while bitCount <= 56, at < input.count {
            bits |= UInt64(input[at]) << UInt64(bitCount)
            at &+= 1
            bitCount &+= 8
        }
    }

    @inline(__always)
    private mutating func take(_ count: Int) throws(Damage) -> Int {
        if bitCount < count { refill() }
        guard bitCount >= count else { throw Damage(message: "cut off") }
        let value = Int(truncatingIfNeeded: bits & (1 << UInt64(count) &- 1))
        bits >>= UInt64(count)
        bitCount &-= count
        return value
    }

    @inline(__always)
    private mutating func symbol(_ isLiteral: Bool) throws(Damage) -> Int {
        refill()
        let entry = isLiteral ? literals.entry(bits) : distances.entry(bits)
        let length = Int(entry & 15)
        guard length > 0 else { throw Damage(message: "a code that stands for nothing") }
        guard length <= bitCount else { throw Damage(message: "cut off") }
        bits >>= UInt64(length)
        bitCount &-= length
        return Int(entry >> 4)
    }

    private mutating func storedOctet() -> UInt8? {
        if bitCount < 8 { refill() }
        guard bitCount >= 8 else { return nil }
        defer {
            bits >>= 8
            bitCount -= 8
        }
        return UInt8(truncatingIfNeeded: bits)
    }

    // MARK: Blocks

    private static let lengthBase = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115,
        131, 163, 195, 227, 258,
    ]
    private static let lengthBits = [
        0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
    ]
    private static let distanceBase = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537,
        2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577,
    ]

    private mutating func readSymbol(
        _ output: inout [UInt8], _ filled: Int, _ count: inout Int
    ) throws(Damage) {
        let value = try symbol(true)
        if value < 256 {
            put(UInt8(truncatingIfNeeded: value), &output, filled + count)
            count += 1
            return
        }
        if value == 256 { return endBlock() }
        guard value - 257 < Inflate.lengthBase.count else {
            throw Damage(message: "no such length")
        }
        let length = Inflate.lengthBase[value - 257] + (try take(Inflate.lengthBits[value - 257]))
        let code = try symbol(false)
        guard code < Inflate.distanceBase.count else { throw Damage(message: "no such distance") }
        let distance = Inflate.distanceBase[code] + (try take(max(0, code / 2 - 1)))
        guard distance <= written else { throw Damage(message: "a distance before the start") }
        state = .copying(distance, length)
    }

    private mutating func readBlockHead() throws(Damage) {
        isLastBlock = try take(1) == 1
        switch try take(2) {
        case 0:
            _ = try take(bitCount % 8)
            let length = try take(16)
            guard try take(16) == length ^ 0xFFFF else { throw Damage(message: "a stored length") }
            state = .stored(length)
        case 1:
            literals = HuffmanTable.fixedLiterals
            distances = HuffmanTable.fixedDistances
            state = .symbols
        case 2:
            try readTables()
            state = .symbols
        default: throw Damage(message: "no such block type")
        }
    }

    private mutating func readTables() throws(Damage) {
        let literalCount = try take(5) + 257
        let distanceCount = try take(5) + 1
        let codeCount = try take(4) + 4
        let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
        var codeLengths = [UInt8](repeating: 0, count: 19)
        for index in 0..<codeCount { codeLengths[order[index]] = UInt8(try take(3)) }
        guard let codes = HuffmanTable(codeLengths) else { throw Damage(message: "a code table") }
        distances = codes
        var lengths: [UInt8] = []
        while lengths.count < literalCount + distanceCount {
            let value = try symbol(false)
            switch value {
            case 0..<16: lengths.append(UInt8(value))
            case 16:
                guard let last = lengths.last else { throw Damage(message: "a code table") }
                lengths += [UInt8](repeating: last, count: 3 + (try take(2)))
            case 17: lengths += [UInt8](repeating: 0, count: 3 + (try take(3)))
            default: lengths += [UInt8](repeating: 0, count: 11 + (try take(7)))
            }
        }
        guard lengths.count == literalCount + distanceCount,
            let literals = HuffmanTable(Array(lengths[..<literalCount])),
            let distances = HuffmanTable(Array(lengths[literalCount...]))
        else { throw Damage(message: "a code table") }
        self.literals = literals
        self.distances = distances
    }
}

/// Canonical Huffman codes (RFC 1951 §3.2.2) as one table over as many bits as the longest code
/// has.
struct HuffmanTable: Sendable {
    /// Symbol and, in the low four bits, the length of its code; 0 for no code.
    private var entries: [UInt16] = [0]
    private var mask: UInt64 = 0

    init() {}

    /// Nil when the lengths ask for more codes than there are.
    init?(_ lengths: [UInt8]) {
        let longest = Int(lengths.max() ?? 0)
        guard longest <= 15 else { return nil }
        var counts = [Int](repeating: 0, count: 17)
        for length in lengths where length > 0 { counts[Int(length)] += 1 }
        var left = 1
        for length in 1..<16 {
            left = left << 1 - counts[length]
            guard left >= 0 else { return nil }
        }
        var next = [Int](repeating: 0, count: 17)
        for length in 1..<16 { next[length + 1] = (next[length] + counts[length]) << 1 }
        entries = [UInt16](repeating: 0, count: 1 << longest)
        mask = UInt64(1) << UInt64(longest) &- 1
        for (symbol, length) in lengths.enumerated() where length > 0 {
            let width = Int(length)
            var place = 0
            for bit in 0..<width where next[width] >> bit & 1 == 1 {
                place |= 1 << (width - 1 - bit)
            }
            next[width] += 1
            let entry = UInt16(symbol) << 4 | UInt16(length)
            while place < entries.count {
                entries[place] = entry
                place += 1 << width
            }
        }
    }

    @inline(__always)
    func entry(_ bits: UInt64) -> UInt16 { entries[Int(truncatingIfNeeded: bits & mask)] }

    static let fixedLiterals =
        HuffmanTable(
            [UInt8](repeating: 8, count: 144) + [UInt8](repeating: 9, count: 112)
                + [UInt8](repeating: 7, count: 24) + [UInt8](repeating: 8, count: 8))
        ?? HuffmanTable()
    static let fixedDistances = HuffmanTable([UInt8](repeating: 5, count: 30)) ?? HuffmanTable()
}
