import Crypto

/// Hashes for names and targets.
package enum Digest {
    /// First 16 octets of SHA-256 of a public key, as lower-case hexadecimal digits: the short name
    /// that radio links use.
    package static func keyHash(_ publicKey: [UInt8]) -> String {
        SHA256.hash(data: publicKey).prefix(16).map { octet in
            (octet < 16 ? "0" : "") + String(octet, radix: 16)
        }.joined()
    }

    /// SHA-1, as the DHT's targets are made (BEP 5, BEP 44).
    package static func sha1(_ octets: [UInt8]) -> [UInt8] {
        Array(Insecure.SHA1.hash(data: octets))
    }
}
