/// An Ed25519 key as NATS writes it: base32 (RFC 4648, without padding) of a prefix that tells what
/// the key is for, its 32 octets, and their CRC-16 (XMODEM), low octet first.
package enum NKey {
    /// The prefix of a user's public key; it makes the text begin with U.
    private static let user: UInt8 = 20 << 3

    /// The name of a user who has this public key.
    package static func user(_ publicKey: [UInt8]) -> String {
        let body = [user] + publicKey
        let sum = checksum(body)
        return base32(body + [UInt8(truncatingIfNeeded: sum), UInt8(truncatingIfNeeded: sum >> 8)])
    }

    private static func checksum(_ octets: [UInt8]) -> UInt16 {
        var sum: UInt16 = 0
        for octet in octets {
            sum ^= UInt16(octet) << 8
            for _ in 0..<8 { sum = sum & 0x8000 != 0 ? sum << 1 ^ 0x1021 : sum << 1 }
        }
        return sum
    }

    private static func base32(_ octets: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)
        var text: [UInt8] = []
        var bits = 0
        var held: UInt32 = 0
        for octet in octets {
            held = held << 8 | UInt32(octet)
            bits += 8
            while bits >= 5 {
                bits -= 5
                text.append(alphabet[Int(held >> UInt32(bits) & 31)])
            }
            held &= (1 << UInt32(bits)) - 1
        }
        if bits > 0 { text.append(alphabet[Int(held << UInt32(5 - bits) & 31)]) }
        return String(decoding: text, as: UTF8.self)
    }
}
