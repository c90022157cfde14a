/// What a route is to have least (or, for `score` and `bandwidth`, most) of.
package enum Metric: String, Sendable, Hashable, CaseIterable {
    /// The specification's edge weight, summed.
    case weight
    /// ms, summed.
    case latency
    /// Delivered share, multiplied: −ln adds.
    case reliability
    /// Bit/s of the narrowest link.
    case bandwidth
    /// Links.
    case hops
    /// The links' own cost, summed.
    case cost
    /// The specification's score of the whole route.
    case score
}

/// How much each property counts, in the edge weight and in the score.
package struct RouteWeights: Sendable, Hashable {
    package var latency = 0.3
    package var reliability = 0.3
    package var bandwidth = 0.2
    package var hops = 0.1
    package var cost = 0.1

    package init() {}
}

/// What a route must and must not have.
package struct RouteRequirements: Sendable, Hashable {
    /// ms.
    package var maxLatency: Double?
    /// Bit/s; a link whose bandwidth is unknown is taken to have enough.
    package var minBandwidth: Double?
    package var minReliability: Double?
    package var maxCost: Double?
    package var maxHops: Int?
    package var avoidedNodes: Set<Int32> = []
    package var avoidedTransports: Set<TransportType> = []
    /// The transports that may be used; nil for all.
    package var transports: Set<TransportType>?
    /// Nodes that the route must pass, in any order.
    package var via: [Int32] = []
    package var isMulticast = false
    package var weights = RouteWeights()

    package init() {}

    /// Whether a limit adds up over the route, so that one shortest path does not answer.
    package var isAdditive: Bool {
        maxLatency != nil || minReliability != nil || maxCost != nil || maxHops != nil
            || !via.isEmpty
    }
    /// Whether any requirement was made.
    package var isEmpty: Bool { !isAdditive && minBandwidth == nil && !isFilter }

    var isFilter: Bool {
        !avoidedNodes.isEmpty || !avoidedTransports.isEmpty || transports != nil
    }

    /// Whether the link line at `place` may be used at all.
    package func allows(_ place: Int32, of topology: Topology) -> Bool {
        let at = Int(place)
        if let minBandwidth, topology.rows[at].bandwidth < minBandwidth { return false }
        guard isFilter else { return true }
        if avoidedNodes.contains(topology.rows[at].source) { return false }
        if avoidedNodes.contains(topology.rows[at].target) { return false }
        let transport = topology.transport(place)
        if avoidedTransports.contains(transport) { return false }
        return transports?.contains(transport) ?? true
    }
}

extension Topology {
    /// What the link line at `place` adds to a route's sum under `metric`; at least 0.
    ///
    /// For `weight` this is the specification's calculateEdgeWeight: latency·wL +
    /// (1 − reliability)·100·wR + max(0, minBandwidth/bandwidth − 1)·100·wB + cost·wC. `bandwidth`
    /// and `score` are no sums; a link adds 0 to them.
    package func weight(
        _ place: Int32, by metric: Metric, weights: RouteWeights = RouteWeights(),
        minBandwidth: Double? = nil
    ) -> Double {
        let at = Int(place)
        switch metric {
        case .latency: return rows[at].latency
        case .hops: return 1
        case .reliability: return Topology.negativeLog(rows[at].reliability)
        case .cost: return statedCost(at) ?? 0
        case .bandwidth, .score: return 0
        case .weight:
            var sum = rows[at].latency * weights.latency
            sum += (1 - rows[at].reliability) * 100 * weights.reliability
            if let minBandwidth {
                sum += max(0, minBandwidth / rows[at].bandwidth - 1) * 100 * weights.bandwidth
            }
            return sum + (statedCost(at) ?? 0) * weights.cost
        }
    }

    @inline(__always)
    func statedCost(_ place: Int) -> Double? {
        guard !costs.isEmpty, !costs[place].isNaN else { return nil }
        return costs[place]
    }

    /// −ln of a share; infinite for 0.
    static func negativeLog(_ share: Double) -> Double {
        share >= 1 ? 0 : -Logarithm.natural(share)
    }
}
