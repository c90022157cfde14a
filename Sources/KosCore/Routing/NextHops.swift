/// The first step towards every node: what a relay needs of routing.
package struct NextHops: Sendable {
    package struct Entry: Sendable, Hashable {
        /// The neighbour to hand a packet to; the node itself for the source.
        package var hop: Int32
        /// Link line of the first step.
        package var link: Int32
        /// The metric's sum to the target.
        package var sum: Double
        package var hops: Int32
    }
    /// By node; nil where no path leads.
    package private(set) var entries: [Entry?]

    package subscript(node: Int32) -> Entry? {
        node >= 0 && Int(node) < entries.count ? entries[Int(node)] : nil
    }

    /// Shortest paths from `source` over what `topology` knows. Of equal sums fewer hops win, then
    /// the next hop whose name sorts first: nodes that know the same choose the same, in whatever
    /// order they learnt it.
    package init(
        from source: Int32, in topology: Topology, by metric: Metric = .weight,
        requirements: RouteRequirements = RouteRequirements()
    ) {
        let graph = Graph(topology)
        let weights = graph.weights(topology, by: metric, requirements: requirements)
        entries = [Entry?](repeating: nil, count: topology.nodeCount)
        guard source >= 0, Int(source) < entries.count else { return }
        var heap = MinimumHeap<Label>()
        var done = [Bool](repeating: false, count: entries.count)
        entries[Int(source)] = Entry(hop: source, link: -1, sum: 0, hops: 0)
        heap.push(Label(sum: 0, hops: 0, node: source))
        while let label = heap.pop() {
            guard !done[Int(label.node)], let entry = entries[Int(label.node)] else { continue }
            done[Int(label.node)] = true
            for slot in graph.row(label.node) where weights[slot].isFinite {
                let target = graph.targets[slot]
                let isFirst = label.node == source
                let candidate = Entry(
                    hop: isFirst ? target : entry.hop,
                    link: isFirst ? graph.links[slot] : entry.link,
                    sum: entry.sum + weights[slot], hops: entry.hops + 1)
                guard !done[Int(target)],
                    NextHops.isBetter(candidate, than: entries[Int(target)], topology)
                else { continue }
                entries[Int(target)] = candidate
                heap.push(Label(sum: candidate.sum, hops: candidate.hops, node: target))
            }
        }
    }

    private struct Label: Comparable, Sendable {
        var sum: Double
        var hops: Int32
        var node: Int32
        static func < (left: Label, right: Label) -> Bool {
            (left.sum, left.hops, left.node) < (right.sum, right.hops, right.node)
        }
    }

    private static func isBetter(_ new: Entry, than old: Entry?, _ topology: Topology) -> Bool {
        guard let old else { return new.sum.isFinite }
        if new.sum != old.sum { return new.sum < old.sum }
        if new.hops != old.hops { return new.hops < old.hops }
        if new.hop != old.hop { return topology.names.precedes(new.hop, old.hop) }
        // Parallel links to the same neighbour: the transport listed first.
        guard new.link != old.link else { return false }
        return topology.rows[Int(new.link)].code < topology.rows[Int(old.link)].code
    }
}
