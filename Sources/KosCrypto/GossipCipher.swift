import Crypto
import KosCore

/// AES-GCM with a nonce by chance, as memberlist seals its packets.
package struct GossipCipher: PacketCipher {
    package init() {}

    package func seal(_ plain: [UInt8], key: [UInt8], authenticating: [UInt8]) -> [UInt8]? {
        guard [16, 24, 32].contains(key.count) else { return nil }
        let box = try? AES.GCM.seal(
            plain, using: SymmetricKey(data: key), authenticating: authenticating)
        return box?.combined.map { Array($0) }
    }

    package func open(_ sealed: [UInt8], key: [UInt8], authenticating: [UInt8]) -> [UInt8]? {
        guard [16, 24, 32].contains(key.count),
            let box = try? AES.GCM.SealedBox(combined: sealed),
            let plain = try? AES.GCM.open(
                box, using: SymmetricKey(data: key), authenticating: authenticating)
        else { return nil }
        return Array(plain)
    }
}
