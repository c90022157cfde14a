import KosCore

/// A running digest of a simulation: equal for equal runs, and different, but for chance, for
/// others. It guards against nondeterminism, not against malice.
package struct Fingerprint: Hashable, Sendable {
    package private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    package init() {}

    package mutating func mix(_ word: UInt64) {
        let digest = (value ^ word) &* 0x0000_0100_0000_01B3
        value = digest ^ (digest >> 29)
    }

    package mutating func mix(_ bytes: [UInt8]) {
        let span = bytes.span
        var offset = 0
        while offset + 8 <= span.count {
            mix(span.word(at: offset))
            offset += 8
        }
        while offset < span.count {
            mix(UInt64(span[offset]))
            offset += 1
        }
    }
}
