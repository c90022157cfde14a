import KosCore
import Testing

@Suite struct SearchTests {
    @Test(arguments: UInt64(0)..<60) func everySearchFindsTheShortest(seed: UInt64) throws {
        let topology = MeshSample.topology(nodes: 20, links: 70, seed: seed)
        let graph = Graph(topology)
        let weights = graph.weights(topology, by: .latency)
        let expected = MeshSample.sums(graph, weights, from: 0)
        let sweep = DistanceSweep(graph, weights: weights).sums(from: 0)
        var dijkstra = ShortestPath(graph, weights: weights)
        var both = BidirectionalSearch(graph, weights: weights)
        let landmarks = Landmarks(graph, weights: weights, count: 4)
        for target in Int32(1)..<20 {
            let sum = expected[Int(target)]
            #expect(
                abs(sweep[Int(target)] - sum) < 1e-9 || sweep[Int(target)] == sum, "seed \(seed)")
            let plain = dijkstra.path(from: 0, to: target)
            #expect((plain != nil) == sum.isFinite, "seed \(seed)")
            let hinted = dijkstra.path(from: 0, to: target) {
                landmarks.bound(from: $0, to: target)
            }
            #expect(plain == hinted, "A* found another path, seed \(seed)")
            guard sum.isFinite else { continue }
            let meeting = both.meet(0, target)
            let met = try #require(meeting, "seed \(seed)")
            #expect(abs(met.sum - sum) < 1e-9, "seed \(seed)")
            #expect(landmarks.bound(from: 0, to: target) <= sum, "seed \(seed)")
        }
    }

    @Test(arguments: UInt64(0)..<60) func exactSearchIsBruteForce(seed: UInt64) {
        let topology = MeshSample.topology(nodes: 7, links: 22, seed: seed)
        var random = SplitMix64(seed: seed)
        var requirements = RouteRequirements()
        requirements.maxLatency = 5 + random.unit() * 40
        if random.unit() < 0.5 { requirements.minReliability = 0.2 + random.unit() * 0.7 }
        if random.unit() < 0.5 { requirements.maxHops = 1 + Int(random.next() % 4) }
        if random.unit() < 0.5 { requirements.maxCost = 2 + random.unit() * 20 }
        var router = Router(topology, metric: .score, requirements: requirements)
        let feasible = MeshSample.simplePaths(router.graph, from: 0, to: 6)
            .map { RouteTotals($0, in: topology, by: .score) }
            .filter { router.isFeasible($0) }
        let found = router.candidates(from: 0, to: 6, by: .qos)
        #expect(found.isEmpty == feasible.isEmpty, "seed \(seed)")
        guard let best = found.first else { return }
        let references = ScoreReferences(
            latency: requirements.maxLatency ?? 0,
            bandwidth: feasible.map(\.bandwidth).max() ?? .infinity)
        let expected =
            feasible
            .map { ScoreParts($0, references).score(requirements.weights) }.max() ?? 0
        #expect(abs(best.score - expected) < 1e-9, "seed \(seed)")
        #expect(best.isExact)
    }

    @Test(arguments: UInt64(0)..<40) func alternativesAreTheFirstOfAll(seed: UInt64) {
        let topology = MeshSample.topology(nodes: 7, links: 20, seed: seed)
        let graph = Graph(topology)
        let weights = graph.weights(topology, by: .latency)
        var alternatives = Alternatives(graph, weights: weights)
        let found = alternatives.paths(
            from: 0, to: 6, count: 6, reverse: graph.reversed(weights))
        let every = MeshSample.simplePaths(graph, from: 0, to: 6)
            .map { RouteTotals($0, in: topology, by: .latency).latency }.sorted()
        let sums = found.map { RouteTotals($0.links, in: topology, by: .latency).latency }
        #expect(sums.count == min(6, every.count), "seed \(seed)")
        for (left, right) in zip(sums, every) { #expect(abs(left - right) < 1e-9, "seed \(seed)") }
        #expect(Set(found.map(\.links)).count == found.count, "seed \(seed)")
    }

    @Test(arguments: UInt64(0)..<30) func keptPathsEqualFreshOnes(seed: UInt64) {
        let topology = MeshSample.topology(nodes: 15, links: 60, seed: seed)
        let graph = Graph(topology)
        var random = SplitMix64(seed: seed)
        var live = DynamicSearch(from: 0)
        var weights = [Double](repeating: .infinity, count: graph.linkCount)
        var arcs: [Int32] = []
        for node in Int32(0)..<15 {
            for slot in graph.row(node) {
                arcs.append(live.add(from: node, to: graph.targets[slot]))
            }
        }
        for step in 0..<300 {
            let slot = Int(random.next() % UInt64(arcs.count))
            weights[slot] = random.unit() < 0.2 ? .infinity : (random.unit() * 100).rounded()
            live.set(arcs[slot], to: weights[slot])
            let expected = MeshSample.sums(graph, weights, from: 0)
            for node in Int32(0)..<15 {
                #expect(live.sum(to: node) == expected[Int(node)], "seed \(seed) step \(step)")
            }
        }
    }
}
