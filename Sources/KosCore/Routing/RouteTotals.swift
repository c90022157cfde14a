/// A path through a topology: the link lines in order.
package struct RoutePath: Sendable, Hashable {
    package var source: Int32
    package var target: Int32
    /// Places in the topology's columns.
    package var links: [Int32]

    package init(source: Int32, target: Int32, links: [Int32]) {
        self.source = source
        self.target = target
        self.links = links
    }

    /// The nodes after the source, in order.
    package func nodes(in topology: Topology) -> [Int32] {
        links.map { topology.rows[Int($0)].target }
    }
}

/// What a path adds up to: latency and cost add, reliability multiplies, bandwidth is the
/// narrowest.
package struct RouteTotals: Sendable, Hashable {
    /// ms.
    package var latency = 0.0
    package var reliability = 1.0
    /// Bit/s; infinite while unknown.
    package var bandwidth = Double.infinity
    /// What the links' costs add up to.
    package var cost = 0.0
    package var hops = 0
    /// The metric's own sum.
    package var weight = 0.0

    package init() {}

    /// Totals of `links` in order. A link that states no cost costs what it weighs by `metric`, or
    /// nothing where `assumesCost` is false, as in a search that has limits to keep.
    package init(
        _ links: [Int32], in topology: Topology, by metric: Metric,
        requirements: RouteRequirements = RouteRequirements(), assumesCost: Bool = false
    ) {
        for place in links {
            let at = Int(place)
            let weight = topology.weight(
                place, by: metric, weights: requirements.weights,
                minBandwidth: requirements.minBandwidth)
            latency += topology.rows[at].latency
            reliability *= topology.rows[at].reliability
            bandwidth = min(bandwidth, topology.rows[at].bandwidth)
            cost += topology.statedCost(at) ?? (assumesCost ? weight : 0)
            self.weight += weight
            hops += 1
        }
        if metric == .bandwidth { weight = 0 }
    }
}

/// The references of the specification's score: the limits where they were given, else the best
/// value among the candidate routes.
package struct ScoreReferences: Sendable, Hashable {
    /// ms.
    package var latency: Double
    /// Bit/s.
    package var bandwidth: Double

    package init(latency: Double, bandwidth: Double) {
        self.latency = latency
        self.bandwidth = bandwidth
    }

    package init(_ requirements: RouteRequirements, candidates: [RouteTotals]) {
        latency =
            requirements.maxLatency
            ?? candidates.lazy.map(\.latency).min() ?? 0
        bandwidth =
            requirements.minBandwidth
            ?? candidates.lazy.map(\.bandwidth).max() ?? .infinity
    }
}

/// The five parts of a score, each 0 … 100, before they are weighted.
package struct ScoreParts: Sendable, Hashable {
    package var latency: Double
    package var reliability: Double
    package var bandwidth: Double
    package var hops: Double
    package var cost: Double

    /// The specification's scoreRoute. A latency of 0 is worth 100 and an unknown bandwidth is
    /// enough, whatever the reference, so nothing is divided by zero.
    @inline(__always)
    package init(_ totals: RouteTotals, _ references: ScoreReferences) {
        latency =
            totals.latency == 0
            ? 100
            : references.latency <= 0
                ? 0
                : max(0, 100 - totals.latency / references.latency * 100)
        reliability = totals.reliability * 100
        bandwidth =
            totals.bandwidth >= references.bandwidth
            ? 100
            : min(100, totals.bandwidth / references.bandwidth * 100)
        hops = max(0, 100 - Double(totals.hops) * 10)
        cost = max(0, 100 - totals.cost)
    }

    /// The score, 0 … 100 with the default weights.
    @inline(__always)
    package func score(_ weights: RouteWeights) -> Double {
        latency * weights.latency + reliability * weights.reliability
            + bandwidth * weights.bandwidth + hops * weights.hops + cost * weights.cost
    }
}
