extension Router {
    /// The candidates for one pair of nodes, the best first, rated against each other.
    ///
    /// Limits, `score` and `qos` ask for the exact search; `bandwidth` for the widest path; a count
    /// above one for alternatives; everything else is one shortest path by `algorithm`.
    package mutating func candidates(
        from source: Int32, to target: Int32, by algorithm: RoutingAlgorithm, count: Int = 1,
        disjoint: Disjointness? = nil, front: Bool = false, metric: Metric? = nil
    ) -> [RouteCandidate] {
        let metric = metric ?? self.metric
        guard source != target else {
            return rated([RoutePath(source: source, target: target, links: [])], algorithm)
        }
        let isExact = algorithm == .qos || requirements.hasLimits || metric == .score || front
        if let disjoint, !isExact {
            return disjointRoutes(from: source, to: target, count, disjoint)
        }
        if isExact {
            guard let question = question(from: source, to: target, metric) else { return [] }
            if let disjoint { return exactDisjoint(question, max(2, count), disjoint, algorithm) }
            if front { return self.front(question, algorithm) }
            return exact(question, algorithm, count: count)
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
        from source: Int32, to target: Int32, _ count: Int, _ disjoint: Disjointness
    ) -> [RouteCandidate] {
        var pair = DisjointPaths(
            graph, weights: weights, from: source, to: target, sharingNodes: disjoint == .links)
        return rated(pair.paths(max(2, count)), .dijkstra)
    }

    // MARK: The exact search

    /// What stays the same while routes between two nodes are searched for under limits.
    private struct Question {
        var source: Int32
        var target: Int32
        var bounds: RouteBounds
        var references: ScoreReferences
        /// Whether the references are what they are said to be.
        var isExact = true
        var objective: ExactSearch.Objective
    }

    /// Nil when no route can keep the limits.
    private mutating func question(
        from source: Int32, to target: Int32, _ metric: Metric
    ) -> Question? {
        let bounds = RouteBounds(boundSweeps(), from: source, to: target, requirements)
        guard bounds.isOpen(Int(source)) else { return nil }
        let (references, isExact) = references(from: source, to: target, bounds)
        return Question(
            source: source, target: target, bounds: bounds, references: references,
            isExact: isExact,
            objective: metric == .weight || metric == .score
                ? .score(references) : .metric(metric))
    }

    private func front(_ question: Question, _ algorithm: RoutingAlgorithm) -> [RouteCandidate] {
        var question = question
        question.objective = .front
        let outcome = run(question, effort: effort)
        let found = rated(
            outcome.paths, algorithm, against: question.references, isExact: outcome.isExact)
        return found.sorted { $0.score > $1.score }
    }

    /// The best routes by the objective, whether or not another one beats them in every respect.
    private func exact(
        _ question: Question, _ algorithm: RoutingAlgorithm, count: Int
    ) -> [RouteCandidate] {
        guard count > 1 else {
            let outcome = run(question, effort: effort)
            return rated(
                Array(outcome.paths.prefix(1)), algorithm, against: question.references,
                isExact: outcome.isExact)
        }
        var alternatives = alternatives(question)
        while alternatives.found.count < count, alternatives.next() != nil {}
        return rated(
            alternatives.found, algorithm, against: question.references,
            isExact: alternatives.isExact)
    }

    /// Two routes that share no link, or no node but their ends, and are the best together: each
    /// route in its order is paired with the best that keeps away from it, until no later one can
    /// make a better pair. A third one and more are added one by one, which is not exact.
    private func exactDisjoint(
        _ question: Question, _ count: Int, _ disjoint: Disjointness,
        _ algorithm: RoutingAlgorithm
    ) -> [RouteCandidate] {
        var firsts = alternatives(question)
        var best: [RoutePath] = []
        var least = Double.infinity
        var isExact = true
        while let path = firsts.next() {
            let key = key(path, question)
            if 2 * key >= least { break }
            let (other, isWhole) = self.apart(from: [path], question, disjoint)
            if !isWhole { isExact = false }
            if let other, key + self.key(other, question) < least {
                least = key + self.key(other, question)
                best = [path, other]
            }
            if best.isEmpty { best = [path] }
            guard firsts.found.count < 256, firsts.isExact else {
                isExact = false
                break
            }
        }
        while best.count >= 2, best.count < count {
            isExact = false
            guard let next = apart(from: best, question, disjoint).path else { break }
            best.append(next)
        }
        return rated(best, algorithm, against: question.references, isExact: isExact)
    }

    /// The best route that shares nothing with `paths`.
    private func apart(
        from paths: [RoutePath], _ question: Question, _ disjoint: Disjointness
    ) -> (path: RoutePath?, isExact: Bool) {
        var root = ExactSearch.Root()
        for path in paths {
            root.closed.formUnion(path.links)
            if disjoint == .nodes {
                root.blocked.formUnion(path.nodes(in: topology).dropLast())
            }
        }
        let outcome = run(question, effort: effort, root: root)
        return (outcome.paths.first, outcome.isExact)
    }

    private func alternatives(_ question: Question) -> ExactAlternatives {
        let router = self
        var left = effort
        return ExactAlternatives(topology) { root in
            let outcome = router.run(question, effort: max(1, left), root: root)
            left -= outcome.work
            return (outcome.paths.first, outcome.isExact)
        } key: {
            router.key($0, question)
        }
    }

    /// What the objective orders by, smaller being better.
    private func key(_ path: RoutePath, _ question: Question) -> Double {
        switch question.objective {
        case .metric(.bandwidth):
            -RouteTotals(path.links, in: topology, by: .latency).bandwidth
        case .metric(let metric):
            RouteTotals(path.links, in: topology, by: metric, requirements: requirements).weight
        case .score, .front:
            -ScoreParts(
                RouteTotals(path.links, in: topology, by: .latency), question.references
            ).score(requirements.weights)
        }
    }

    private func run(
        _ question: Question, effort: Int, root: ExactSearch.Root = ExactSearch.Root(),
        stopsAtFirst: Bool = false
    ) -> ExactSearch.Outcome {
        var search = ExactSearch(
            graph, topology, weights: weights, bounds: question.bounds, from: question.source,
            to: question.target, requirements, objective: question.objective, effort: effort,
            root: root)
        search.stopsAtFirst = stopsAtFirst
        if let sweeps {
            search.shares = { [topology, requirements] in
                LimitShares(sweeps, topology, to: question.target, requirements)
            }
        }
        var outcome = search.run()
        if !question.isExact { outcome.isExact = false }
        return outcome
    }

    /// What the score compares with: the limits, else the best among the routes that keep them. A
    /// latency that is compared with the best one scores nothing, whichever the best one is.
    private func references(
        from source: Int32, to target: Int32, _ bounds: RouteBounds
    ) -> (ScoreReferences, isExact: Bool) {
        var references = ScoreReferences(
            latency: requirements.maxLatency ?? 0,
            bandwidth: requirements.minBandwidth ?? bounds.bandwidth[Int(source)])
        guard requirements.minBandwidth == nil, requirements.isAdditive, knowsBandwidth else {
            return (references, true)
        }
        let widest = run(
            Question(
                source: source, target: target, bounds: bounds, references: references,
                objective: .metric(.bandwidth)),
            effort: effort, stopsAtFirst: true)
        if let path = widest.paths.first {
            references.bandwidth = RouteTotals(path.links, in: topology, by: .latency).bandwidth
        }
        return (references, widest.isExact)
    }

    private mutating func boundSweeps() -> BoundSweeps {
        if let sweeps, sweeps.filter == requirements.filter { return sweeps }
        let sweeps = BoundSweeps(graph, topology, requirements)
        self.sweeps = sweeps
        return sweeps
    }
}

extension RouteRequirements {
    /// Whether some limit in numbers was set.
    package var hasLimits: Bool { isAdditive || minBandwidth != nil }
}
