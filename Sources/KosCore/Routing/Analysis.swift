/// Figures of a whole graph that need a search from every node, or from a sample of them.
package struct Analysis: Sendable {
    package private(set) var reachablePairs = 0
    package private(set) var diameter = 0
    /// Share of the shortest paths (in hops) between others that pass a node, by node.
    package private(set) var betweenness: [Double] = []
    package private(set) var isExact = true

    /// Nodes from which everything is still counted from every node.
    package static let exactNodes = 2048
    private static let samples = 256

    /// Brandes 2001. Above `exactNodes` a sample of sources drawn by `seed` stands for all.
    package init(_ graph: Graph, seed: UInt64 = 1) {
        let count = graph.nodeCount
        betweenness = [Double](repeating: 0, count: count)
        var sources = Array(0..<Int32(count))
        if count > Analysis.exactNodes {
            var random = SplitMix64(seed: seed)
            sources.shuffle(using: &random)
            sources.removeLast(count - Analysis.samples)
            isExact = false
        }
        var hops = [Int32](repeating: -1, count: count)
        var paths = [Double](repeating: 0, count: count)
        var share = [Double](repeating: 0, count: count)
        var queue: [Int32] = []
        let distinct = Analysis.distinct(graph)
        for source in sources {
            Analysis.walk(distinct, source, &hops, &paths, &queue)
            reachablePairs += queue.count - 1
            if let last = queue.last { diameter = max(diameter, Int(hops[Int(last)])) }
            for node in queue.reversed() {
                for slot in distinct.row(node) {
                    let next = Int(distinct.targets[slot])
                    guard hops[next] == hops[Int(node)] + 1 else { continue }
                    share[Int(node)] += paths[Int(node)] / paths[next] * (1 + share[next])
                }
                if node != source { betweenness[Int(node)] += share[Int(node)] }
            }
            for node in queue {
                hops[Int(node)] = -1
                share[Int(node)] = 0
                paths[Int(node)] = 0
            }
        }
        let scale = Double(count) / Double(max(1, sources.count))
        reachablePairs = Int((Double(reachablePairs) * scale).rounded())
        let pairs = Double(count - 1) * Double(count - 2)
        for node in 0..<count {
            betweenness[node] = pairs > 0 ? min(1, betweenness[node] * scale / pairs) : 0
        }
    }

    /// Parallel links counted once.
    private static func distinct(_ graph: Graph) -> Graph {
        var seen = Set<Int32>()
        var row: Int32 = -1
        return graph.filtered { source, target, _ in
            if source != row {
                seen.removeAll(keepingCapacity: true)
                row = source
            }
            return seen.insert(target).inserted
        }
    }

    private static func walk(
        _ graph: Graph, _ source: Int32, _ hops: inout [Int32], _ paths: inout [Double],
        _ queue: inout [Int32]
    ) {
        queue.removeAll(keepingCapacity: true)
        queue.append(source)
        hops[Int(source)] = 0
        paths[Int(source)] = 1
        var head = 0
        while head < queue.count {
            let node = queue[head]
            head += 1
            for slot in graph.row(node) {
                let next = Int(graph.targets[slot])
                if hops[next] < 0 {
                    hops[next] = hops[Int(node)] + 1
                    queue.append(Int32(next))
                }
                if hops[next] == hops[Int(node)] + 1 { paths[next] += paths[Int(node)] }
            }
        }
    }
}
