/// What shares of all limits together are left from each node to one target at least: a route that
/// keeps every limit takes no more than one whole of their mean.
package struct LimitShares: Sendable {
    /// What one unit of each property takes; reliability in −ln.
    private var latency = 0.0
    private var reliability = 0.0
    private var cost = 0.0
    private var hops = 0.0
    private var left: [Double] = []

    /// Nil where fewer than two limits add up: each alone is bounded already.
    init?(
        _ sweeps: BoundSweeps, _ topology: Topology, to target: Int32, _ limits: RouteRequirements
    ) {
        var units: [Double] = []
        func unit(_ limit: Double?) -> Double {
            guard let limit, limit > 0 else { return 0 }
            units.append(limit)
            return 1 / limit
        }
        latency = unit(limits.maxLatency)
        reliability = unit(
            limits.minReliability.flatMap { $0 > 0 ? -Logarithm.natural($0) : nil })
        cost = unit(limits.maxCost)
        hops = unit(limits.maxHops.map { Double($0) })
        guard units.count > 1 else { return nil }
        let count = Double(units.count)
        latency /= count
        reliability /= count
        cost /= count
        hops /= count
        let graph = sweeps.reverse
        let isLossy = sweeps.reliability != nil && reliability > 0
        let weights = graph.links.map { link in
            let row = topology.rows[Int(link)]
            guard row.bandwidth >= limits.minBandwidth ?? 0 else { return Double.infinity }
            var sum = row.latency * latency + topology.cost(link) * cost + hops
            if isLossy { sum += Topology.negativeLog(row.reliability) * reliability }
            return sum
        }
        left = DistanceSweep(graph, weights: weights).sums(
            from: target, within: Marked(limit: 1 + 1e-9, marks: []))
    }

    @inline(__always)
    func admits(
        _ node: Int, latency: Double, reliability: Double, cost: Double, hops: Double
    ) -> Bool {
        var sum = latency * self.latency + cost * self.cost + hops * self.hops + left[node]
        guard sum <= 1 + 1e-9 else { return false }
        if self.reliability > 0 {
            sum += Topology.negativeLog(reliability) * self.reliability
        }
        return sum <= 1 + 1e-9
    }
}
