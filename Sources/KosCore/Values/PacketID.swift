/// Name of a packet: a UUID of version 7 (RFC 9562 §5.7), so that ids sort by the time they were
/// made.
package struct PacketID: Hashable, Sendable, CustomStringConvertible {
    package let high: UInt64
    package let low: UInt64

    /// 48 bits of wall clock, then 74 bits from `random`.
    package init(at time: Timestamp, using random: inout some RandomNumberGenerator) {
        let stamp = UInt64(truncatingIfNeeded: time.milliseconds) & 0xFFFF_FFFF_FFFF
        high = stamp << 16 | 0x7000 | (random.next() & 0x0FFF)
        low = 0x8000_0000_0000_0000 | (random.next() >> 2)
    }

    /// Lower-case text in the usual 8-4-4-4-12 form.
    package var description: String {
        var octets: [UInt8] = []
        octets.reserveCapacity(36)
        for (index, word) in [high, low].enumerated() {
            for nibble in 0..<16 {
                let digit = UInt8(truncatingIfNeeded: word >> (60 - 4 * UInt64(nibble))) & 0xF
                octets.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
                let place = index * 16 + nibble
                if place == 7 || place == 11 || place == 15 || place == 19 { octets.append(0x2D) }
            }
        }
        return String(decoding: octets, as: UTF8.self)
    }
}
