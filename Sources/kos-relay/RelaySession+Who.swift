import KosCore
import KosTool

/// Who is in the mesh, and on the backplane.
extension RelaySession {
    /// Every node that the relay knows to be attached to the mesh, or to the backplane.
    func who(_ answer: @escaping ([PeerRecord]) -> Void) {
        guard let node = host?.driver.node else { return answer([]) }
        let known = node.peerRecords(at: SystemClock.timestamp)
        guard let backplane else { return answer(known) }
        backplane.list { found in
            // The cluster knows better than what this relay happened to hear of others' nodes.
            let told = Set(found.map(\.claim.node))
            let own = known.filter {
                $0.metadata.relay == nil || node.attachments.isHere($0.nodeId.text)
                    || !told.contains($0.nodeId.text)
            }
            let names = Set(own.map(\.nodeId))
            let others = found.compactMap { presence -> PeerRecord? in
                guard let node = NodeID(presence.claim.node), !names.contains(node) else {
                    return nil
                }
                return MeshNode.attached(
                    node, to: presence.relay, since: presence.claim.epoch,
                    at: SystemClock.timestamp)
            }
            answer(own + others)
        }
    }
}
