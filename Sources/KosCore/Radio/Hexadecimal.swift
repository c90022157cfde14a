/// Octets as pairs of hexadecimal digits, as several modem dialects carry them.
package enum Hexadecimal {
    package static func encode(_ octets: some Collection<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(octets.count * 2)
        for octet in octets {
            for nibble in [octet >> 4, octet & 0xF] {
                text.append(nibble < 10 ? 0x30 + nibble : 0x37 + nibble)
            }
        }
        return text
    }

    /// Nil for an odd number of digits or a foreign character.
    package static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count % 2 == 0 else { return nil }
        var octets: [UInt8] = []
        octets.reserveCapacity(text.count / 2)
        var high: UInt8?
        for character in text {
            let digit: UInt8
            switch character {
            case 0x30...0x39: digit = character - 0x30
            case 0x41...0x46: digit = character - 0x37
            case 0x61...0x66: digit = character - 0x57
            default: return nil
            }
            if let first = high {
                octets.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        return octets
    }

    package static func decode(_ text: String) -> [UInt8]? { decode(Array(text.utf8)) }
}
