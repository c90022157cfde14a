/// What `kos-route` is asked, in names; made from its options.
package struct RouteRequest: Sendable {
    package enum Algorithm: Sendable, Hashable {
        case one(RoutingAlgorithm)
        /// The specification's selection rule decides.
        case auto
        /// Every search, one answer each.
        case all
    }

    package var source: String?
    package var targets: [String] = []
    package var wantsAll = false
    package var algorithm = Algorithm.one(.dijkstra)
    package var metric = Metric.weight
    /// Answers a pair of nodes.
    package var count = 1
    package var disjoint: Disjointness?
    package var wantsFront = false
    package var avoided: [String] = []
    package var via: [String] = []
    package var transports: [TransportType] = []
    /// Limits and weights; nodes and transports are named above.
    package var limits = RouteRequirements()
    /// Labels that an exact search may make.
    package var effort = 2_000_000

    package init() {}

    /// Whether one shortest path per target answers, so that it can be kept while links change.
    package var isPlain: Bool {
        count == 1 && disjoint == nil && !wantsFront && algorithm == .one(.dijkstra)
            && !limits.hasLimits && via.isEmpty && metric != .score && metric != .bandwidth
    }

    /// The requirements with the names resolved; a name that is no node avoids nothing.
    package func requirements(in topology: Topology) -> RouteRequirements {
        var requirements = limits
        for name in avoided {
            if let node = topology.index(of: name) {
                requirements.avoidedNodes.insert(node)
            } else if let transport = TransportType(rawValue: name) {
                requirements.avoidedTransports.insert(transport)
            }
        }
        if !transports.isEmpty { requirements.transports = Set(transports) }
        requirements.via = via.compactMap { topology.index(of: $0) }
        return requirements
    }
}
