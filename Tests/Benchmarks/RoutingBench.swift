// Searches of KosCore over a graph that is loaded already: one line `name milliseconds…` each.
// Compiled against the release build by routing.py; reads link records, then `source target` pairs.
import Glibc
import KosCore

func cpu() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
}

func readAll(_ path: String) -> [UInt8] {
    let file = open(path, O_RDONLY)
    var size = stat()
    fstat(file, &size)
    return [UInt8](unsafeUninitializedCapacity: Int(size.st_size)) { buffer, count in
        while count < buffer.count {
            let got = read(file, buffer.baseAddress.map { $0 + count }, buffer.count - count)
            guard got > 0 else { break }
            count += got
        }
    }
}

@main struct Bench {
    static func report(_ name: String, _ runs: Int, _ body: (Int) -> Double) {
        var times: [Double] = []
        var sum = 0.0
        for run in 0..<runs {
            let start = cpu()
            sum += body(run)
            times.append(cpu() - start)
        }
        times.sort()
        let text =
            "\(name) median \(times[times.count / 2]) p95 \(times[times.count * 95 / 100]) check \(sum)"
        print(text)
    }

    /// Exact routes under random limits around what the shortest route has.
    static func limits(_ topology: Topology, _ pairs: [(Int32, Int32)]) {
        var random = SplitMix64(seed: 11)
        var answered = 0.0
        var inexact = 0.0
        var plain = Router(topology, metric: .latency)
        let requests = pairs.map { pair in
            var requirements = RouteRequirements()
            let base = plain.shortest(from: pair.0, to: pair.1)?.totals ?? RouteTotals()
            requirements.maxLatency = base.latency * (1 + random.unit())
            if random.unit() < 0.5 {
                requirements.minReliability = base.reliability * (1 + random.unit() * 0.2)
            }
            if random.unit() < 0.5 { requirements.maxHops = base.hops + Int(random.next() % 4) }
            if topology.rows.first?.bandwidth.isFinite == true {
                if random.unit() < 0.5 { requirements.minBandwidth = 1_000_000 }
                if random.unit() < 0.5 { requirements.maxCost = base.cost * (1 + random.unit()) }
            }
            return requirements
        }
        var router = plain
        report("limits", pairs.count) { run in
            router.requirements = requests[run]
            let found = router.candidates(from: pairs[run].0, to: pairs[run].1, by: .qos)
            if found.first?.isExact == false { inexact += 1 }
            answered += found.isEmpty ? 0 : 1
            return found.first?.score ?? 0
        }
        print("limits answered \(answered) inexact \(inexact)")
    }

    /// Link changes a second with a watched source.
    static func changes(_ topology: Topology, _ router: Router, _ source: Int32) {
        var live = DynamicSearch(from: source)
        var arcs: [Int32] = []
        for place in topology.rows.indices {
            arcs.append(
                live.add(from: topology.rows[place].source, to: topology.rows[place].target))
            live.set(arcs[place], to: topology.rows[place].latency)
        }
        var random = SplitMix64(seed: 5)
        let count = 200_000
        let start = cpu()
        var touched = 0
        for _ in 0..<count {
            let arc = Int(random.next() % UInt64(arcs.count))
            live.set(arcs[arc], to: topology.rows[arc].latency * (0.5 + random.unit()))
            touched += live.changed.count
        }
        let spent = cpu() - start
        print(
            "changes s \(Double(count) / spent * 1000) touched \(Double(touched) / Double(count))"
        )
    }

    static func main() {
        let path = CommandLine.arguments[1]
        var text = readAll(path)
        var start = cpu()
        var survey = Survey()
        var at = 0
        while at < text.count {
            let (lines, end) = survey.takeRun(text.span, from: at)
            at = end
            guard lines == 0 else { continue }
            let next = text.span.firstOffset(of: 0x0A, from: at) ?? text.count
            _ = survey.take(text.span, at..<next)
            at = next + 1
        }
        print("scan ms \(cpu() - start) MB \(text.count / 1_000_000)")
        text = []
        survey.settle()
        print("scan+settle ms \(cpu() - start)")
        let topology = survey.topology
        var router = Router(topology, metric: .latency)
        print(
            "load ms \(cpu() - start) nodes \(topology.nodeCount) links \(router.graph.linkCount)")
        var random = SplitMix64(seed: 7)
        let count = topology.nodeCount
        let runs = count <= 10_000 ? 200 : 20
        // The pairs are of names, so that the peers get the same ones.
        let pairs = (0..<runs).map { _ in
            (
                topology.index(of: "n\(Int.random(in: 0..<count, using: &random))") ?? 0,
                topology.index(of: "n\(Int.random(in: 0..<count, using: &random))") ?? 1
            )
        }
        print(
            "pairs "
                + pairs.map { "\(topology.name(of: $0.0)):\(topology.name(of: $0.1))" }.joined(
                    separator: " "))
        start = cpu()
        let sweep = DistanceSweep(router.graph, weights: router.weights)
        print("sweep-build ms \(cpu() - start)")
        report("sssp", 5) { sweep.sums(from: pairs[$0].0)[Int(pairs[$0].1)] }
        changes(topology, router, pairs[0].0)
        limits(topology, pairs)
        report("dijkstra", runs) {
            router.shortest(from: pairs[$0].0, to: pairs[$0].1)?.totals.weight ?? 0
        }
        start = cpu()
        let landmarks = Landmarks(router.graph, weights: router.weights, count: 8)
        print("landmarks ms \(cpu() - start)")
        var search = ShortestPath(router.graph, weights: router.weights)
        report("alt", runs) { run in
            let target = pairs[run].1
            _ = search.path(from: pairs[run].0, to: target) {
                landmarks.bound(from: $0, to: target)
            }
            return search.sum(to: target)
        }
        var both = BidirectionalSearch(router.graph, weights: router.weights)
        report("bidirectional", runs) { both.meet(pairs[$0].0, pairs[$0].1)?.sum ?? 0 }
        var yen = Alternatives(router.graph, weights: router.weights)
        let reverse = router.graph.reversed(router.weights)
        report("yen5", 5) { run in
            let paths = yen.paths(from: pairs[run].0, to: pairs[run].1, count: 5, reverse: reverse)
            return paths.map { RouteTotals($0.links, in: topology, by: .latency).weight }.reduce(
                0, +)
        }
    }
}
