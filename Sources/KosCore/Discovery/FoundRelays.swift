/// Relays that discovery has found, and which of them a relay connects to: those whose announcement
/// is signed, a bounded number, and of two that find each other the one with the lower id calls.
package struct FoundRelays: Sendable {
    package enum Action: Hashable, Sendable {
        case connect(Endpoint)
        case disconnect(Endpoint)
    }

    private let own: NodeID
    private let limit: Int
    private var connected: [NodeID: Endpoint] = [:]
    /// Relays beyond the limit, to take the place of one that leaves.
    private var waiting: [NodeID: Endpoint] = [:]

    package init(own: NodeID, limit: Int) {
        self.own = own
        self.limit = max(0, limit)
    }

    package var count: Int { connected.count }

    /// Takes news of a peer.
    package mutating func take(_ peer: PeerRecord) -> [Action] {
        if peer.event == .left { return leave(peer.nodeId) }
        guard peer.nodeId > own, peer.metadata.signed == true,
            peer.capabilities.contains("relay"), connected[peer.nodeId] == nil,
            let endpoint = FoundRelays.endpoint(of: peer)
        else { return [] }
        guard connected.count < limit else {
            if waiting.count < 64 * max(1, limit) { waiting[peer.nodeId] = endpoint }
            return []
        }
        connected[peer.nodeId] = endpoint
        return [.connect(endpoint)]
    }

    private mutating func leave(_ node: NodeID) -> [Action] {
        waiting[node] = nil
        guard let endpoint = connected.removeValue(forKey: node) else { return [] }
        guard let next = waiting.keys.min(), let other = waiting.removeValue(forKey: next) else {
            return [.disconnect(endpoint)]
        }
        connected[next] = other
        return [.disconnect(endpoint), .connect(other)]
    }

    /// The first of its addresses that a relay can call, with the id that has to be there.
    private static func endpoint(of peer: PeerRecord) -> Endpoint? {
        let usable: [TransportType] = [.tcp, .tls, .ws, .wss, .udp]
        for transport in usable {
            for address in peer.addresses where address.type == transport {
                guard let port = address.port else { continue }
                let host = address.address.contains(":") ? "[\(address.address)]" : address.address
                let path = transport == .ws || transport == .wss ? "/" : ""
                let place = "\(transport.rawValue)://\(host):\(port)\(path)"
                let text = "\(place)?peer=\(peer.nodeId.text)"
                if let endpoint = Endpoint(text) { return endpoint }
            }
        }
        return nil
    }
}
