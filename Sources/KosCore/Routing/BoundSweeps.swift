/// What the bounds of the exact search are computed from, kept between questions: the links by
/// target, and a sweep for each property that some link differs in.
package struct BoundSweeps: Sendable {
    package let reverse: Graph
    package let latency: DistanceSweep
    /// The links by source.
    let onward: DistanceSweep
    /// −ln of the shares; nil where every link delivers all.
    package let reliability: DistanceSweep?
    /// Nil where no link states a cost.
    package let cost: DistanceSweep?
    /// Nil where no link states a bandwidth.
    let bandwidth: WidestSweep?
    /// The filter by which links were left out.
    let filter: RouteRequirements

    /// The links of `graph` that `requirements` do not forbid. A least bandwidth is heeded by the
    /// sweeps: it may differ from question to question.
    package init(_ graph: Graph, _ topology: Topology, _ requirements: RouteRequirements) {
        let filter = requirements.filter
        self.filter = filter
        let kept =
            filter.isFilter
            ? graph.filtered { _, _, link in filter.allows(link, of: topology) } : graph
        let reverse = kept.reversed()
        var isLossy = false
        var hasBandwidth = false
        for link in reverse.links {
            let row = topology.rows[Int(link)]
            if row.reliability < 1 { isLossy = true }
            if row.bandwidth.isFinite { hasBandwidth = true }
        }
        let widest = hasBandwidth ? WidestSweep(reverse, topology) : nil
        let ranks = widest?.ranks ?? []
        onward = DistanceSweep(
            kept, weights: kept.weights(topology, by: .latency),
            ranks: widest?.ranks(of: kept, topology) ?? [])
        func sweep(_ metric: Metric) -> DistanceSweep {
            DistanceSweep(reverse, weights: reverse.weights(topology, by: metric), ranks: ranks)
        }
        latency = sweep(.latency)
        reliability = isLossy ? sweep(.reliability) : nil
        cost = topology.costs.isEmpty ? nil : sweep(.cost)
        bandwidth = widest
        self.reverse = reverse
    }
}

extension RouteRequirements {
    /// What leaves links out whatever the numbers are.
    var filter: RouteRequirements {
        var filter = RouteRequirements()
        filter.avoidedNodes = avoidedNodes
        filter.avoidedTransports = avoidedTransports
        filter.transports = transports
        return filter
    }
}

/// One source to all nodes by the narrowest link: bandwidths are ranked once, and a bucket for each
/// rank takes the place of a heap.
struct WidestSweep: Sendable {
    private struct Arc: Sendable {
        var rank: Int32
        var target: Int32
    }
    private struct Entry: Sendable {
        var node: Int32
        var next: Int32
    }
    private let offsets: [Int32]
    private let arcs: [Arc]
    /// Bit/s by rank, rising.
    private let widths: [Double]

    init(_ graph: Graph, _ topology: Topology) {
        offsets = graph.offsets
        var order: [(width: Double, slot: Int32)] = []
        order.reserveCapacity(graph.linkCount)
        for slot in 0..<graph.linkCount {
            order.append((topology.rows[Int(graph.links[slot])].bandwidth, Int32(slot)))
        }
        order.sort { $0.width < $1.width }
        var widths: [Double] = []
        var arcs = graph.targets.map { Arc(rank: 0, target: $0) }
        for (width, slot) in order {
            if widths.last != width { widths.append(width) }
            arcs[Int(slot)].rank = Int32(widths.count - 1)
        }
        self.widths = widths
        self.arcs = arcs
    }

    /// The rank of each arc, in the graph's order.
    var ranks: [Int32] { arcs.map(\.rank) }

    /// The rank of each arc of another graph over the same links.
    func ranks(of graph: Graph, _ topology: Topology) -> [Int32] {
        graph.links.map { rank(of: topology.rows[Int($0)].bandwidth) }
    }

    /// The lowest rank that has `width`.
    func rank(of width: Double) -> Int32 {
        var (low, high) = (0, widths.count)
        while low < high {
            let middle = (low + high) / 2
            if widths[middle] < width { low = middle + 1 } else { high = middle }
        }
        return Int32(low)
    }

    /// The widest way's bit/s from `source` to each node, infinite for itself; −1 where no way
    /// leads over arcs of rank `least` or above and marked nodes; no marks mark all.
    func widths(from source: Int32, least: Int32 = 0, marks: [Bool] = []) -> [Double] {
        var ranks = [Int32](repeating: -1, count: offsets.count - 1)
        var heads = [Int32](repeating: -1, count: widths.count + 1)
        var entries: [Entry] = []
        entries.reserveCapacity(ranks.count)
        ranks[Int(source)] = Int32(widths.count)
        heads[widths.count] = 0
        entries.append(Entry(node: source, next: -1))
        var rank = widths.count
        while rank >= Int(least) {
            guard heads[rank] >= 0 else {
                rank -= 1
                continue
            }
            let entry = entries[Int(heads[rank])]
            heads[rank] = entry.next
            guard ranks[Int(entry.node)] == Int32(rank) else { continue }
            for slot in Int(offsets[Int(entry.node)])..<Int(offsets[Int(entry.node) + 1]) {
                let arc = arcs[slot]
                let reached = min(arc.rank, Int32(rank))
                guard reached > ranks[Int(arc.target)], reached >= least,
                    marks.isEmpty || marks[Int(arc.target)]
                else { continue }
                ranks[Int(arc.target)] = reached
                entries.append(Entry(node: arc.target, next: heads[Int(reached)]))
                heads[Int(reached)] = Int32(entries.count - 1)
            }
        }
        return ranks.map {
            $0 < 0 ? -1 : Int($0) == widths.count ? .infinity : widths[Int($0)]
        }
    }
}
