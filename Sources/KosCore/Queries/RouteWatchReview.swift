/// Questions that are asked anew as a whole.
extension RouteWatch {
    mutating func reviewAll(_ now: Timestamp, _ outputs: inout [Output]) {
        var query = RouteQuery(request, survey, at: now, protocols: protocols)
        for index in watched.indices { review(index, &query, &outputs) }
    }

    private mutating func review(
        _ index: Int, _ query: inout RouteQuery, _ outputs: inout [Output]
    ) {
        let target = watched[index].target
        switch query.answer(from: source, to: target) {
        case .routes(let found, let links, let shortage):
            let routes = kept(watched[index], found, query)
            let told = routes.map(RouteWatch.comparable)
            let isSame = told == watched[index].records
            watched[index].isAnswered = true
            watched[index].records = told
            watched[index].arcs = Array(links)
            if !isSame { outputs += routes.map { .route($0) } }
            if let shortage, shortage.message != watched[index].shortage {
                outputs.append(.lost(shortage))
            }
            watched[index].shortage = shortage?.message
        case .none(let diagnosis):
            guard watched[index].isAnswered else { return }
            watched[index].isAnswered = false
            watched[index].records = []
            watched[index].arcs = []
            watched[index].shortage = nil
            outputs.append(.lost(diagnosis))
        }
    }

    /// What makes two answers the same: all but when they were made and how sure they are.
    private static func comparable(_ record: RouteRecord) -> RouteRecord {
        var record = record
        record.timestamp = nil
        record.confidence = 0
        return record
    }

    /// The old route where it still holds and the new one is not better by `minGain`: nothing
    /// flaps. Sets of routes are taken as they are.
    private func kept(
        _ old: Watched, _ found: [RouteRecord], _ query: RouteQuery
    ) -> [RouteRecord] {
        guard minGain > 0, old.records.count == 1, found.count == 1, let new = found.first,
            let last = old.records.first,
            last.hops.map(\.nodeId) != new.hops.map(\.nodeId)
        else { return found }
        let nodes = last.hops.compactMap { $0.nodeId.flatMap { query.topology.index(of: $0.text) } }
        guard nodes.count == last.hops.count,
            let record = query.record(
                over: [source] + nodes, named: last.algorithm, reason: last.reason)
        else { return found }
        let isSum = !requirements.hasLimits && ![.score, .bandwidth].contains(request.metric)
        let isEnough =
            isSum
            ? new.weight ?? 0 <= (record.weight ?? 0) * (1 - minGain)
            : new.score * (1 - minGain) >= record.score
        return isEnough ? found : [record]
    }
}

extension RouteQuery {
    /// The record of the route over `nodes` as the links are now; nil where it does not hold.
    func record(over nodes: [Int32], named name: String, reason: String?) -> RouteRecord? {
        let path = router.path(nodes.map { Int($0) })
        guard path.links.count == nodes.count - 1,
            path.links.allSatisfy({ router.requirements.allows($0, of: topology) })
        else { return nil }
        let candidate = router.candidate(path, RoutingAlgorithm(rawValue: name) ?? .dijkstra)
        guard router.isFeasible(candidate.totals) else { return nil }
        var rated = [candidate]
        rated.rate(router.requirements, topology)
        var record = record(rated[0], among: rated)
        record.reason = reason
        return record
    }
}
