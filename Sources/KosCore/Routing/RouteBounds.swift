/// What at best is left from each node to one target, each property for itself: the exact search
/// cuts with these what can no longer keep a limit or win.
package struct RouteBounds: Sendable {
    /// ms at least; infinite where no path leads to the target.
    package private(set) var latency: [Double]
    /// Share at most; −1 where no path leads to the target.
    package private(set) var reliability: [Double]
    /// Bit/s at most; −1 where no path leads to the target.
    package private(set) var bandwidth: [Double]
    package private(set) var cost: [Double]
    package private(set) var hops: [Int32]

    /// Sweeps the links by target from `target`; nodes beyond a limit, on the way from `source` or
    /// in themselves, stay at the worst value.
    package init(
        _ sweeps: BoundSweeps, from source: Int32, to target: Int32,
        _ requirements: RouteRequirements
    ) {
        let count = sweeps.reverse.nodeCount
        hops = [Int32](repeating: .max, count: count)
        let least = requirements.minBandwidth.flatMap { sweeps.bandwidth?.rank(of: $0) } ?? 0
        // A limit is met up to rounding here; the sum itself is checked in the right order later.
        var gate = Marked(limit: (requirements.maxLatency ?? .infinity) * (1 + 1e-12), marks: [])
        latency = sweeps.latency.sums(from: target, least: least, within: gate)
        if requirements.maxLatency != nil, latency[Int(source)].isFinite {
            // What lies too far from the source is left out of all that follows.
            let reached = sweeps.onward.sums(
                from: source, least: least, within: Corridor(limit: gate.limit, left: latency))
            gate.marks = reached.map(\.isFinite)
            for node in 0..<count where !gate.marks[node] { latency[node] = .infinity }
        }
        gate.limit = (requirements.maxCost ?? .infinity) * (1 + 1e-12)
        cost =
            sweeps.cost?.sums(from: target, least: least, within: gate)
            ?? [Double](repeating: 0, count: count)
        bandwidth =
            sweeps.bandwidth?.widths(from: target, least: least, marks: gate.marks)
            ?? [Double](repeating: .infinity, count: count)
        reliability = []
        if let sweep = sweeps.reliability {
            let share = requirements.minReliability ?? 0
            gate.limit = share > 0 ? -Logarithm.natural(share) * (1 + 1e-9) + 1e-9 : .infinity
            reliability = sweep.sums(from: target, least: least, within: gate).map {
                // What logarithms and their sums round is given back many times over. A product of
                // many shares may be too small to be told from 0; the node is open nevertheless.
                !$0.isFinite ? -1 : $0 == 0 ? 1 : min(1, Logarithm.exponential(-$0) * (1 + 1e-9))
            }
        } else {
            reliability = [Double](repeating: 1, count: count)
        }
        walk(sweeps.reverse, target, requirements.maxHops ?? .max)
    }

    /// Whether the target can be reached from `node` at all, within each limit taken alone.
    @inline(__always)
    package func isOpen(_ node: Int) -> Bool {
        hops[node] != .max && latency[node].isFinite && reliability[node] >= 0
            && bandwidth[node] > 0 && cost[node].isFinite
    }

    private mutating func walk(_ reverse: Graph, _ target: Int32, _ limit: Int) {
        var queue = [target]
        hops[Int(target)] = 0
        var head = 0
        while head < queue.count {
            let node = queue[head]
            head += 1
            let next = hops[Int(node)] + 1
            guard Int(next) <= limit else { break }
            for slot in reverse.row(node) {
                let at = Int(reverse.targets[slot])
                guard hops[at] == .max, latency[at].isFinite, reliability[at] >= 0,
                    bandwidth[at] > 0, cost[at].isFinite
                else { continue }
                hops[at] = next
                queue.append(reverse.targets[slot])
            }
        }
    }
}
