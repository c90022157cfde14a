/// The exact search under limits: label-setting over vectors (latency, reliability, bandwidth,
/// cost, hops) with dominance, cut by what is left at best (Martins 1984; bounds as in Pulse,
/// 2013).
///
/// It finds a route whenever one keeps every limit, the best by the objective first; that route is
/// not dominated by any other. Labels come out in the order of what they can still become, so the
/// first ones at the target decide.
package struct ExactSearch: Sendable {
    /// What is best.
    package enum Objective: Sendable, Hashable {
        /// The specification's score, with these references.
        case score(ScoreReferences)
        case metric(Metric)
        /// Every route that no other dominates.
        case front
    }

    package struct Outcome: Sendable {
        /// The best first.
        package var paths: [RoutePath] = []
        /// False when the work bound was hit, so that more may exist.
        package var isExact = true
        package var labels = 0
        /// In the unit of the work bound.
        package var work = 0
    }

    /// Where a search begins and what it must keep away from, when only a part of all routes is
    /// asked for.
    package struct Root: Sendable {
        /// Link lines from the source on that every route begins with.
        package var links: [Int32] = []
        /// Link lines that no route takes.
        package var closed: Set<Int32> = []
        /// Nodes that no route passes behind the root.
        package var blocked: Set<Int32> = []
        package init() {}
    }

    private struct Label: Sendable {
        var latency: Double
        var reliability: Double
        var bandwidth: Double
        var cost: Double
        var hops: Int32
        var node: Int32
        /// Label before this one, and the link line between.
        var parent: Int32
        var link: Int32
        /// Next older label at the node.
        var older: Int32
        /// Which of the nodes to be passed lie behind.
        var passed: UInt64
        var isDominated = false
    }

    private struct Entry: Comparable, Sendable {
        var key: Double
        var tie: Double
        var label: Int32
        @inline(__always)
        static func < (left: Entry, right: Entry) -> Bool {
            if left.key != right.key { return left.key < right.key }
            if left.tie != right.tie { return left.tie < right.tie }
            return left.label < right.label
        }
    }

    private let graph: Graph
    private let topology: Topology
    private let requirements: RouteRequirements
    private let bounds: RouteBounds
    /// Where the search begins: the end of the root.
    private let source: Int32
    private let target: Int32
    private let root: Root
    private let isFree: Bool
    private let weights: [Double]
    private let objective: Objective
    private let effort: Int
    /// How much each property counts among equals: what share of its limit it takes.
    private let pace: RouteWeights
    private var labels: [Label] = []
    private var newest: [Int32]
    private var heap = MinimumHeap<Entry>()
    private var finished: [Int32] = []
    private var work = 0
    /// Whether the first route is enough: how wide it is is asked for, not which one it is.
    package var stopsAtFirst = false
    /// Bounds of the limits taken together, made when the search turns out to be a long one.
    package var shares: (@Sendable () -> LimitShares?)?
    private var together: LimitShares?
    /// Work from which on a search is a long one.
    private static let long = 20_000
    /// Key of the best finished route; nothing that cannot reach it is kept.
    private var best = Double.infinity

    package init(
        _ graph: Graph, _ topology: Topology, weights: [Double], bounds: RouteBounds,
        from source: Int32, to target: Int32, _ requirements: RouteRequirements,
        objective: Objective, effort: Int, root: Root = Root()
    ) {
        self.graph = graph
        self.topology = topology
        self.weights = weights
        self.bounds = bounds
        self.source = root.links.last.map { topology.rows[Int($0)].target } ?? source
        self.target = target
        self.root = root
        isFree = root.closed.isEmpty && root.blocked.isEmpty
        self.requirements = requirements
        self.objective = objective
        self.effort = effort
        newest = [Int32](repeating: -1, count: graph.nodeCount)
        var pace = RouteWeights()
        pace.latency = ExactSearch.pace(requirements.maxLatency)
        pace.reliability = ExactSearch.pace(requirements.minReliability.map { 1 - $0 })
        pace.cost = ExactSearch.pace(requirements.maxCost)
        pace.hops = ExactSearch.pace(requirements.maxHops.map { Double($0) })
        self.pace = pace
    }

    private static func pace(_ limit: Double?) -> Double { limit.map { 1 / max($0, 1e-3) } ?? 1e-6 }

    package mutating func run() -> Outcome {
        var outcome = Outcome()
        guard bounds.isOpen(Int(source)), requirements.via.count <= 64 else { return outcome }
        let first = first()
        guard keepsLimits(first) else { return outcome }
        _ = add(first)
        while let entry = heap.pop() {
            if case .front = objective {} else if entry.key > best + slack { break }
            let label = labels[Int(entry.label)]
            guard !label.isDominated, isWithin(label) else { continue }
            if work > ExactSearch.long, let make = shares {
                together = make()
                shares = nil
            }
            if label.node == target {
                finish(entry)
                if stopsAtFirst { break }
                continue
            }
            for slot in graph.row(label.node) where weights[slot].isFinite {
                extend(label, entry.label, slot)
            }
            if work > effort {
                outcome.isExact = false
                break
            }
        }
        outcome.labels = labels.count
        outcome.work = work
        outcome.paths = ordered().map(path)
        return outcome
    }

    // MARK: Labels

    /// What the root adds up to.
    private func first() -> Label {
        var label = Label(
            latency: 0, reliability: 1, bandwidth: .infinity, cost: 0, hops: 0, node: source,
            parent: -1, link: -1, older: -1, passed: passed(at: source))
        for link in root.links {
            let row = topology.rows[Int(link)]
            label.latency += row.latency
            label.reliability *= row.reliability
            label.bandwidth = min(label.bandwidth, row.bandwidth)
            label.cost += topology.statedCost(Int(link)) ?? 0
            label.hops += 1
            label.passed |= passed(at: row.source)
        }
        return label
    }

    private mutating func extend(_ label: Label, _ index: Int32, _ slot: Int) {
        let node = Int(graph.targets[slot])
        guard bounds.isOpen(node), node != Int(source) else { return }
        let link = graph.links[slot]
        if !isFree, root.blocked.contains(Int32(node)) || root.closed.contains(link) { return }
        let at = Int(link)
        let next = Label(
            latency: label.latency + topology.rows[at].latency,
            reliability: label.reliability * topology.rows[at].reliability,
            bandwidth: min(label.bandwidth, topology.rows[at].bandwidth),
            cost: label.cost + (topology.statedCost(at) ?? 0),
            hops: label.hops + 1, node: Int32(node), parent: index, link: link, older: -1,
            passed: label.passed | passed(at: Int32(node)))
        guard keepsLimits(next), isWithin(next) else { return }
        if !requirements.via.isEmpty {
            if visits(index, Int32(node)) { return }
            if node == Int(target), next.passed != everyVia { return }
        }
        _ = add(next)
    }

    /// Whether the label, with the best that can be left, is within every limit. Bounds were added
    /// in another order than the route's own sum, so they may be off by rounding; at the target
    /// nothing is left and the comparison is exact.
    @inline(__always)
    private func keepsLimits(_ label: Label) -> Bool {
        let node = Int(label.node)
        let give = label.node == target ? 0 : 1e-12
        if let most = requirements.maxHops, Int(label.hops) + Int(bounds.hops[node]) > most {
            return false
        }
        if let most = requirements.maxLatency,
            (label.latency + bounds.latency[node]) * (1 - give) > most
        {
            return false
        }
        if let most = requirements.maxCost,
            (label.cost + bounds.cost[node]) * (1 - give) > most
        {
            return false
        }
        if let least = requirements.minReliability,
            label.reliability * bounds.reliability[node] * (1 + give) < least
        {
            return false
        }
        if let least = requirements.minBandwidth, label.bandwidth < least { return false }
        return true
    }

    /// Whether the limits can still be kept together.
    @inline(__always)
    private func isWithin(_ label: Label) -> Bool {
        guard let together else { return true }
        return together.admits(
            Int(label.node), latency: label.latency, reliability: label.reliability,
            cost: label.cost, hops: Double(label.hops))
    }

    private mutating func add(_ label: Label) -> Bool {
        let node = Int(label.node)
        let (key, tie) = keys(label)
        if case .front = objective {} else if key > best + slack { return false }
        var at = newest[node]
        while at >= 0 {
            work += 1
            let other = labels[Int(at)]
            if !other.isDominated {
                if dominates(other, label, at, label.parent) { return false }
                if dominates(label, other, label.parent, at) { labels[Int(at)].isDominated = true }
            }
            at = other.older
        }
        guard labels.count < Int(Int32.max) else { return false }
        work += 8
        var label = label
        label.older = newest[node]
        newest[node] = Int32(labels.count)
        heap.push(Entry(key: key, tie: tie, label: Int32(labels.count)))
        labels.append(label)
        if label.node == target, key < best { best = key }
        return true
    }

    @inline(__always)
    private func dominates(
        _ left: Label, _ right: Label, _ leftPath: Int32, _ rightPath: Int32
    ) -> Bool {
        if stopsAtFirst {
            // Only the key is asked for: what no limit is on may be as bad as it likes.
            guard left.bandwidth >= right.bandwidth, isNoWorseInLimits(left, right) else {
                return false
            }
        } else {
            guard left.latency <= right.latency, left.hops <= right.hops, left.cost <= right.cost,
                left.reliability >= right.reliability, left.bandwidth >= right.bandwidth
            else { return false }
        }
        guard !requirements.via.isEmpty else { return true }
        // With nodes to be passed a worse label may have ways open that a better one has closed.
        return left.passed == right.passed && isSubset(leftPath, of: rightPath)
    }

    private func isNoWorseInLimits(_ left: Label, _ right: Label) -> Bool {
        (requirements.maxLatency == nil || left.latency <= right.latency)
            && (requirements.maxHops == nil || left.hops <= right.hops)
            && (requirements.maxCost == nil || left.cost <= right.cost)
            && (requirements.minReliability == nil || left.reliability >= right.reliability)
    }

    // MARK: Nodes to be passed

    private func passed(at node: Int32) -> UInt64 {
        guard !requirements.via.isEmpty, let index = requirements.via.firstIndex(of: node) else {
            return 0
        }
        return 1 << UInt64(index)
    }

    private var everyVia: UInt64 {
        var all: UInt64 = 0
        for node in requirements.via { all |= passed(at: node) }
        return all
    }

    private func visits(_ label: Int32, _ node: Int32) -> Bool {
        var at = label
        while at >= 0 {
            if labels[Int(at)].node == node { return true }
            at = labels[Int(at)].parent
        }
        return false
    }

    private func isSubset(_ left: Int32, of right: Int32) -> Bool {
        var at = left
        while at >= 0 {
            if !visits(right, labels[Int(at)].node) { return false }
            at = labels[Int(at)].parent
        }
        return true
    }

    // MARK: Order

    /// Rounding of sums in different orders, in units of the key.
    private var slack: Double {
        switch objective {
        case .score: 1e-9
        case .metric(.bandwidth), .metric(.hops): 0
        default: abs(best) * 1e-12
        }
    }

    /// What the label can become at best, smaller being better, and a tie-break that falls strictly
    /// with every property, so that of two routes with the same key the dominating one comes first.
    @inline(__always)
    private func keys(_ label: Label) -> (key: Double, tie: Double) {
        let node = Int(label.node)
        var totals = RouteTotals()
        totals.latency = label.latency + bounds.latency[node]
        totals.reliability = label.reliability * bounds.reliability[node]
        totals.bandwidth = min(label.bandwidth, bounds.bandwidth[node])
        totals.cost = label.cost + bounds.cost[node]
        totals.hops = Int(label.hops) + Int(bounds.hops[node])
        let tie =
            totals.latency * pace.latency + (1 - totals.reliability) * pace.reliability
            + totals.cost * pace.cost + Double(totals.hops) * pace.hops
            + 1e-3 / (1e3 + totals.bandwidth)
        switch objective {
        case .score(let references):
            return (-ScoreParts(totals, references).score(requirements.weights), tie)
        case .front: return (tie, tie)
        case .metric(let metric):
            switch metric {
            case .latency: return (totals.latency, tie)
            case .reliability: return (-totals.reliability, tie)
            case .bandwidth: return (-totals.bandwidth, tie)
            case .hops: return (Double(totals.hops), tie)
            case .cost: return (totals.cost, tie)
            case .weight, .score:
                // The specification's edge weight from the parts that add; its bandwidth term is
                // left to the bound.
                return (weight(totals, label), tie)
            }
        }
    }

    private func weight(_ totals: RouteTotals, _ label: Label) -> Double {
        totals.latency * requirements.weights.latency
            + (1 - totals.reliability) * 100 * requirements.weights.reliability
            + totals.cost * requirements.weights.cost
    }

    private mutating func finish(_ entry: Entry) {
        if entry.key < best { best = entry.key }
        finished.append(entry.label)
    }

    /// The finished labels, the best first, those that another one dominates left out.
    private func ordered() -> [Int32] {
        let live = finished.filter { !labels[Int($0)].isDominated }
        var entries = live.map { label in
            let (key, tie) = keys(labels[Int(label)])
            return Entry(key: key, tie: tie, label: label)
        }
        entries.sort()
        return entries.map(\.label)
    }

    private func path(_ label: Int32) -> RoutePath {
        var links: [Int32] = []
        var at = label
        while at >= 0, labels[Int(at)].parent >= 0 {
            links.append(labels[Int(at)].link)
            at = labels[Int(at)].parent
        }
        let start = root.links.first.map { topology.rows[Int($0)].source } ?? source
        return RoutePath(source: start, target: target, links: root.links + links.reversed())
    }
}
