import Crypto
package import KosCore

/// Ed25519 verification against the key that a node id names.
package struct SignatureVerifier: Verifier {
    package init() {}

    package func isValid(_ signature: [UInt8], of message: [UInt8], by node: NodeID) -> Bool {
        guard let octets = node.publicKey,
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: octets)
        else { return false }
        return key.isValidSignature(signature, for: message)
    }
}
