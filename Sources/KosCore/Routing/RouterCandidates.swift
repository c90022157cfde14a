extension Router {
    /// The candidates for one pair of nodes, the best first, rated against each other.
    ///
    /// Limits, `score` and `qos` ask for the exact search; `bandwidth` for the widest path; a count
    /// above one for alternatives; everything else is one shortest path by `algorithm`.
    package mutating func candidates(
        from source: Int32, to target: Int32, by algorithm: RoutingAlgorithm, count: Int = 1,
        disjoint: RouteRequest.Disjointness? = nil, front: Bool = false, metric: Metric? = nil
    ) -> [RouteCandidate] {
        let metric = metric ?? self.metric
        guard source != target else {
            return rated([RoutePath(source: source, target: target, links: [])], algorithm)
        }
        if let disjoint { return disjointRoutes(from: source, to: target, count, disjoint) }
        let isExact = algorithm == .qos || requirements.hasLimits || metric == .score || front
        if isExact {
            return exact(from: source, to: target, algorithm, metric, count: count, front: front)
        }
        if metric == .bandwidth {
            let path = WidestPath.path(
                from: source, to: target, in: graph, of: topology, weights: weights)
            return rated(path.map { [$0] } ?? [], algorithm)
        }
        guard count > 1 else {
            return rated(
                shortest(from: source, to: target, by: algorithm).map { [$0.path] } ?? [], algorithm
            )
        }
        var alternatives = Alternatives(graph, weights: weights)
        let paths = alternatives.paths(
            from: source, to: target, count: count, reverse: graph.reversed(weights))
        return rated(paths, algorithm)
    }

    private func rated(
        _ paths: [RoutePath], _ algorithm: RoutingAlgorithm,
        against references: ScoreReferences? = nil,
        isExact: Bool = true
    ) -> [RouteCandidate] {
        var candidates = paths.map { path in
            var candidate = candidate(path, algorithm)
            candidate.isExact = isExact
            return candidate
        }
        candidates.rate(requirements, topology, against: references)
        return candidates
    }

    private func disjointRoutes(
        from source: Int32, to target: Int32, _ count: Int, _ disjoint: RouteRequest.Disjointness
    ) -> [RouteCandidate] {
        var pair = DisjointPaths(
            graph, weights: weights, from: source, to: target, sharingNodes: disjoint == .links)
        let found = rated(pair.paths(max(2, count)), .dijkstra)
        return found.filter { isFeasible($0.totals) }
    }

    // MARK: The exact search

    private mutating func exact(
        from source: Int32, to target: Int32, _ algorithm: RoutingAlgorithm, _ metric: Metric,
        count: Int, front: Bool
    ) -> [RouteCandidate] {
        let bounds = RouteBounds(reverse(), topology, to: target, requirements)
        guard bounds.isOpen(Int(source)) else { return [] }
        let references = references(from: source, to: target, bounds)
        let objective: ExactSearch.Objective
        if front || count > 1 {
            objective = .front
        } else if metric == .weight || metric == .score {
            objective = .score(references)
        } else {
            objective = .metric(metric)
        }
        let outcome = run(objective, source, target, bounds)
        var found = rated(outcome.paths, algorithm, against: references, isExact: outcome.isExact)
        guard objective == .front else { return Array(found.prefix(1)) }
        found.sort { $0.score > $1.score }
        return Array(front ? found[...] : found.prefix(count))
    }

    private func run(
        _ objective: ExactSearch.Objective, _ source: Int32, _ target: Int32, _ bounds: RouteBounds
    ) -> ExactSearch.Outcome {
        var search = ExactSearch(
            graph, topology, weights: weights, bounds: bounds, from: source, to: target,
            requirements, objective: objective, effort: effort)
        return search.run()
    }

    /// What the score compares with: the limits, else the best among the routes that keep them. A
    /// latency that is compared with the best one scores nothing, whichever the best one is.
    private func references(
        from source: Int32, to target: Int32, _ bounds: RouteBounds
    ) -> ScoreReferences {
        var references = ScoreReferences(
            latency: requirements.maxLatency ?? 0,
            bandwidth: requirements.minBandwidth ?? bounds.bandwidth[Int(source)])
        guard requirements.minBandwidth == nil, requirements.isAdditive, knowsBandwidth else {
            return references
        }
        let widest = run(.metric(.bandwidth), source, target, bounds)
        if let path = widest.paths.first {
            references.bandwidth = RouteTotals(path.links, in: topology, by: .latency).bandwidth
        }
        return references
    }

    /// The graph by target, without the links that a requirement forbids.
    private mutating func reverse() -> Graph {
        guard requirements.minBandwidth != nil || requirements.isFilter else {
            let reverse = reversed ?? graph.reversed()
            reversed = reverse
            return reverse
        }
        return graph.filtered { _, _, link in requirements.allows(link, of: topology) }.reversed()
    }
}

extension RouteRequirements {
    /// Whether some limit in numbers was set.
    package var hasLimits: Bool { isAdditive || minBandwidth != nil }
}
