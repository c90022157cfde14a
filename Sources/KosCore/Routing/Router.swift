/// A topology with what searches need of it, kept between questions.
package struct Router: Sendable {
    package let topology: Topology
    package let graph: Graph
    package var metric: Metric
    package var requirements: RouteRequirements
    /// Labels that an exact search may make before it gives up being exact.
    package var effort = 2_000_000
    /// What each link adds under `metric`; infinite where a requirement forbids it.
    package let weights: [Double]
    private var search: ShortestPath
    /// Whether some link states a bandwidth.
    let knowsBandwidth: Bool
    private var hints: Hints?
    /// What the exact search's bounds are made of, once it was needed.
    var sweeps: BoundSweeps?

    package init(
        _ topology: Topology, metric: Metric = .weight,
        requirements: RouteRequirements = RouteRequirements()
    ) {
        self.topology = topology
        self.metric = metric
        self.requirements = requirements
        graph = Graph(topology)
        knowsBandwidth = topology.rows.contains { $0.bandwidth.isFinite }
        weights = graph.weights(topology, by: metric, requirements: requirements)
        search = ShortestPath(graph, weights: weights)
    }

    /// The best route by the metric, additive limits left out of account.
    package mutating func shortest(
        from source: Int32, to target: Int32, by algorithm: RoutingAlgorithm = .dijkstra
    ) -> RouteCandidate? {
        let path: RoutePath?
        switch algorithm {
        case .astar:
            let hints =
                self.hints
                ?? Hints(
                    topology, graph, weights: weights, metric: metric,
                    count: graph.nodeCount > 200_000 ? 2 : 8)
            self.hints = hints
            path = search.path(from: source, to: target, hint: hints.hint(to: target))
        case .bidirectional:
            var both = BidirectionalSearch(graph, weights: weights)
            path = both.path(from: source, to: target)
        default:
            path = search.path(from: source, to: target)
        }
        return path.map { candidate($0, algorithm) }
    }

    /// Searches from `source` to everywhere: the nodes that can be reached, the source left out,
    /// the nearest first. `reached` has their routes one by one, as all may be too many.
    package mutating func reach(from source: Int32) -> [Int32] {
        _ = search.all(from: source)
        return search.reached().filter { $0 != source }
    }

    /// The route to a node that `reach` named.
    package func reached(_ target: Int32, from source: Int32) -> RouteCandidate? {
        search.path(to: target, from: source).map { candidate($0, .dijkstra) }
    }

    package func candidate(_ path: RoutePath, _ algorithm: RoutingAlgorithm) -> RouteCandidate {
        var candidate = RouteCandidate(
            path: path,
            totals: RouteTotals(
                path.links, in: topology, by: metric, requirements: requirements,
                assumesCost: !requirements.hasLimits && metric != .score && algorithm != .qos))
        candidate.algorithm = algorithm
        return candidate
    }

    /// Whether a route keeps every limit.
    package func isFeasible(_ totals: RouteTotals) -> Bool {
        totals.latency <= requirements.maxLatency ?? .infinity
            && totals.bandwidth >= requirements.minBandwidth ?? 0
            && totals.reliability >= requirements.minReliability ?? 0
            && totals.cost <= requirements.maxCost ?? .infinity
            && totals.hops <= requirements.maxHops ?? .max
    }
}
