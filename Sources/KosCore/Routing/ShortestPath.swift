/// Dijkstra's search, and A* as the same search with a hint: one loop.
///
/// Of equal sums the path with fewer links wins, then the one whose last node before the difference
/// has the lower index, so that the answer does not depend on the order of search: Dijkstra and A*
/// return the same path.
package struct ShortestPath: Sendable {
    package let graph: Graph
    /// What each link of the graph adds, at least 0; infinite for a link that is not to be used.
    package let weights: [Double]
    /// Nodes settled by the last search.
    package private(set) var settled = 0
    /// Nodes that the next searches must not enter, by node; empty for none.
    package var blockedNodes: [Bool] = []
    /// Links (places in the graph) that the next searches must not take from their source.
    package var blockedLinks: Set<Int32> = []
    /// Sums above this are of no interest.
    package var limit = Double.infinity

    private struct Label: Comparable, Sendable {
        var bound: Double
        var sum: Double
        var hops: Int32
        var node: Int32
        @inline(__always)
        static func < (left: Label, right: Label) -> Bool {
            if left.bound != right.bound { return left.bound < right.bound }
            if left.hops != right.hops { return left.hops < right.hops }
            return left.node < right.node
        }
    }

    // Work space, kept between searches; only touched nodes are reset.
    private var sums: [Double]
    private var hops: [Int32]
    private var parents: [Int32]
    private var slots: [Int32]
    private var touched: [Int32] = []
    private var heap = MinimumHeap<Label>()

    package init(_ graph: Graph, weights: [Double]) {
        self.graph = graph
        self.weights = weights
        sums = [Double](repeating: .infinity, count: graph.nodeCount)
        hops = [Int32](repeating: 0, count: graph.nodeCount)
        parents = [Int32](repeating: -1, count: graph.nodeCount)
        slots = [Int32](repeating: -1, count: graph.nodeCount)
    }

    /// The shortest path; nil when there is none. `hint` is a lower bound of what is left from a
    /// node to `target`, consistent along every link.
    package mutating func path(
        from source: Int32, to target: Int32, hint: (Int32) -> Double = { _ in 0 }
    ) -> RoutePath? {
        guard source != target else { return RoutePath(source: source, target: target, links: []) }
        search(from: source, to: target, hint: hint)
        return path(to: target, from: source)
    }

    /// Sums from `source` to every node; infinite where there is no path.
    package mutating func all(from source: Int32) -> [Double] {
        search(from: source, to: -1) { _ in 0 }
        return sums
    }

    /// The path to `target` that the last search found.
    package func path(to target: Int32, from source: Int32) -> RoutePath? {
        guard sums[Int(target)].isFinite else { return nil }
        let links = places(to: target, from: source).map { graph.links[Int($0)] }
        return RoutePath(source: source, target: target, links: links)
    }

    /// The same path as places in the graph.
    func places(to target: Int32, from source: Int32) -> [Int32] {
        var places: [Int32] = []
        var node = target
        while node != source, places.count <= graph.nodeCount {
            places.append(slots[Int(node)])
            node = parents[Int(node)]
        }
        return places.reversed()
    }

    /// The nodes that the last search reached, the nearest first, of equal ones those with fewer
    /// links.
    func reached() -> [Int32] {
        touched.filter { sums[Int($0)].isFinite }.sorted {
            let (left, right) = (Int($0), Int($1))
            if sums[left] != sums[right] { return sums[left] < sums[right] }
            return hops[left] != hops[right] ? hops[left] < hops[right] : left < right
        }
    }

    /// The sum to `node` of the last search.
    package func sum(to node: Int32) -> Double { sums[Int(node)] }

    private mutating func search(
        from source: Int32, to target: Int32, hint: (Int32) -> Double
    ) {
        for node in touched {
            sums[Int(node)] = .infinity
            parents[Int(node)] = -1
        }
        touched.removeAll(keepingCapacity: true)
        heap.removeAll()
        settled = 0
        sums[Int(source)] = 0
        hops[Int(source)] = 0
        touched.append(source)
        heap.push(Label(bound: hint(source), sum: 0, hops: 0, node: source))
        while let label = heap.pop() {
            let node = Int(label.node)
            // Labels with the same bound are still looked at: one of them may lie on a shorter tie.
            if target >= 0, label.bound > sums[Int(target)] { break }
            guard label.sum == sums[node], label.hops == hops[node], label.node != target else {
                continue
            }
            settled += 1
            let isSource = label.node == source && !blockedLinks.isEmpty
            for slot in graph.row(label.node) {
                if isSource, blockedLinks.contains(Int32(slot)) { continue }
                relax(slot, from: label, hint)
            }
        }
    }

    @inline(__always)
    private mutating func relax(_ slot: Int, from label: Label, _ hint: (Int32) -> Double) {
        let target = graph.targets[slot]
        let at = Int(target)
        let sum = label.sum + weights[slot]
        guard sum <= sums[at], sum.isFinite else { return }
        let count = label.hops + 1
        if sum == sums[at] {
            guard count <= hops[at] else { return }
            if count == hops[at] {
                if label.node < parents[at] {
                    parents[at] = label.node
                    slots[at] = Int32(slot)
                }
                return
            }
        } else if sums[at] == .infinity {
            guard blockedNodes.isEmpty || !blockedNodes[at] else { return }
            touched.append(target)
        }
        let bound = sum + hint(target)
        guard bound <= limit else {
            // Not taken: to be met again, perhaps by a shorter way.
            return
        }
        sums[at] = sum
        hops[at] = count
        parents[at] = label.node
        slots[at] = Int32(slot)
        heap.push(Label(bound: bound, sum: sum, hops: count, node: target))
    }
}

extension Graph {
    /// What each link adds to a route's sum under `metric`; infinite where a requirement forbids
    /// it.
    package func weights(
        _ topology: Topology, by metric: Metric,
        requirements: RouteRequirements = RouteRequirements()
    ) -> [Double] {
        var weights: [Double] = []
        weights.reserveCapacity(linkCount)
        let isFree = requirements.minBandwidth == nil && !requirements.isFilter
        for place in links {
            weights.append(
                isFree || requirements.allows(place, of: topology)
                    ? topology.weight(
                        place, by: metric, weights: requirements.weights,
                        minBandwidth: requirements.minBandwidth)
                    : .infinity)
        }
        return weights
    }
}
