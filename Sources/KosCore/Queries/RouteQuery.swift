/// Answers requests over a survey: routes, or why there is none.
package struct RouteQuery: Sendable {
    package enum Answer: Sendable {
        /// The records, the best first, the link lines that they use, and why there are fewer than
        /// asked for.
        case routes([RouteRecord], links: Set<Int32>, shortage: RouteDiagnosis?)
        case none(RouteDiagnosis)
    }

    package let request: RouteRequest
    package let topology: Topology
    package private(set) var router: Router
    private let traffic: TrafficAnalyser
    private let confidence: Confidence
    private let now: Timestamp
    private let protocols: ProtocolRun?

    /// `protocols` runs what is no search; without it such an algorithm finds nothing.
    package init(
        _ request: RouteRequest, _ survey: Survey, at now: Timestamp, protocols: ProtocolRun? = nil
    ) {
        self.request = request
        self.now = now
        self.protocols = protocols
        topology = survey.topology
        traffic = survey.traffic
        confidence = Confidence(topology)
        router = Router(
            topology, metric: request.metric, requirements: request.requirements(in: topology))
        router.effort = request.effort
    }

    /// Routes from `source` to `target`, the best first.
    package mutating func answer(from source: Int32, to target: Int32) -> Answer {
        for name in request.via where topology.index(of: name) == nil {
            return .none(
                RouteDiagnosis(
                    code: .unknownNode,
                    message: "\(name), which the route is to pass, is no node here"))
        }
        let chosen = choose()
        var routes: [RouteRecord] = []
        var links: Set<Int32> = []
        var failure: RouteDiagnosis?
        for (algorithm, reason) in chosen {
            let found: [RouteCandidate]
            var told = reason
            if algorithm.isSearch {
                found = candidates(from: source, to: target, algorithm)
            } else {
                (found, told, failure) = ask(algorithm, from: source, to: target, reason)
            }
            for candidate in found {
                var record = record(candidate, among: found)
                record.reason = told
                if found.count > 1 { record.role = candidate.role.rawValue }
                routes.append(record)
                links.formUnion(candidate.path.links)
            }
        }
        guard routes.isEmpty else {
            return .routes(
                routes, links: links,
                shortage: shortage(routes.count / chosen.count, source, target))
        }
        return .none(failure ?? router.diagnose(from: source, to: target))
    }

    /// Other routes beside the answers, with what each of them scores; for people.
    package mutating func rivals(
        from source: Int32, to target: Int32, count: Int
    ) -> [RouteRecord] {
        let found = router.candidates(
            from: source, to: target, by: router.requirements.hasLimits ? .qos : .dijkstra,
            count: count)
        return found.map { candidate in
            var record = record(candidate, among: found)
            record.role = candidate.role.rawValue
            return record
        }
    }

    private func shortage(_ found: Int, _ source: Int32, _ target: Int32) -> RouteDiagnosis? {
        guard let disjoint = request.disjoint, source != target, found < max(2, request.count)
        else { return nil }
        return router.diagnoseShortage(
            from: source, to: target, found, of: max(2, request.count), disjoint)
    }

    /// The route that a protocol between the nodes finds; what it has found keeps the limits or is
    /// none. The rule that chose the protocol falls back to the exact search.
    private mutating func ask(
        _ algorithm: RoutingAlgorithm, from source: Int32, to target: Int32, _ reason: String?
    ) -> (found: [RouteCandidate], reason: String?, RouteDiagnosis?) {
        let outcome = protocols?(
            ProtocolQuestion(
                router, from: source, to: target, by: algorithm, isChosen: reason != nil))
        let why: String
        switch outcome ?? .none("\(algorithm.rawValue) cannot be run here") {
        case .path(let nodes, let told):
            let candidate = router.candidate(router.path(nodes), algorithm)
            if router.isFeasible(candidate.totals) {
                var rated = [candidate]
                rated.rate(router.requirements, topology)
                return (rated, [reason, told].compactMap(\.self).joined(separator: "; "), nil)
            }
            why =
                "the route that \(algorithm.rawValue) found breaks the limits, which it does not know"
        case .none(let told): why = told
        }
        if let reason {
            let found = candidates(from: source, to: target, .dijkstra)
            return (found, "\(reason); by dijkstra, as \(why)", nil)
        }
        return (
            [], nil,
            RouteDiagnosis(
                code: .noRoute,
                message: "no route from \(topology.name(of: source)) to "
                    + "\(topology.name(of: target)): \(why)",
                hint: "-a qos finds a route whenever one exists")
        )
    }

    /// The best route to every node that can be reached, one by one, the nearest first: `take` gets
    /// it and the link lines that no earlier one had.
    package mutating func answerAll(
        from source: Int32, _ take: (RouteRecord, Set<Int32>) throws -> Void
    ) rethrows {
        if router.requirements.isAdditive || router.metric == .score || router.metric == .bandwidth
        {
            var records: [(route: RouteRecord, links: Set<Int32>)] = []
            for target in 0..<Int32(topology.nodeCount) where target != source {
                guard case .routes(let found, let used, _) = answer(from: source, to: target) else {
                    continue
                }
                for route in found { records.append((route, used)) }
            }
            records.sort {
                ($0.route.weight ?? 0, $0.route.hops.count)
                    < ($1.route.weight ?? 0, $1.route.hops.count)
            }
            for (route, links) in records { try take(route, links) }
            return
        }
        for target in router.reach(from: source) {
            guard let candidate = router.reached(target, from: source) else { continue }
            var rated = [candidate]
            rated.rate(router.requirements, topology)
            // Every link of the path but the last is one of a nearer node's.
            try take(record(rated[0], among: rated), Set(candidate.path.links.suffix(1)))
        }
    }

    // MARK: Parts

    private func choose() -> [(algorithm: RoutingAlgorithm, reason: String?)] {
        switch request.algorithm {
        case .one(let algorithm): return [(algorithm, nil)]
        case .all: return RoutingAlgorithm.allCases.filter(\.isSearch).map { ($0, nil) }
        case .auto:
            let (algorithm, reason) = RoutingAlgorithm.select(
                router.requirements, mobility: traffic.mobility,
                density: TrafficAnalyser.density(router.graph))
            return [(algorithm, reason)]
        }
    }

    private mutating func candidates(
        from source: Int32, to target: Int32, _ algorithm: RoutingAlgorithm
    ) -> [RouteCandidate] {
        router.candidates(
            from: source, to: target, by: algorithm, count: request.count,
            disjoint: request.disjoint, front: request.wantsFront)
    }

    /// The record of one path, rated alone.
    package static func record(
        of path: RoutePath, in topology: Topology, metric: Metric,
        _ requirements: RouteRequirements, at now: Timestamp
    ) -> RouteRecord {
        var rated = [
            RouteCandidate(
                path: path,
                totals: RouteTotals(
                    path.links, in: topology, by: metric, requirements: requirements,
                    assumesCost: !requirements.hasLimits))
        ]
        rated.rate(requirements, topology)
        var record = record(
            rated[0], in: topology,
            confidence: Confidence(topology).of(
                rated[0], among: rated, in: topology))
        record.timestamp = now
        record.metric = metric.rawValue
        return record
    }

    func record(
        _ candidate: RouteCandidate, among others: [RouteCandidate]
    ) -> RouteRecord {
        var record = RouteQuery.record(
            candidate, in: topology,
            confidence: confidence.of(candidate, among: others, in: topology))
        record.timestamp = now
        record.metric = router.metric.rawValue
        return record
    }

    private static func record(
        _ candidate: RouteCandidate, in topology: Topology, confidence: Double
    ) -> RouteRecord {
        let totals = candidate.totals
        var hops: [RouteHop] = []
        hops.reserveCapacity(candidate.path.links.count)
        for place in candidate.path.links {
            let link = topology.link(place)
            hops.append(
                RouteHop(
                    address: topology.address(place), transport: link.transport,
                    latency: link.latency,
                    reliability: link.reliability, nodeId: NodeID(topology.name(of: link.target))))
        }
        var record = RouteRecord(
            hops: hops, latency: rounded(totals.latency), reliability: totals.reliability,
            bandwidth: totals.bandwidth.isFinite ? totals.bandwidth : nil,
            cost: rounded(totals.cost), score: rounded(min(1, max(0, candidate.score / 100))),
            algorithm: candidate.algorithm.rawValue,
            confidence: confidence)
        record.source = NodeID(topology.name(of: candidate.path.source))
        record.destination = NodeID(topology.name(of: candidate.path.target))
        record.weight = rounded(totals.weight)
        if !candidate.isExact { record.exact = false }
        return record
    }

    /// Drops the noise of adding decimals in binary: 12 significant decimals are more than is
    /// measured.
    package static func rounded(_ value: Double) -> Double {
        guard value.isFinite, abs(value) < 1e6 else {
            return value.isFinite ? value : .greatestFiniteMagnitude
        }
        let scaled = (value * 1e9).rounded() / 1e9
        return abs(scaled - value) <= abs(value) * 1e-12 ? scaled : value
    }
}
