/// Why there is no route: what cut it off, and what would bring it back.
package struct RouteDiagnosis: Sendable, Hashable {
    package enum Code: String, Sendable, Hashable { case noRoute, noDisjointRoute, unknownNode }
    package var code: Code
    package var message: String
    package var hint: String?

    package init(code: Code, message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }
}

extension Router {
    /// Looks for what stands between `source` and `target`.
    package func diagnose(from source: Int32, to target: Int32) -> RouteDiagnosis {
        let (from, to) = (topology.name(of: source), topology.name(of: target))
        let head = "no route from \(from) to \(to): "
        let size = "(\(graph.nodeCount) nodes, \(graph.linkCount) links)"
        let filterHint = "was a record filtered out? kos-route --all shows what is reachable"
        let incoming = graph.targets.lazy.filter { $0 == target }.count
        let outgoing = graph.row(source).count
        if incoming == 0 {
            let leads = graph.row(target).isEmpty ? "has no link" : "has no link towards it"
            return RouteDiagnosis(
                code: .noRoute, message: head + "\(to) \(leads) in this topology \(size)",
                hint: filterHint)
        }
        if outgoing == 0 {
            return RouteDiagnosis(
                code: .noRoute,
                message: head + "\(from) has no link that leaves it in this topology \(size)",
                hint: filterHint)
        }
        var free = Router(topology, metric: .hops)
        guard free.shortest(from: source, to: target) != nil else {
            return apart(free, source, target, head)
        }
        return relaxed(source, target, head)
    }

    /// Why there are only `found` of `wanted` routes that share no link, or no node.
    package func diagnoseShortage(
        from source: Int32, to target: Int32, _ found: Int, of wanted: Int,
        _ disjoint: Disjointness
    ) -> RouteDiagnosis {
        var free = DisjointPaths(
            graph, weights: weights, from: source, to: target, sharingNodes: disjoint == .links)
        let count = free.paths(wanted).count
        let (from, to) = (topology.name(of: source), topology.name(of: target))
        let routes = found == 1 ? "1 route" : "\(found) routes"
        let head =
            "\(routes) of \(wanted) from \(from) to \(to) that share no "
            + (disjoint == .links ? "link: " : "node: ")
        guard count < wanted else {
            return RouteDiagnosis(
                code: .noDisjointRoute, message: head + "there are \(count) without the limits",
                hint: "loosen the limits")
        }
        let names = free.narrows.prefix(4).map { narrow in
            switch narrow {
            case .node(let node): return topology.name(of: node)
            case .link(let link):
                let row = topology.rows[Int(link)]
                return topology.name(of: row.source) + "/" + topology.name(of: row.target)
            }
        }
        return RouteDiagnosis(
            code: .noDisjointRoute,
            message: head + "every route passes \(names.joined(separator: " or "))",
            hint: "a link around it is missing")
    }

    /// The two nodes are in parts of the topology that no link joins this way round.
    private func apart(
        _ free: Router, _ source: Int32, _ target: Int32, _ head: String
    ) -> RouteDiagnosis {
        var free = free
        let reached = free.reach(from: source).count + 1
        let isOneWay = free.shortest(from: target, to: source) != nil
        let to = topology.name(of: target)
        let what =
            "\(topology.name(of: source)) reaches \(reached) of \(graph.nodeCount) nodes, "
            + "and no link leads from them towards \(to)"
        return RouteDiagnosis(
            code: .noRoute, message: head + what,
            hint: isOneWay
                ? "there is a route the other way; are the links one-way? say \"bidirectional\":true"
                : "a link or a relay between the two parts is missing")
    }

    /// A route exists without the requirements: each is dropped alone to see which one forbids it.
    private func relaxed(_ source: Int32, _ target: Int32, _ head: String) -> RouteDiagnosis {
        var reasons: [String] = []
        for requirement in Requirement.allCases where requirement.isSet(in: requirements) {
            var looser = requirements
            requirement.drop(from: &looser)
            var router = Router(topology, metric: metric, requirements: looser)
            router.effort = effort
            let found = router.candidates(
                from: source, to: target, by: .qos, metric: requirement.metric)
            guard let best = found.first else { continue }
            reasons.append(requirement.complaint(best.totals, requirements))
        }
        let what =
            reasons.isEmpty
            ? "the requirements together forbid it; dropping any one of them is not enough"
            : reasons.joined(separator: "; ")
        return RouteDiagnosis(
            code: .noRoute, message: head + what,
            hint: reasons.isEmpty ? nil : "any one of these, changed alone, gives a route")
    }
}

/// The requirements one by one, for the diagnosis.
private enum Requirement: CaseIterable {
    case latency, bandwidth, reliability, cost, hops, avoided, transports, via

    func isSet(in requirements: RouteRequirements) -> Bool {
        switch self {
        case .latency: requirements.maxLatency != nil
        case .bandwidth: requirements.minBandwidth != nil
        case .reliability: requirements.minReliability != nil
        case .cost: requirements.maxCost != nil
        case .hops: requirements.maxHops != nil
        case .avoided: !requirements.avoidedNodes.isEmpty
        case .transports: requirements.transports != nil || !requirements.avoidedTransports.isEmpty
        case .via: !requirements.via.isEmpty
        }
    }

    func drop(from requirements: inout RouteRequirements) {
        switch self {
        case .latency: requirements.maxLatency = nil
        case .bandwidth: requirements.minBandwidth = nil
        case .reliability: requirements.minReliability = nil
        case .cost: requirements.maxCost = nil
        case .hops: requirements.maxHops = nil
        case .avoided: requirements.avoidedNodes = []
        case .transports:
            requirements.transports = nil
            requirements.avoidedTransports = []
        case .via: requirements.via = []
        }
    }

    /// What to make best of when this one is dropped, to say by how much it is missed.
    var metric: Metric {
        switch self {
        case .latency: .latency
        case .bandwidth: .bandwidth
        case .reliability: .reliability
        case .cost: .cost
        case .hops: .hops
        case .avoided, .transports, .via: .score
        }
    }

    func complaint(_ best: RouteTotals, _ asked: RouteRequirements) -> String {
        switch self {
        case .latency:
            "the fastest route needs \(text(best.latency)) ms, --max-latency is \(text(asked.maxLatency ?? 0)) ms"
        case .bandwidth:
            "the widest route has \(text(best.bandwidth)) bit/s, --min-bandwidth is \(text(asked.minBandwidth ?? 0))"
        case .reliability:
            "the most reliable route has \(text(best.reliability)), --min-reliability is \(text(asked.minReliability ?? 0))"
        case .cost:
            "the cheapest route costs \(text(best.cost)), --max-cost is \(text(asked.maxCost ?? 0))"
        case .hops: "the shortest route has \(best.hops) hops, --max-hops is \(asked.maxHops ?? 0)"
        case .avoided: "--avoid cuts it off"
        case .transports: "--transport or --avoid leaves no transport on the way"
        case .via: "no loop-free route passes --via"
        }
    }

    private func text(_ value: Double) -> String {
        JSONValue.number((value * 1e6).rounded() / 1e6).text
    }
}
