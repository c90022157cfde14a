/// One source to all nodes, distances only: buckets instead of a heap (Meyer and Sanders'
/// Δ-stepping on one core). Within a bucket nodes are corrected first in, first out until nothing
/// improves, so the sums are Dijkstra's to the last bit.
package struct DistanceSweep: Sendable {
    private struct Arc: Sendable {
        var weight: Double
        var target: Int32
        /// A sweep may leave out the arcs of low rank.
        var rank: Int32
    }
    private let offsets: [Int32]
    private let arcs: [Arc]
    /// Width of a bucket, and its inverse.
    private let scale: Double
    private let bucketCount: Int

    package init(_ graph: Graph, weights: [Double], ranks: [Int32] = []) {
        offsets = graph.offsets
        var arcs: [Arc] = []
        arcs.reserveCapacity(graph.linkCount)
        var (most, least, total, count) = (0.0, Double.infinity, 0.0, 0.0)
        for slot in 0..<graph.linkCount {
            let weight = weights[slot]
            arcs.append(
                Arc(
                    weight: weight, target: graph.targets[slot],
                    rank: slot < ranks.count ? ranks[slot] : 0))
            guard weight.isFinite else { continue }
            most = max(most, weight)
            least = min(least, weight)
            total += weight
            count += 1
        }
        self.arcs = arcs
        // A bucket no wider than the least weight needs no correction; one much wider than the mean
        // corrects too often.
        let mean = count > 0 ? total / count : 0
        var width = max(least.isFinite ? least : 0, mean / 4)
        width = max(width, most / 65_000)
        // Of weights too small to be divided by, all go into one bucket.
        scale = width > 0 && (1 / width).isFinite ? 1 / width : 0
        bucketCount = scale > 0 ? Int(most * scale) + 3 : 1
    }

    /// Sums from `source`; infinite where there is no path.
    package func sums(from source: Int32) -> [Double] { sums(from: source, within: Unlimited()) }

    /// Sums from `source` over arcs of rank `least` and above; infinite where there is no path that
    /// `gate` lets pass at each of its nodes.
    func sums(from source: Int32, least: Int32 = 0, within gate: some SweepGate) -> [Double] {
        var sums = [Double](repeating: .infinity, count: offsets.count - 1)
        guard source >= 0, Int(source) < sums.count else { return sums }
        var buckets = [[Int32]](repeating: [], count: bucketCount)
        sums[Int(source)] = 0
        buckets[0].append(source)
        var waiting = 1
        var number = 0
        var place = 0
        var current: [Int32] = []
        while waiting > 0 {
            // A node that is corrected within its bucket is put behind the others there.
            while !buckets[place].isEmpty {
                current.removeAll(keepingCapacity: true)
                swap(&current, &buckets[place])
                waiting -= current.count
                for node in current where Int(sums[Int(node)] * scale) == number {
                    relax(node, least, gate, &sums, &buckets, &waiting)
                }
            }
            number += 1
            place = place + 1 == bucketCount ? 0 : place + 1
        }
        return sums
    }

    @inline(__always)
    private func relax(
        _ node: Int32, _ least: Int32, _ gate: some SweepGate, _ sums: inout [Double],
        _ buckets: inout [[Int32]], _ waiting: inout Int
    ) {
        let base = sums[Int(node)]
        for slot in Int(offsets[Int(node)])..<Int(offsets[Int(node) + 1]) {
            let arc = arcs[slot]
            let sum = base + arc.weight
            guard sum < sums[Int(arc.target)], arc.rank >= least, gate.admits(arc.target, sum)
            else { continue }
            sums[Int(arc.target)] = sum
            buckets[Int(sum * scale) % bucketCount].append(arc.target)
            waiting += 1
        }
    }
}

/// Which nodes a sweep may enter with which sums.
protocol SweepGate {
    func admits(_ node: Int32, _ sum: Double) -> Bool
}

struct Unlimited: SweepGate {
    @inline(__always)
    func admits(_ node: Int32, _ sum: Double) -> Bool { true }
}

/// Sums up to a limit, nodes that are marked.
struct Marked: SweepGate {
    var limit: Double
    /// By node; empty when all are.
    var marks: [Bool]

    @inline(__always)
    func admits(_ node: Int32, _ sum: Double) -> Bool {
        sum <= limit && (marks.isEmpty || marks[Int(node)])
    }
}

/// Nodes from which what is left can be had within a limit.
struct Corridor: SweepGate {
    var limit: Double
    /// At least this much is left from each node.
    var left: [Double]

    @inline(__always)
    func admits(_ node: Int32, _ sum: Double) -> Bool { sum + left[Int(node)] <= limit }
}
