/// Base58 with Bitcoin's alphabet, as multibase `z` and did:key use it.
package enum Base58 {
    private static let alphabet = Array(
        "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".utf8)

    package static func encode(_ octets: [UInt8]) -> String {
        var digits: [UInt8] = []
        for octet in octets {
            var carry = Int(octet)
            for index in digits.indices {
                carry += Int(digits[index]) << 8
                digits[index] = UInt8(carry % 58)
                carry /= 58
            }
            while carry > 0 {
                digits.append(UInt8(carry % 58))
                carry /= 58
            }
        }
        let zeros = octets.prefix { $0 == 0 }.count
        let text =
            [UInt8](repeating: alphabet[0], count: zeros)
            + digits.reversed().map { alphabet[Int($0)] }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil when a character is not of the alphabet, or past 128 characters (the work is quadratic).
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        guard text.utf8.count <= 128 else { return nil }
        var octets: [UInt8] = []
        for character in text.utf8 {
            guard let digit = alphabet.firstIndex(of: character) else { return nil }
            var carry = digit
            for index in octets.indices {
                carry += Int(octets[index]) * 58
                octets[index] = UInt8(carry & 0xFF)
                carry >>= 8
            }
            while carry > 0 {
                octets.append(UInt8(carry & 0xFF))
                carry >>= 8
            }
        }
        let zeros = text.utf8.prefix { $0 == alphabet[0] }.count
        return [UInt8](repeating: 0, count: zeros) + octets.reversed()
    }
}

/// Base64 (RFC 4648 §4), padded, as `{"base64":…}` and signatures use it; decoding also takes the
/// URL alphabet of §5 and missing padding.
package enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    package static func encode(_ octets: some Collection<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((octets.count + 2) / 3 * 4)
        var word: UInt32 = 0
        var held = 0
        for octet in octets {
            word = word << 8 | UInt32(octet)
            held += 1
            if held == 3 {
                for shift in [18, 12, 6, 0] {
                    text.append(alphabet[Int(word >> UInt32(shift)) & 63])
                }
                word = 0
                held = 0
            }
        }
        if held == 1 {
            text += [alphabet[Int(word >> 2) & 63], alphabet[Int(word << 4) & 63], 0x3D, 0x3D]
        } else if held == 2 {
            text += [alphabet[Int(word >> 10) & 63], alphabet[Int(word >> 4) & 63]]
            text += [alphabet[Int(word << 2) & 63], 0x3D]
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil when a character is foreign or the length cannot be.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var octets: [UInt8] = []
        octets.reserveCapacity(text.utf8.count / 4 * 3)
        var word: UInt32 = 0
        var bits = 0
        var padding = 0
        for character in text.utf8 {
            if character == 0x3D {
                padding += 1
                continue
            }
            guard padding == 0, let value = sextet(character) else { return nil }
            word = word << 6 | value
            bits += 6
            if bits >= 8 {
                bits -= 8
                octets.append(UInt8(truncatingIfNeeded: word >> UInt32(bits)))
            }
        }
        // Padded to a multiple of four or not at all; no bit set that carries nothing.
        guard padding == 0 || padding <= 2 && text.utf8.count % 4 == 0, bits < 6,
            word & (1 << UInt32(bits) - 1) == 0
        else { return nil }
        return octets
    }

    private static func sextet(_ character: UInt8) -> UInt32? {
        switch character {
        case 0x41...0x5A: UInt32(character) - 0x41
        case 0x61...0x7A: UInt32(character) - 0x61 + 26
        case 0x30...0x39: UInt32(character) - 0x30 + 52
        case 0x2B, 0x2D: 62
        case 0x2F, 0x5F: 63
        default: nil
        }
    }
}
