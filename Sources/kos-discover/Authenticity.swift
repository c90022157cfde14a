import KosCore
import KosCrypto
import KosNet
import KosTool

/// This node's key, and the check of others'.
enum Authenticity {
    static let verifier = SignatureVerifier()

    /// This node's id, if it has a key already.
    static func knownNode(_ io: ToolIO) -> NodeID? {
        guard let path = try? io.directories.file("identity.pem", in: .data),
            !SmallFile.read(path, limit: 1).isEmpty
        else { return nil }
        return try? identity(io).node
    }

    /// What a signed node info that came over a radio is worth.
    static func trust(_ packet: Packet, _ object: JSONObject, _ info: NodeInfo) -> Trust {
        switch Packet.signatureState(of: object, by: verifier) {
        case .ok: .signed(sequence: Int64(info.sequence))
        case .bad: .forged
        case .missing: packet.source.publicKey == nil ? .opaque : .unsigned
        }
    }

    /// The key of this node, made on first need.
    static func identity(_ io: ToolIO) throws -> NodeIdentity {
        try NodeIdentity(path: io.directories.file("identity.pem", in: .data))
    }
}
