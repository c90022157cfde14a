import KosCore

/// Seeded topologies for tests, and the slow way to the same answers.
enum MeshSample {
    /// `nodes` nodes `n0 …` and about `links` directed links with every figure stated.
    static func topology(nodes: Int, links: Int, seed: UInt64) -> Topology {
        var random = SplitMix64(seed: seed)
        var topology = Topology()
        for node in 0..<nodes {
            if let id = NodeID("n\(node)") { _ = topology.node(id) }
        }
        for _ in 0..<links {
            let source = Int32(random.next() % UInt64(nodes))
            let target = Int32(random.next() % UInt64(nodes))
            var link = Topology.Link(
                source: source, target: target, latency: (random.unit() * 200).rounded() / 10,
                reliability: 0.5 + (random.unit() * 50).rounded() / 100)
            link.bandwidth = [1e4, 1e5, 1e6][Int(random.next() % 3)]
            link.cost = (random.unit() * 100).rounded() / 10
            try? topology.add(link)
        }
        return topology
    }

    /// Every loop-free path, as link lines.
    static func simplePaths(_ graph: Graph, from source: Int32, to target: Int32) -> [[Int32]] {
        var found: [[Int32]] = []
        var path: [Int32] = []
        var seen: Set<Int32> = [source]
        func walk(_ node: Int32) {
            guard node != target else { return found.append(path) }
            for slot in graph.row(node) where seen.insert(graph.targets[slot]).inserted {
                path.append(graph.links[slot])
                walk(graph.targets[slot])
                path.removeLast()
                seen.remove(graph.targets[slot])
            }
        }
        walk(source)
        return found
    }

    /// Bellman and Ford: sums from `source`, with nothing clever in it.
    static func sums(_ graph: Graph, _ weights: [Double], from source: Int32) -> [Double] {
        var sums = [Double](repeating: .infinity, count: graph.nodeCount)
        sums[Int(source)] = 0
        for _ in 0..<graph.nodeCount {
            for node in 0..<Int32(graph.nodeCount) {
                for slot in graph.row(node) {
                    let target = Int(graph.targets[slot])
                    sums[target] = min(sums[target], sums[Int(node)] + weights[slot])
                }
            }
        }
        return sums
    }
}
