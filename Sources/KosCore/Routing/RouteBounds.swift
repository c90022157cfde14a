/// What at best is left from each node to one target, each property for itself: the exact search
/// cuts with these what can no longer keep a limit or win.
package struct RouteBounds: Sendable {
    /// ms at least; infinite where no path leads to the target.
    package private(set) var latency: [Double]
    /// Share at most.
    package private(set) var reliability: [Double]
    /// Bit/s at most.
    package private(set) var bandwidth: [Double]
    package private(set) var cost: [Double]
    package private(set) var hops: [Int32]

    private struct Least: Comparable {
        var key: Double
        var node: Int32
        @inline(__always)
        static func < (left: Least, right: Least) -> Bool { left.key < right.key }
    }

    /// Searches `reverse`, a graph by target, from `target`; nodes beyond a limit stay at the worst
    /// value, and each search leaves out what an earlier one has ruled out.
    package init(
        _ reverse: Graph, _ topology: Topology, to target: Int32, _ requirements: RouteRequirements
    ) {
        let count = reverse.nodeCount
        hops = [Int32](repeating: .max, count: count)
        latency = []
        reliability = []
        bandwidth = []
        cost = []
        walk(reverse, target, requirements.maxHops ?? .max)
        latency = least(reverse, target, limit: requirements.maxLatency) {
            topology.rows[Int($0)].latency
        }
        if topology.costs.isEmpty {
            cost = [Double](repeating: 0, count: count)
        } else {
            cost = least(reverse, target, limit: requirements.maxCost) {
                topology.statedCost(Int($0)) ?? 0
            }
        }
        reliability = most(reverse, target, limit: requirements.minReliability ?? 0, start: 1) {
            $0 * topology.rows[Int($1)].reliability
        }
        bandwidth = most(reverse, target, limit: requirements.minBandwidth ?? 0, start: .infinity) {
            min($0, topology.rows[Int($1)].bandwidth)
        }
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
            for slot in reverse.row(node) where hops[Int(reverse.targets[slot])] == .max {
                hops[Int(reverse.targets[slot])] = next
                queue.append(reverse.targets[slot])
            }
        }
    }

    private func least(
        _ reverse: Graph, _ target: Int32, limit: Double?, _ weight: (Int32) -> Double
    ) -> [Double] {
        // A limit is met up to rounding here; the sum itself is checked in the right order later.
        let limit = (limit ?? .infinity) * (1 + 1e-12)
        var best = [Double](repeating: .infinity, count: reverse.nodeCount)
        var heap = MinimumHeap<Least>()
        best[Int(target)] = 0
        heap.push(Least(key: 0, node: target))
        while let label = heap.pop() {
            guard label.key == best[Int(label.node)] else { continue }
            for slot in reverse.row(label.node) {
                let next = Int(reverse.targets[slot])
                let sum = label.key + weight(reverse.links[slot])
                guard sum < best[next], sum <= limit, hops[next] != .max else { continue }
                best[next] = sum
                heap.push(Least(key: sum, node: Int32(next)))
            }
        }
        return best
    }

    private func most(
        _ reverse: Graph, _ target: Int32, limit: Double, start: Double,
        _ join: (Double, Int32) -> Double
    ) -> [Double] {
        let limit = limit * (1 - 1e-12)
        // A product of many shares may be too small to be told from 0; the node is open
        // nevertheless.
        var best = [Double](repeating: -1, count: reverse.nodeCount)
        var heap = MinimumHeap<Least>()
        best[Int(target)] = start
        heap.push(Least(key: -start, node: target))
        while let label = heap.pop() {
            guard -label.key == best[Int(label.node)] else { continue }
            for slot in reverse.row(label.node) {
                let next = Int(reverse.targets[slot])
                let value = join(-label.key, reverse.links[slot])
                guard value > best[next], value >= limit, latency[next].isFinite else { continue }
                best[next] = value
                heap.push(Least(key: -value, node: Int32(next)))
            }
        }
        return best
    }
}
