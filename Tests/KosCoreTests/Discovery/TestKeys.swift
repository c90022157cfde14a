import KosCore

/// Stands in for Ed25519 where a test is about who believes what: a signature is a keyed sum of the
/// message, which only the holder of the number behind a node id can make.
struct TestKeys: Signer, Verifier {
    let node: NodeID
    private let octets: [UInt8]

    init(_ number: UInt8) {
        octets = [UInt8](repeating: number, count: 32)
        guard let node = NodeID(publicKey: octets) else {
            preconditionFailure("32 octets make a key")
        }
        self.node = node
    }

    func sign(_ message: [UInt8]) -> [UInt8] { TestKeys.sum(octets, message) }

    func token(for context: [UInt8]) -> [UInt8] {
        Array(TestKeys.sum(octets, [0] + context).prefix(32))
    }

    func isValid(_ signature: [UInt8], of message: [UInt8], by node: NodeID) -> Bool {
        node.publicKey.map { TestKeys.sum($0, message) == signature } ?? false
    }

    static func sum(_ key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        var state: UInt64 = 0xCBF2_9CE4_8422_2325
        var signature: [UInt8] = []
        for round in 0..<8 {
            for octet in key + message + [UInt8(round)] {
                state = (state ^ UInt64(octet)) &* 0x100_0000_01B3
            }
            for shift in 0..<8 {
                signature.append(UInt8(truncatingIfNeeded: state >> UInt64(8 * shift)))
            }
        }
        return signature
    }

    /// A hash of 20 octets for places in the DHT.
    static func hash(_ octets: [UInt8]) -> [UInt8] { Array(sum([], octets).prefix(20)) }
}
