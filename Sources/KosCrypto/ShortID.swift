import Crypto
package import KosCore

/// The 16 octets by which radio links name a node: the first half of SHA-256 of its public key.
package enum ShortID {
    /// Nil for an id that names no key.
    package static func octets(of node: NodeID) -> [UInt8]? {
        node.publicKey.map { Array(SHA256.hash(data: $0).prefix(16)) }
    }
}
