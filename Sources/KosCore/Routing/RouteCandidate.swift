/// A route that was found, with what it adds up to and how it stands among the others.
package struct RouteCandidate: Sendable, Hashable {
    /// How an answer relates to the first one.
    package enum Role: String, Sendable, Hashable {
        /// The first answer.
        case primary
        /// Shares no node with the first one but its ends.
        case nodeDisjoint
        /// Shares no link with it.
        case linkDisjoint
        case alternative
    }
    package var path: RoutePath
    package var totals: RouteTotals
    package var parts = ScoreParts(RouteTotals(), ScoreReferences(latency: 0, bandwidth: 0))
    /// 0 … 100 with the default weights.
    package var score = 0.0
    package var role = Role.primary
    package var algorithm = RoutingAlgorithm.dijkstra
    package var isExact = true

    package init(path: RoutePath, totals: RouteTotals) {
        self.path = path
        self.totals = totals
    }
}

extension [RouteCandidate] {
    /// Scores all candidates against the same references and names their roles.
    package mutating func rate(
        _ requirements: RouteRequirements, _ topology: Topology,
        against known: ScoreReferences? = nil
    ) {
        let references = known ?? ScoreReferences(requirements, candidates: map(\.totals))
        for index in indices {
            self[index].parts = ScoreParts(self[index].totals, references)
            self[index].score = self[index].parts.score(requirements.weights)
        }
        guard let first else { return }
        let inner = Set(first.path.nodes(in: topology).dropLast())
        let used = Set(first.path.links)
        for index in indices.dropFirst() {
            let path = self[index].path
            if inner.isDisjoint(with: path.nodes(in: topology).dropLast()) {
                self[index].role = used.isDisjoint(with: path.links) ? .nodeDisjoint : .alternative
            } else {
                self[index].role = used.isDisjoint(with: path.links) ? .linkDisjoint : .alternative
            }
        }
    }
}

/// How sure a route is, 0 … 1: its weakest link's evidence times freshness, times how clearly it
/// leads.
///
/// Evidence of a link is n/(n + 5) for n observations, 0.5 for a link that states none (a figure
/// that somebody wrote down). Freshness halves every `halfLife` behind the newest link of the
/// topology; a link without a time counts as fresh. With a runner-up, the lead counts from 0.5
/// (equal scores) to 1 (ten points ahead).
package struct Confidence: Sendable {
    package var halfLife = 30_000.0
    package var newest: Int64?

    package init(_ topology: Topology) { newest = topology.latestTime }

    package func of(
        _ candidate: RouteCandidate, among others: [RouteCandidate], in topology: Topology
    ) -> Double {
        var weakest = 1.0
        for place in candidate.path.links {
            let link = topology.link(place)
            var sure = 0.5
            if let count = link.observations { sure = Double(count) / (Double(count) + 5) }
            if let time = link.time, let newest, newest > time {
                sure *= Logarithm.exponential(
                    -0.693_147_180_559_945_3 * Double(newest - time) / halfLife)
            }
            weakest = min(weakest, sure)
        }
        let rival = others.lazy.filter { $0.path != candidate.path }.map(\.score).max()
        guard let rival, candidate.score >= rival else { return weakest }
        return weakest * (0.5 + 0.5 * min(1, (candidate.score - rival) / 10))
    }
}
