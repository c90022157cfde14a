/// CRC-32/ISO-HDLC (reflected 04C11DB7): "123456789" gives CBF43926.
package enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { octet in
        (0..<8).reduce(UInt32(octet)) { sum, _ in
            sum & 1 != 0 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1
        }
    }

    /// For eight octets at a time: table n is what n octets of zero make of the first.
    private static let tables: [[UInt32]] = (1..<8).reduce(into: [table]) { tables, number in
        let before = tables[number - 1]
        tables.append(before.map { $0 >> 8 ^ table[Int($0 & 0xFF)] })
    }

    package static func sum(_ octets: [UInt8]) -> UInt32 {
        let text = octets.span
        let tables = tables
        var sum: UInt32 = 0xFFFF_FFFF
        var at = 0
        while at + 8 <= text.count {
            let word = text.word(at: at) ^ UInt64(sum)
            sum = 0
            for number in 0..<8 {
                let octet = UInt8(truncatingIfNeeded: word >> UInt64(8 * number))
                sum ^= tables[7 - number][Int(octet)]
            }
            at += 8
        }
        while at < text.count {
            sum = sum >> 8 ^ tables[0][Int((sum ^ UInt32(text[at])) & 0xFF)]
            at += 1
        }
        return ~sum
    }

    package static func sum(_ octets: some Sequence<UInt8>) -> UInt32 {
        var sum: UInt32 = 0xFFFF_FFFF
        for octet in octets { sum = sum >> 8 ^ table[Int((sum ^ UInt32(octet)) & 0xFF)] }
        return ~sum
    }
}
