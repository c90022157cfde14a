import KosCore

/// Whether octets were signed by the key that a node id names.
enum Authenticity {
    static func verify(_ signer: NodeID, _ octets: [UInt8], _ signature: [UInt8]) -> Bool {
        false
    }
}
