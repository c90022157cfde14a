/// Dijkstra from both ends at once: the side with the smaller front grows, until the two fronts
/// together are farther than the best meeting found.
package struct BidirectionalSearch: Sendable {
    private struct Label: Comparable, Sendable {
        var sum: Double
        var node: Int32
        @inline(__always)
        static func < (left: Label, right: Label) -> Bool {
            left.sum != right.sum ? left.sum < right.sum : left.node < right.node
        }
    }
    /// One direction's work space; only touched nodes are reset.
    private struct Side: Sendable {
        let graph: Graph
        let weights: [Double]
        var sums: [Double]
        var slots: [Int32]
        var parents: [Int32]
        var touched: [Int32] = []
        var heap = MinimumHeap<Label>()

        init(_ graph: Graph, _ weights: [Double]) {
            self.graph = graph
            self.weights = weights
            sums = [Double](repeating: .infinity, count: graph.nodeCount)
            slots = [Int32](repeating: -1, count: graph.nodeCount)
            parents = [Int32](repeating: -1, count: graph.nodeCount)
        }

        mutating func start(at node: Int32) {
            for node in touched { sums[Int(node)] = .infinity }
            touched.removeAll(keepingCapacity: true)
            heap.removeAll()
            sums[Int(node)] = 0
            touched.append(node)
            heap.push(Label(sum: 0, node: node))
        }

        /// Settles the nearest node; nil when nothing is left.
        @inline(__always)
        mutating func step(
            _ other: [Double], _ nearest: Double, _ best: inout Double, _ meeting: inout Int32
        ) {
            guard let label = heap.pop(), label.sum == sums[Int(label.node)] else { return }
            for slot in graph.row(label.node) {
                let target = Int(graph.targets[slot])
                let sum = label.sum + weights[slot]
                // A node beyond the best meeting less the other front cannot be on a better way,
                // unless the other side has it already.
                guard sum < sums[target], sum + nearest < best || other[target].isFinite else {
                    continue
                }
                if sums[target] == .infinity { touched.append(Int32(target)) }
                sums[target] = sum
                slots[target] = Int32(slot)
                parents[target] = label.node
                heap.push(Label(sum: sum, node: Int32(target)))
                let whole = sum + other[target]
                if whole < best {
                    best = whole
                    meeting = Int32(target)
                }
            }
        }
    }

    private var forward: Side
    private var backward: Side

    package init(_ graph: Graph, weights: [Double]) {
        let reverse = graph.reversed(weights)
        forward = Side(graph, weights)
        backward = Side(reverse.graph, reverse.weights)
    }

    /// The least sum from `source` to `target`, and where the two searches met; nil without a path.
    package mutating func meet(
        _ source: Int32, _ target: Int32
    ) -> (sum: Double, at: Int32)? {
        guard source != target else { return (0, source) }
        forward.start(at: source)
        backward.start(at: target)
        var best = Double.infinity
        var meeting: Int32 = -1
        while let ahead = forward.heap.first, let behind = backward.heap.first,
            ahead.sum + behind.sum < best
        {
            if forward.heap.count <= backward.heap.count {
                forward.step(backward.sums, behind.sum, &best, &meeting)
            } else {
                backward.step(forward.sums, ahead.sum, &best, &meeting)
            }
        }
        return best.isFinite ? (best, meeting) : nil
    }

    package mutating func path(from source: Int32, to target: Int32) -> RoutePath? {
        guard let (_, meeting) = meet(source, target) else { return nil }
        var links: [Int32] = []
        var node = meeting
        while node != source {
            links.append(forward.graph.links[Int(forward.slots[Int(node)])])
            node = forward.parents[Int(node)]
        }
        links.reverse()
        node = meeting
        while node != target {
            links.append(backward.graph.links[Int(backward.slots[Int(node)])])
            node = backward.parents[Int(node)]
        }
        return RoutePath(source: source, target: target, links: links)
    }
}
