/// BEP 42: a node's id follows from its address, so that nobody can choose a place next to a key.
package enum DHTIdentity {
    /// CRC-32C (Castagnoli), reflected, as RFC 3720 has it.
    package static func crc32c(_ octets: some Sequence<UInt8>) -> UInt32 {
        var crc: UInt32 = 0xFFFF_FFFF
        for octet in octets {
            crc ^= UInt32(octet)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
        }
        return ~crc
    }

    /// The first 21 bits that an id at `address` has, for the random octet `r`.
    private static func prefix(of address: IPAddress, r: UInt8) -> UInt32 {
        let mask: [UInt8] =
            address.isIPv6
            ? [0x01, 0x03, 0x07, 0x0F, 0x1F, 0x3F, 0x7F, 0xFF] : [0x03, 0x0F, 0x3F, 0xFF]
        var octets = zip(address.octets, mask).map { $0 & $1 }
        octets[0] |= (r & 7) << 5
        return crc32c(octets)
    }

    /// An id that fits `address`; the rest of it is chance.
    package static func key(
        at address: IPAddress, using random: inout some RandomNumberGenerator
    ) -> DHTKey {
        let r = UInt8(truncatingIfNeeded: random.next())
        let crc = prefix(of: address, r: r)
        var octets = DHTKey.random(using: &random).octets
        octets[0] = UInt8(truncatingIfNeeded: crc >> 24)
        octets[1] = UInt8(truncatingIfNeeded: crc >> 16)
        octets[2] = UInt8(truncatingIfNeeded: crc >> 8) & 0xF8 | octets[2] & 0x07
        octets[19] = r
        return DHTKey(octets) ?? .random(using: &random)
    }

    /// Whether `key` may live at `address`. Addresses that never leave a network are free (BEP 42).
    package static func isValid(_ key: DHTKey, at address: IPAddress) -> Bool {
        if address.isLoopback || address.isPrivate || address.isLinkLocal { return true }
        let octets = key.octets
        let crc = prefix(of: address, r: octets[19])
        return octets[0] == UInt8(truncatingIfNeeded: crc >> 24)
            && octets[1] == UInt8(truncatingIfNeeded: crc >> 16)
            && octets[2] & 0xF8 == UInt8(truncatingIfNeeded: crc >> 8) & 0xF8
    }
}
