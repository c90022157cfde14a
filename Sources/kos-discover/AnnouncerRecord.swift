import KosCore
import KosCrypto
import KosNet
import KosTool

/// What is announced.
extension Announcer {
    /// What this node says of itself now; signed.
    func announcement() -> PeerAnnouncement {
        PeerAnnouncement(
            nodeId: identity.node, capabilities: options.capability, endpoints: endpoints,
            timestamp: SystemClock.timestamp, ttlMs: Int(ttl.nanoseconds / 1_000_000)
        ).fittingTXT().signed(by: identity)
    }

    func record() throws -> TXTRecord {
        let hash = identity.node.publicKey.map(Digest.keyHash)
        guard let record = announcement().txt(keyHash: hash) else {
            throw ToolFailure.usage(
                "the --listen endpoints do not fit into an announcement", hint: "name fewer of them"
            )
        }
        return record
    }
}
