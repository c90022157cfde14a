/// CRC-32/ISO-HDLC (reflected 04C11DB7): "123456789" gives CBF43926.
package enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { octet in
        (0..<8).reduce(UInt32(octet)) { sum, _ in
            sum & 1 != 0 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1
        }
    }

    package static func sum(_ octets: some Sequence<UInt8>) -> UInt32 {
        var sum: UInt32 = 0xFFFF_FFFF
        for octet in octets { sum = sum >> 8 ^ table[Int((sum ^ UInt32(octet)) & 0xFF)] }
        return ~sum
    }
}
