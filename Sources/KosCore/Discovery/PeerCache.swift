/// Peers of earlier runs, as a file of records: what bootstrap asks when nobody is named. Bounded,
/// and what was not seen for long is forgotten.
package struct PeerCache: Sendable {
    package static let maxPeers = 256
    package static let maxAge = Duration.seconds(14 * 86400)
    package static let maxOctets = 1 << 20

    private var peers: [NodeID: PeerRecord] = [:]

    package init() {}

    /// Reads what `octets` wrote; lines that are no peers and peers that are too old are left out.
    package init(_ octets: [UInt8], at now: Timestamp) {
        var reader = NDJSONReader()
        let bounded = Array(octets.prefix(PeerCache.maxOctets))
        reader.append(bounded.span)
        while let event = reader.next() {
            guard case .line(_, let range) = event else { continue }
            let line = Array(reader.buffer[range])
            guard (try? RecordHead(line.span).type) == "peer",
                let peer = try? PeerRecord(RecordFields(parsing: line.span))
            else { continue }
            note(peer, at: now)
        }
    }

    package var count: Int { peers.count }

    /// Takes a peer with its addresses; one that left keeps those that it had.
    package mutating func note(_ peer: PeerRecord, at now: Timestamp) {
        guard peer.event != .left, !peer.addresses.isEmpty, peer.metadata.isSelf != true,
            now - peer.metadata.lastSeen < PeerCache.maxAge,
            peer.metadata.lastSeen >= peers[peer.nodeId]?.metadata.lastSeen
                ?? peer.metadata.lastSeen
        else { return }
        peers[peer.nodeId] = peer
        guard peers.count > PeerCache.maxPeers else { return }
        let oldest = peers.values.min { PeerCache.isNewer($1, than: $0) }
        if let oldest { peers[oldest.nodeId] = nil }
    }

    /// The file, the newest first.
    package var octets: [UInt8] { records.flatMap(\.line) }

    package func contains(_ node: NodeID) -> Bool { peers[node] != nil }

    /// The newest first.
    package var records: [PeerRecord] {
        peers.values.sorted { PeerCache.isNewer($0, than: $1) }
    }

    private static func isNewer(_ left: PeerRecord, than right: PeerRecord) -> Bool {
        (right.metadata.lastSeen, left.nodeId) < (left.metadata.lastSeen, right.nodeId)
    }

    /// Where up to `limit` of them can be asked: one stream address a peer that has a key.
    package func endpoints(limit: Int) -> [Endpoint] {
        var endpoints: [Endpoint] = []
        for peer in records where endpoints.count < limit && peer.nodeId.publicKey != nil {
            if let endpoint = peer.addresses.streamEndpoint, !endpoints.contains(endpoint) {
                endpoints.append(endpoint)
            }
        }
        return endpoints
    }
}
