/// The K shortest loop-free paths (Yen 1971, with Lawler's rule that a path is varied only behind
/// the place where it left its parent). Every spur search is an A* whose hint is the exact distance
/// in the whole graph, so it touches little more than the path it finds.
package struct Alternatives: Sendable {
    private struct Path: Comparable, Sendable {
        var sum: Double
        /// Places in the graph.
        var slots: [Int32]
        /// Index of the first slot that differs from the parent's.
        var deviation: Int
        static func < (left: Path, right: Path) -> Bool {
            if left.sum != right.sum { return left.sum < right.sum }
            if left.slots.count != right.slots.count { return left.slots.count < right.slots.count }
            return left.slots.lexicographicallyPrecedes(right.slots)
        }
        static func == (left: Path, right: Path) -> Bool {
            left.sum == right.sum && left.slots == right.slots
        }
    }

    private let graph: Graph
    private let weights: [Double]
    private var search: ShortestPath

    package init(_ graph: Graph, weights: [Double]) {
        self.graph = graph
        self.weights = weights
        search = ShortestPath(graph, weights: weights)
    }

    /// Up to `count` paths, the shortest first. `reverse` is the graph by target.
    package mutating func paths(
        from source: Int32, to target: Int32, count: Int, reverse: (graph: Graph, weights: [Double])
    ) -> [RoutePath] {
        guard source != target, count > 0 else { return [] }
        let left = DistanceSweep(reverse.graph, weights: reverse.weights).sums(from: target)
        guard left[Int(source)].isFinite else { return [] }
        search.limit = .infinity
        search.blockedNodes = []
        search.blockedLinks = []
        guard let first = spur(from: source, to: target, left) else { return [] }
        var found = [Path(sum: sum(first), slots: first, deviation: 0)]
        var waiting: [Path] = []
        var known: Set<[Int32]> = [first]
        search.blockedNodes = [Bool](repeating: false, count: graph.nodeCount)
        while found.count < count {
            vary(found[found.count - 1], found, source, target, left, count, &waiting, &known)
            guard let index = waiting.indices.min(by: { waiting[$0] < waiting[$1] }) else { break }
            found.append(waiting.remove(at: index))
        }
        return found.map { path in
            RoutePath(
                source: source, target: target, links: path.slots.map { graph.links[Int($0)] })
        }
    }

    /// Adds the paths that leave `path` at each of its nodes from its deviation on.
    private mutating func vary(
        _ path: Path, _ found: [Path], _ source: Int32, _ target: Int32, _ left: [Double],
        _ count: Int, _ waiting: inout [Path], _ known: inout Set<[Int32]>
    ) {
        var node = source
        var passed = 0.0
        for place in path.slots.indices {
            let slot = Int(path.slots[place])
            if place >= path.deviation {
                let root = path.slots[..<place]
                search.blockedLinks = []
                for other in found where other.slots.count > place && other.slots[..<place] == root
                {
                    search.blockedLinks.insert(other.slots[place])
                }
                // No spur longer than what would still be among the first is of use.
                let needed = count - found.count
                if waiting.count >= needed {
                    let worst = waiting.map(\.sum).sorted()[needed - 1]
                    search.limit = (worst - passed) * (1 + 1e-9) + 1e-12
                } else {
                    search.limit = .infinity
                }
                search.blockedNodes[Int(node)] = true
                if let rest = spur(from: node, to: target, left) {
                    let slots = Array(root) + rest
                    if known.insert(slots).inserted {
                        waiting.append(Path(sum: sum(slots), slots: slots, deviation: place))
                    }
                }
            } else {
                search.blockedNodes[Int(node)] = true
            }
            passed += weights[slot]
            node = graph.targets[slot]
        }
        node = source
        search.blockedNodes[Int(source)] = false
        for slot in path.slots { search.blockedNodes[Int(graph.targets[Int(slot)])] = false }
    }

    private mutating func spur(
        from source: Int32, to target: Int32, _ left: [Double]
    ) -> [Int32]? {
        search.slots(from: source, to: target) { left[Int($0)] * (1 - 1e-12) }
    }

    private func sum(_ slots: [Int32]) -> Double {
        var sum = 0.0
        for slot in slots { sum += weights[Int(slot)] }
        return sum
    }
}

extension ShortestPath {
    /// The shortest path as places in the graph; nil when there is none.
    mutating func slots(
        from source: Int32, to target: Int32, hint: (Int32) -> Double
    ) -> [Int32]? {
        guard path(from: source, to: target, hint: hint) != nil else { return nil }
        return places(to: target, from: source)
    }
}
