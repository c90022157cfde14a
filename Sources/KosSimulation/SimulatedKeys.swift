package import KosCore

/// Keys for simulations: a signature is a keyed hash that only the holder of a number can make. It
/// keeps forgeries of the simulated kind out and costs next to nothing; it is no cryptography.
package struct SimulatedKeys: Signer {
    package let node: NodeID
    private let seed: UInt64
    private let secret: UInt64

    package init?(number: Int, seed: UInt64) {
        self.seed = seed
        var dice = SplitMix64(seed: seed &+ UInt64(number) &* 0x9E37_79B9)
        var octets: [UInt8] = []
        for _ in 0..<4 {
            let word = dice.next()
            for shift: UInt64 in stride(from: 0, to: 64, by: 8) {
                octets.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        guard let node = NodeID(publicKey: octets) else { return nil }
        self.node = node
        secret = SimulatedKeys.secret(of: node, seed: seed)
    }

    package static func verifier(seed: UInt64) -> any Verifier { Judge(seed: seed) }

    package func sign(_ message: [UInt8]) -> [UInt8] {
        SimulatedKeys.sum(message, secret: secret)
    }

    package func token(for context: [UInt8]) -> [UInt8] {
        Array(SimulatedKeys.sum(context, secret: secret ^ 1).prefix(32))
    }

    private static func secret(of node: NodeID, seed: UInt64) -> UInt64 {
        var state = seed ^ 0xA5A5_5A5A_1234_8765
        for octet in node.text.utf8 { state = (state ^ UInt64(octet)) &* 0x100_0000_01B3 }
        return state
    }

    private static func sum(_ message: [UInt8], secret: UInt64) -> [UInt8] {
        var state = secret
        for octet in message { state = (state ^ UInt64(octet)) &* 0x100_0000_01B3 }
        var dice = SplitMix64(seed: state)
        var octets: [UInt8] = []
        octets.reserveCapacity(64)
        for _ in 0..<8 {
            let word = dice.next()
            for shift: UInt64 in stride(from: 0, to: 64, by: 8) {
                octets.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        return octets
    }

    private struct Judge: Verifier {
        let seed: UInt64
        func isValid(_ signature: [UInt8], of message: [UInt8], by node: NodeID) -> Bool {
            SimulatedKeys.sum(message, secret: SimulatedKeys.secret(of: node, seed: seed))
                == signature
        }
    }
}
