/// What a routing protocol is asked: to carry one datagram through a topology.
package struct ProtocolQuestion: Sendable {
    package let algorithm: RoutingAlgorithm
    /// By node; for each node those that hear it.
    package let names: [NodeID]
    package let heard: [[Int]]
    package let source: Int
    package let target: Int
    /// Whether a rule chose the protocol: it is not to take long then.
    package let isChosen: Bool

    /// Nodes beyond which a protocol is not run when a rule chose it, and at all.
    package static let maxChosen = 200
    package static let maxNodes = 20_000

    init(
        _ router: Router, from source: Int32, to target: Int32, by algorithm: RoutingAlgorithm,
        isChosen: Bool
    ) {
        let topology = router.topology
        let graph = router.graph
        self.algorithm = algorithm
        self.isChosen = isChosen
        let isBounded = graph.nodeCount <= ProtocolQuestion.maxNodes
        names =
            isBounded
            ? (0..<Int32(graph.nodeCount)).compactMap { NodeID(topology.name(of: $0)) } : []
        heard =
            isBounded
            ? (0..<Int32(graph.nodeCount)).map { node in
                graph.row(node).filter { router.weights[$0].isFinite }
                    .map { Int(graph.targets[$0]) }
            } : []
        self.source = Int(source)
        self.target = Int(target)
    }
}

/// What became of it.
package enum ProtocolOutcome: Sendable {
    /// The nodes that the datagram passed, both ends included, and what it took to find them.
    case path([Int], String)
    case none(String)
}

package typealias ProtocolRun = @Sendable (ProtocolQuestion) -> ProtocolOutcome

extension Router {
    /// The path over `nodes`, of parallel links the lightest.
    func path(_ nodes: [Int]) -> RoutePath {
        var links: [Int32] = []
        for (from, to) in zip(nodes, nodes.dropFirst()) {
            let slots = graph.row(Int32(from)).filter { graph.targets[$0] == Int32(to) }
            if let best = slots.min(by: { weights[$0] < weights[$1] }) {
                links.append(graph.links[best])
            }
        }
        return RoutePath(
            source: Int32(nodes.first ?? 0), target: Int32(nodes.last ?? 0), links: links)
    }
}
