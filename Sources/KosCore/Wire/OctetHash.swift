/// 128 bits that stand for some octets in a table: seeded, so that nobody outside can aim at a
/// collision. Not for signatures.
package struct OctetHash: Hashable, Sendable {
    private var high: UInt64
    private var low: UInt64

    package init(seed: UInt64) {
        high = seed ^ 0x9E37_79B9_7F4A_7C15
        low = seed &* 0xD6E8_FEB8_6659_FD93 | 1
    }

    /// As it was written down.
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    package var words: (high: UInt64, low: UInt64) { (high, low) }

    package mutating func add(_ text: borrowing Span<UInt8>, _ range: Range<Int>) {
        mix(UInt64(truncatingIfNeeded: range.count))
        var at = range.lowerBound
        while at + 8 <= range.upperBound {
            mix(text.word(at: at))
            at += 8
        }
        var tail: UInt64 = 0
        while at < range.upperBound {
            tail = tail << 8 | UInt64(text[at])
            at += 1
        }
        mix(tail)
    }

    /// It is a hash already, and seeded: another one over it would only cost.
    package func _rawHashValue(seed: Int) -> Int { Int(truncatingIfNeeded: low) ^ seed }

    /// The same in 64 bits.
    package var folded: Int64 { Int64(bitPattern: high ^ (low << 32 | low >> 32)) }

    private mutating func mix(_ word: UInt64) {
        let first = (high ^ word).multipliedFullWidth(by: 0x9FB2_1C65_1E98_DF25)
        let second = (low &+ word).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
        high = first.high ^ first.low ^ (low << 23 | low >> 41)
        low = second.high ^ second.low ^ first.low
    }
}
