/// The path whose narrowest link is widest; of equal ones the one with fewer links.
package enum WidestPath {
    private struct Label: Comparable, Sendable {
        var width: Double
        var hops: Int32
        var node: Int32
        static func < (left: Label, right: Label) -> Bool {
            if left.width != right.width { return left.width > right.width }
            return (left.hops, left.node) < (right.hops, right.node)
        }
    }

    /// Nil when no path leads there. Links of infinite weight are left out.
    package static func path(
        from source: Int32, to target: Int32, in graph: Graph, of topology: Topology,
        weights: [Double]
    ) -> RoutePath? {
        guard source != target else { return RoutePath(source: source, target: target, links: []) }
        // Among paths of the best width the shortest is wanted, so the width is found first.
        guard let width = width(from: source, to: target, in: graph, of: topology, weights) else {
            return nil
        }
        var hops: [Double] = []
        for slot in 0..<graph.linkCount {
            let isWide = topology.rows[Int(graph.links[slot])].bandwidth >= width
            hops.append(isWide && weights[slot].isFinite ? 1 : .infinity)
        }
        var search = ShortestPath(graph, weights: hops)
        return search.path(from: source, to: target)
    }

    private static func width(
        from source: Int32, to target: Int32, in graph: Graph, of topology: Topology,
        _ weights: [Double]
    ) -> Double? {
        var best = [Double](repeating: -1, count: graph.nodeCount)
        var heap = MinimumHeap<Label>()
        best[Int(source)] = .infinity
        heap.push(Label(width: .infinity, hops: 0, node: source))
        while let label = heap.pop() {
            if label.node == target { return label.width }
            guard label.width == best[Int(label.node)] else { continue }
            for slot in graph.row(label.node) where weights[slot].isFinite {
                let next = graph.targets[slot]
                let width = min(label.width, topology.rows[Int(graph.links[slot])].bandwidth)
                guard width > best[Int(next)] else { continue }
                best[Int(next)] = width
                heap.push(Label(width: width, hops: label.hops + 1, node: next))
            }
        }
        return nil
    }
}
