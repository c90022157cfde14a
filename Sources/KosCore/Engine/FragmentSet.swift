/// Which of the fragments of one transfer are meant: bit n for index n.
package struct FragmentSet: Hashable, Sendable {
    package let count: Int
    private var low: UInt64
    /// Indices from 64 on.
    private var high: [UInt64]

    /// None of `count` fragments.
    package init(count: Int) {
        self.count = count
        low = 0
        high = count > 64 ? [UInt64](repeating: 0, count: (count - 1) / 64) : []
    }

    /// The fragments whose bits are set in `octets`, the lowest indices in the first octet.
    package init(count: Int, octets: ArraySlice<UInt8>) {
        self.init(count: count)
        for (place, octet) in octets.enumerated() where octet != 0 {
            for bit in 0..<8 where octet & 1 << UInt8(bit) != 0 { insert(place * 8 + bit) }
        }
    }

    package static func all(_ count: Int) -> FragmentSet {
        var set = FragmentSet(count: count)
        for index in 0..<count { set.insert(index) }
        return set
    }

    package var octets: [UInt8] {
        (0..<(count + 7) / 8).map { place in
            UInt8(truncatingIfNeeded: word(place / 8) >> UInt64(place % 8 * 8))
        }
    }

    /// The first 64 bits.
    package var bits: UInt64 { low }

    private func word(_ number: Int) -> UInt64 { number == 0 ? low : high[number - 1] }

    package func contains(_ index: Int) -> Bool {
        (0..<count).contains(index) && word(index / 64) & 1 << UInt64(index % 64) != 0
    }

    /// True when it was not there.
    @discardableResult
    package mutating func insert(_ index: Int) -> Bool {
        guard (0..<count).contains(index), !contains(index) else { return false }
        let bit: UInt64 = 1 << UInt64(index % 64)
        if index < 64 { low |= bit } else { high[index / 64 - 1] |= bit }
        return true
    }

    package var members: Int {
        high.reduce(low.nonzeroBitCount) { $0 + $1.nonzeroBitCount }
    }
    package var isComplete: Bool { members == count }

    /// The indices that are not in it, in order.
    package var missing: [Int] { (0..<count).filter { !contains($0) } }
}
