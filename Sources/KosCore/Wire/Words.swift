extension Span<UInt8> {
    /// Eight octets from `offset`, the first one lowest. The core's one audited unsafe load: it is
    /// bounds-checked, unaligned, and of a type of which every bit pattern is a value.
    @inline(__always)
    package func word(at offset: Int) -> UInt64 {
        unsafe UInt64(
            littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Offset of the first quote, backslash or control octet at or after `start`; `count` if none.
    @inline(__always)
    package func endOfPlainText(from start: Int) -> Int {
        var at = start
        while at + 8 <= count {
            let word = word(at: at)
            let quotes = Words.zeros(word ^ 0x2222_2222_2222_2222)
            let slashes = Words.zeros(word ^ 0x5C5C_5C5C_5C5C_5C5C)
            let controls = (word &- 0x2020_2020_2020_2020) & ~word & Words.highBits
            let found = quotes | slashes | controls
            if found != 0 { return at + found.trailingZeroBitCount / 8 }
            at += 8
        }
        while at < count {
            let octet = self[at]
            if octet == 0x22 || octet == 0x5C || octet < 0x20 { return at }
            at += 1
        }
        return at
    }

    /// The same, ending at octets above 0x7F as well.
    @inline(__always)
    package func endOfPlainASCII(from start: Int) -> Int {
        var at = start
        while at + 8 <= count {
            let word = word(at: at)
            let quotes = Words.zeros(word ^ 0x2222_2222_2222_2222)
            let slashes = Words.zeros(word ^ 0x5C5C_5C5C_5C5C_5C5C)
            let controls = (word &- 0x2020_2020_2020_2020) & Words.highBits
            let found = quotes | slashes | controls | word & Words.highBits
            if found != 0 { return at + found.trailingZeroBitCount / 8 }
            at += 8
        }
        while at < count {
            let octet = self[at]
            if octet == 0x22 || octet == 0x5C || octet < 0x20 || octet > 0x7F { return at }
            at += 1
        }
        return at
    }

    /// Whether the `length` octets from `start` are those of `other` from `place`, which are there.
    @inline(__always)
    package func matches(
        from start: Int, _ other: borrowing Span<UInt8>, from place: Int, _ length: Int
    ) -> Bool {
        guard start + length <= count else { return false }
        var at = 0
        while at + 8 <= length {
            if word(at: start + at) != other.word(at: place + at) { return false }
            at += 8
        }
        while at < length {
            if self[start + at] != other[place + at] { return false }
            at += 1
        }
        return true
    }

    /// Offset of the first `octet` at or after `start`; nil if there is none.
    @inline(__always)
    package func firstOffset(of octet: UInt8, from start: Int) -> Int? {
        let pattern = UInt64(octet) &* 0x0101_0101_0101_0101
        var at = start
        while at + 32 <= count {
            let found =
                Words.zeros(word(at: at) ^ pattern) | Words.zeros(word(at: at + 8) ^ pattern)
                | Words.zeros(word(at: at + 16) ^ pattern)
                | Words.zeros(word(at: at + 24) ^ pattern)
            if found != 0 { break }
            at += 32
        }
        while at + 8 <= count {
            let found = Words.zeros(word(at: at) ^ pattern)
            if found != 0 { return at + found.trailingZeroBitCount / 8 }
            at += 8
        }
        while at < count {
            if self[at] == octet { return at }
            at += 1
        }
        return nil
    }

    /// Whether every octet is below 0x80.
    package var isASCII: Bool {
        var at = 0
        var bits: UInt64 = 0
        while at + 8 <= count {
            bits |= word(at: at)
            at += 8
        }
        while at < count {
            bits |= UInt64(self[at])
            at += 1
        }
        return bits & Words.highBits == 0
    }
}

extension [UInt8] {
    /// Whether both are one and the same storage, so that their octets need not be compared.
    package func isSame(as other: [UInt8]) -> Bool {
        guard count == other.count else { return false }
        let mine = unsafe withUnsafeBufferPointer { $0.baseAddress }
        return unsafe other.withUnsafeBufferPointer { unsafe $0.baseAddress == mine }
    }

    /// Appends the octets of `text` that lie in `range`, which must be within it.
    package mutating func append(_ text: borrowing Span<UInt8>, _ range: Range<Int>) {
        unsafe text.extracting(range).withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    /// Appends octets under a mask (RFC 6455 §5.3): the lowest octet of `key` is for the first.
    package mutating func append(unmasking text: borrowing Span<UInt8>, _ key: UInt32) {
        var place = count
        append(text, 0..<text.count)
        guard key != 0 else { return }
        let whole = UInt64(key) | UInt64(key) << 32
        var octets = mutableSpan
        var raw = unsafe octets.mutableBytes
        var at = 0
        while at + 8 <= text.count {
            raw.storeBytes(
                of: (text.word(at: at) ^ whole).littleEndian, toByteOffset: place, as: UInt64.self)
            at += 8
            place += 8
        }
        while at < text.count {
            let mask = UInt8(truncatingIfNeeded: key >> UInt32(8 * (at & 3)))
            raw.storeBytes(of: text[at] ^ mask, toByteOffset: place, as: UInt8.self)
            at += 1
            place += 1
        }
    }
}

/// Octet-parallel tests on a 64-bit word. The lowest bit set marks the first octet found; bits
/// above it may be false, which is why only the lowest one is used.
package enum Words {
    package static let highBits: UInt64 = 0x8080_8080_8080_8080

    @inline(__always)
    package static func zeros(_ word: UInt64) -> UInt64 {
        (word &- 0x0101_0101_0101_0101) & ~word & highBits
    }
}
