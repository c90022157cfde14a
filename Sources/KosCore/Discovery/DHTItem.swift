/// A mutable item of the DHT (BEP 44): a value under a public key and a salt, signed, with a number
/// that only rises.
package struct DHTItem: Hashable, Sendable {
    package static let maxValue = 1000
    package static let maxSalt = 64

    package var publicKey: [UInt8]
    package var salt: [UInt8]
    package var sequence: Int64
    package var value: Bencode
    /// Ed25519, 64 octets.
    package var signature: [UInt8]

    package init(
        publicKey: [UInt8], salt: [UInt8], sequence: Int64, value: Bencode, signature: [UInt8]
    ) {
        self.publicKey = publicKey
        self.salt = salt
        self.sequence = sequence
        self.value = value
        self.signature = signature
    }

    /// What is signed: `4:salt…` where there is a salt, then `3:seqi…e1:v…`.
    package static func signedOctets(salt: [UInt8], sequence: Int64, value: Bencode) -> [UInt8] {
        let head = salt.isEmpty ? [] : Array("4:salt\(salt.count):".utf8) + salt
        return head + Array("3:seqi\(sequence)e1:v".utf8) + value.encoded
    }

    package init(salt: [UInt8], sequence: Int64, value: Bencode, signer: some Signer) {
        self.init(
            publicKey: signer.node.publicKey ?? [], salt: salt, sequence: sequence, value: value,
            signature: signer.sign(
                DHTItem.signedOctets(salt: salt, sequence: sequence, value: value)))
    }

    /// Whether sizes are legal and the signature is the key's.
    package func isValid(by verifier: some Verifier) -> Bool {
        guard signature.count == 64, salt.count <= DHTItem.maxSalt,
            value.encoded.count <= DHTItem.maxValue,
            let node = NodeID(publicKey: publicKey)
        else { return false }
        let octets = DHTItem.signedOctets(salt: salt, sequence: sequence, value: value)
        return verifier.isValid(signature, of: octets, by: node)
    }
}
