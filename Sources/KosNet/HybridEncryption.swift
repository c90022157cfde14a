import Crypto

/// HPKE in base mode (RFC 9180 §5.1.1): DHKEM(X25519, HKDF-SHA256), HKDF-SHA256,
/// ChaCha20Poly1305; the encapsulated key, then the ciphertext.
package enum HybridEncryption {
    private static let suite = HPKE.Ciphersuite.Curve25519_SHA256_ChachaPoly
    private static let keyOctets = 32

    package static func seal(
        _ plain: [UInt8], to key: [UInt8], info: [UInt8], authenticating: [UInt8]
    ) -> [UInt8]? {
        guard let recipient = try? Curve25519.KeyAgreement.PublicKey(rawRepresentation: key),
            var sender = try? HPKE.Sender(
                recipientKey: recipient, ciphersuite: suite,
                info: copy(info, as: recipient.rawRepresentation)),
            let sealed = try? sender.seal(plain, authenticating: authenticating)
        else { return nil }
        return Array(sender.encapsulatedKey) + sealed
    }

    /// With the private key `key`, 32 octets.
    package static func open(
        _ sealed: [UInt8], with key: [UInt8], info: [UInt8], authenticating: [UInt8]
    ) -> [UInt8]? {
        guard sealed.count > keyOctets,
            let own = try? Curve25519.KeyAgreement.PrivateKey(rawRepresentation: key)
        else { return nil }
        let shape = own.rawRepresentation
        guard
            var recipient = try? HPKE.Recipient(
                privateKey: own, ciphersuite: suite, info: copy(info, as: shape),
                encapsulatedKey: copy(sealed.prefix(keyOctets), as: shape)),
            let plain = try? recipient.open(
                Array(sealed.dropFirst(keyOctets)), authenticating: authenticating)
        else { return nil }
        return Array(plain)
    }

    /// Octets in the type that the library wants them in.
    private static func copy<Octets: RangeReplaceableCollection<UInt8>>(
        _ octets: some Sequence<UInt8>, as shape: Octets
    ) -> Octets { Octets(octets) }
}
