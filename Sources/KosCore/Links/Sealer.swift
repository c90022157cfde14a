/// Seals payloads to one node and opens those that were sealed to this one: HPKE base mode (RFC
/// 9180) with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and ChaCha20Poly1305.
package protocol Sealer: Sendable {
    /// X25519 public key of this node, 32 octets.
    var sealingKey: [UInt8] { get }
    /// The encapsulated key and the ciphertext behind it; nil for a key that is none.
    func seal(
        _ plain: [UInt8], to key: [UInt8], info: [UInt8], authenticating: [UInt8]
    ) -> [UInt8]?
    /// Nil when it was not sealed to this node, or something of it was changed.
    func open(_ sealed: [UInt8], info: [UInt8], authenticating: [UInt8]) -> [UInt8]?
}

extension Packet {
    /// Marks a packet whose payload is sealed.
    package static let sealedFlag = "sealed"

    package var isSealed: Bool { metadata.flags.contains(Packet.sealedFlag) }

    private var sealInfo: [UInt8] { Array("kos-seal-v1".utf8) + Array(destination.utf8) }

    /// What is bound to the seal: nobody else can pass the payload off as their own.
    private var sealedContext: [UInt8] {
        CanonicalJSON.octets(
            of: .object([
                "id": .string(id), "source": .string(source.text),
                "destination": .string(destination),
                "timestamp": .number(Double(timestamp.milliseconds)),
                "type": .string(metadata.type),
            ]))
    }

    /// The packet with its payload sealed to `key`; nil when that cannot be done.
    package func sealed(to key: [UInt8], by sealer: any Sealer) -> Packet? {
        let plain = Array(payload.text.utf8)
        guard
            let sealed = sealer.seal(
                plain, to: key, info: sealInfo, authenticating: sealedContext)
        else { return nil }
        var packet = self
        packet.payload = .object(["sealed": .string(Base64.encode(sealed))])
        packet.metadata.flags.append(Packet.sealedFlag)
        return packet
    }

    /// The packet with its payload as it was before it was sealed; nil when the seal is not for
    /// this node, or broken.
    package func opened(by sealer: any Sealer) -> Packet? {
        guard let text = payload.object?["sealed"]?.string, let sealed = Base64.decode(text),
            let plain = sealer.open(sealed, info: sealInfo, authenticating: sealedContext),
            let value = try? JSONValue(parsing: plain.span)
        else { return nil }
        var packet = self
        packet.payload = value
        // It was over the sealed payload.
        packet.signature = nil
        return packet
    }
}
