/// Shortest paths from one source that are kept while links change (Ramalingam and Reps 1996): a
/// change touches the nodes whose distance it changes, and no others.
package struct DynamicSearch: Sendable {
    private struct Arc: Sendable {
        var source: Int32
        var target: Int32
        /// Infinite while the link is down.
        var weight: Double
    }
    private struct Label: Comparable, Sendable {
        var sum: Double
        var node: Int32
        @inline(__always)
        static func < (left: Label, right: Label) -> Bool {
            left.sum != right.sum ? left.sum < right.sum : left.node < right.node
        }
    }
    package let source: Int32
    private var arcs: [Arc] = []
    private var leaving: [[Int32]] = []
    private var arriving: [[Int32]] = []
    private var sums: [Double] = []
    /// Arc by which a node is reached; −1 for the source and for nodes out of reach.
    private var parents: [Int32] = []
    private var isAffected: [Bool] = []
    private var affected: [Int32] = []
    private var heap = MinimumHeap<Label>()
    /// Nodes whose distance or parent the last change changed.
    package private(set) var changed: [Int32] = []

    package init(from source: Int32) {
        self.source = source
        grow(to: Int(source) + 1)
        sums[Int(source)] = 0
    }

    /// Adds an arc that is down; its number is the count of those before it.
    package mutating func add(from source: Int32, to target: Int32) -> Int32 {
        grow(to: Int(max(source, target)) + 1)
        let arc = Int32(arcs.count)
        arcs.append(Arc(source: source, target: target, weight: .infinity))
        leaving[Int(source)].append(arc)
        arriving[Int(target)].append(arc)
        return arc
    }

    /// Sets what an arc adds, at least 0, infinite for down; `changed` tells what followed.
    package mutating func set(_ arc: Int32, to weight: Double) {
        changed.removeAll(keepingCapacity: true)
        let old = arcs[Int(arc)].weight
        arcs[Int(arc)].weight = weight
        if weight < old { lower(arc) } else if weight > old { raise(arc) }
    }

    package func sum(to node: Int32) -> Double {
        Int(node) < sums.count ? sums[Int(node)] : .infinity
    }

    /// The arcs of the shortest path to `node`; nil when there is none.
    package func path(to node: Int32) -> [Int32]? {
        guard sum(to: node).isFinite else { return nil }
        var path: [Int32] = []
        var at = node
        while at != source, path.count < sums.count {
            let arc = parents[Int(at)]
            path.append(arc)
            at = arcs[Int(arc)].source
        }
        return path.reversed()
    }

    package func target(of arc: Int32) -> Int32 { arcs[Int(arc)].target }
    package func weight(of arc: Int32) -> Double { arcs[Int(arc)].weight }
    /// The arcs that touch `node`.
    package func arcs(of node: Int32) -> [Int32] {
        Int(node) < leaving.count ? leaving[Int(node)] + arriving[Int(node)] : []
    }

    // MARK: Parts

    private mutating func grow(to count: Int) {
        while sums.count < count {
            sums.append(.infinity)
            parents.append(-1)
            isAffected.append(false)
            leaving.append([])
            arriving.append([])
        }
    }

    private mutating func lower(_ arc: Int32) {
        let (from, to) = (Int(arcs[Int(arc)].source), Int(arcs[Int(arc)].target))
        let sum = sums[from] + arcs[Int(arc)].weight
        guard sum < sums[to] else { return }
        reach(to, sum, by: arc)
        settle()
    }

    private mutating func raise(_ arc: Int32) {
        let root = arcs[Int(arc)].target
        guard parents[Int(root)] == arc else { return }
        collect(below: root)
        // Each affected node first takes the best way in from outside.
        for node in affected {
            var (best, way) = (Double.infinity, Int32(-1))
            for arc in arriving[Int(node)] {
                let link = arcs[Int(arc)]
                guard !isAffected[Int(link.source)] else { continue }
                let sum = sums[Int(link.source)] + link.weight
                if sum < best { (best, way) = (sum, arc) }
            }
            sums[Int(node)] = best
            parents[Int(node)] = way
            changed.append(node)
            if best.isFinite { heap.push(Label(sum: best, node: node)) }
        }
        for node in affected { isAffected[Int(node)] = false }
        settle()
    }

    /// The nodes whose path leads over `root`.
    private mutating func collect(below root: Int32) {
        affected.removeAll(keepingCapacity: true)
        affected.append(root)
        isAffected[Int(root)] = true
        var head = 0
        while head < affected.count {
            for arc in leaving[Int(affected[head])] {
                let child = arcs[Int(arc)].target
                if parents[Int(child)] == arc, !isAffected[Int(child)] {
                    isAffected[Int(child)] = true
                    affected.append(child)
                }
            }
            head += 1
        }
    }

    private mutating func reach(_ node: Int, _ sum: Double, by arc: Int32) {
        sums[node] = sum
        parents[node] = arc
        changed.append(Int32(node))
        heap.push(Label(sum: sum, node: Int32(node)))
    }

    private mutating func settle() {
        while let label = heap.pop() {
            guard label.sum == sums[Int(label.node)] else { continue }
            for arc in leaving[Int(label.node)] {
                let sum = label.sum + arcs[Int(arc)].weight
                let target = Int(arcs[Int(arc)].target)
                if sum < sums[target] { reach(target, sum, by: arc) }
            }
        }
    }
}
