import KosCore
import KosNet
import KosTool

/// `--connect`: each named node is called and asked for its map of the mesh; what came of the first
/// try with each is told in one record. The calls go on afterwards.
final class RelayJoin {
    /// A login may take ten seconds.
    private static let patience = Duration.seconds(12)

    private var waiting: Set<Endpoint>
    private var failed: [String: String] = [:]
    /// Nodes whose map has come.
    private var mapped: Set<NodeID> = []
    private var connected: Set<NodeID> = []
    private let io: ToolIO
    private let driver: NodeDriver

    /// Nil where nobody is named.
    init?(_ endpoints: [Endpoint], _ host: NodeHost, _ io: ToolIO) {
        // A radio calls nobody: whoever is in reach is heard.
        waiting = Set(endpoints.filter { $0.transport != .lora })
        guard !waiting.isEmpty else { return nil }
        self.io = io
        driver = host.driver
        host.schedule(after: RelayJoin.patience) { [unowned self] in
            for endpoint in waiting { failed[endpoint.description] = "no answer in time" }
            try end()
        }
    }

    func mapCame(from peer: NodeID) { mapped.insert(peer) }

    func failed(_ endpoint: Endpoint, _ reason: String) throws {
        guard waiting.remove(endpoint) != nil else { return }
        failed[endpoint.description] = reason
        if waiting.isEmpty { try end() }
    }

    /// Looks who of those that are waited for is there by now.
    func look() throws {
        guard !waiting.isEmpty, !mapped.isEmpty else { return }
        for peer in mapped {
            for link in driver.node.links.all(to: peer)
            where waiting.remove(link.traits.remote) != nil {
                connected.insert(peer)
            }
        }
        if waiting.isEmpty { try end() }
    }

    private var isOver = false

    private func end() throws {
        guard !isOver else { return }
        isOver = true
        waiting = []
        let now = SystemClock.timestamp
        let known = driver.node.mesh.peerRecords(at: now, own: driver.node.node).map(\.nodeId)
        try io.output.write(
            JoinResultRecord(
                timestamp: now, connectedNodes: connected.count,
                meshSize: connected.union(known).union([driver.node.node]).count, failed: failed))
        try io.output.flush()
    }
}
