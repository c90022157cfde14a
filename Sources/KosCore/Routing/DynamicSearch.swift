/// Shortest paths from one source that are kept while links change (Ramalingam and Reps 1996): a
/// change touches the nodes whose distance it changes, and no others.
package struct DynamicSearch: Sendable {
    private struct Arc: Sendable {
        var source: Int32
        var target: Int32
        /// Places in the rows of the two ends.
        var leaving: Int32
        var arriving: Int32
    }
    /// An arc as one of its ends sees it.
    private struct Step: Sendable {
        /// Infinite while the link is down.
        var weight: Double
        /// The other end.
        var node: Int32
        var arc: Int32
    }
    private struct Node: Sendable {
        var sum = Double.infinity
        /// Arc by which the node is reached; −1 for the source and for nodes out of reach.
        var parent: Int32 = -1
        var isAffected = false
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
    private var leaving = GrowingRows<Step>()
    private var arriving = GrowingRows<Step>()
    private var nodes: [Node] = []
    private var affected: [Int32] = []
    private var heap = MinimumHeap<Label>()
    /// Nodes whose distance or parent the last change changed; some stand there more than once.
    package private(set) var changed: [Int32] = []

    package init(from source: Int32) {
        self.source = source
        grow(to: Int(source) + 1)
        nodes[Int(source)].sum = 0
    }

    /// Adds an arc that is down; its number is the count of those before it.
    package mutating func add(from source: Int32, to target: Int32) -> Int32 {
        grow(to: Int(max(source, target)) + 1)
        let arc = Int32(arcs.count)
        let out = leaving.append(Step(weight: .infinity, node: target, arc: arc), to: Int(source))
        let back = arriving.append(Step(weight: .infinity, node: source, arc: arc), to: Int(target))
        arcs.append(
            Arc(source: source, target: target, leaving: Int32(out), arriving: Int32(back)))
        return arc
    }

    /// Sets what an arc adds, at least 0, infinite for down; `changed` tells what followed.
    package mutating func set(_ number: Int32, to weight: Double) {
        changed.removeAll(keepingCapacity: true)
        let arc = arcs[Int(number)]
        let place = leaving.starts[Int(arc.source)] + Int(arc.leaving)
        let old = leaving.elements[place].weight
        leaving.elements[place].weight = weight
        arriving.elements[arriving.starts[Int(arc.target)] + Int(arc.arriving)].weight = weight
        if weight < old {
            lower(arc, number, weight)
        } else if weight > old {
            raise(arc, number, weight)
        }
    }

    package func sum(to node: Int32) -> Double {
        Int(node) < nodes.count ? nodes[Int(node)].sum : .infinity
    }

    /// The arcs of the shortest path to `node`; nil when there is none.
    package func path(to node: Int32) -> [Int32]? {
        guard sum(to: node).isFinite else { return nil }
        var path: [Int32] = []
        var at = node
        while at != source, path.count < nodes.count {
            let arc = nodes[Int(at)].parent
            path.append(arc)
            at = arcs[Int(arc)].source
        }
        return path.reversed()
    }

    package func target(of arc: Int32) -> Int32 { arcs[Int(arc)].target }
    package func weight(of number: Int32) -> Double {
        let arc = arcs[Int(number)]
        return leaving.elements[leaving.starts[Int(arc.source)] + Int(arc.leaving)].weight
    }
    /// The arcs that touch `node`.
    package func arcs(of node: Int32) -> [Int32] {
        guard Int(node) < nodes.count else { return [] }
        return leaving.row(Int(node)).map { leaving.elements[$0].arc }
            + arriving.row(Int(node)).map { arriving.elements[$0].arc }
    }

    // MARK: Parts

    private mutating func grow(to count: Int) {
        guard nodes.count < count else { return }
        while nodes.count < count { nodes.append(Node()) }
        leaving.grow(to: count)
        arriving.grow(to: count)
    }

    private mutating func lower(_ arc: Arc, _ number: Int32, _ weight: Double) {
        let sum = nodes[Int(arc.source)].sum + weight
        guard sum < nodes[Int(arc.target)].sum else { return }
        nodes[Int(arc.target)].parent = number
        collect(below: arc.target, sum)
        // What hangs below has become nearer with it, in the same order; others may change over.
        for node in affected {
            nodes[Int(node)].isAffected = false
            relax(from: node, nodes[Int(node)].sum)
        }
        settle()
    }

    private mutating func raise(_ arc: Arc, _ number: Int32, _ weight: Double) {
        guard nodes[Int(arc.target)].parent == number else { return }
        collect(below: arc.target, nodes[Int(arc.source)].sum + weight)
        // Each affected node takes the best way in from outside where it is better than the old one
        // with the new weight.
        for node in affected {
            var (best, way) = (nodes[Int(node)].sum, Int32(-1))
            for place in arriving.row(Int(node)) {
                let step = arriving.elements[place]
                let from = nodes[Int(step.node)]
                guard !from.isAffected else { continue }
                let sum = from.sum + step.weight
                if sum < best { (best, way) = (sum, step.arc) }
            }
            if way >= 0 {
                nodes[Int(node)].sum = best
                nodes[Int(node)].parent = way
                heap.push(Label(sum: best, node: node))
            } else if !best.isFinite {
                nodes[Int(node)].parent = -1
            }
        }
        for node in affected { nodes[Int(node)].isAffected = false }
        settle()
    }

    /// The nodes whose path leads over `root`, with their sums when the root's is `sum`.
    private mutating func collect(below root: Int32, _ sum: Double) {
        affected.removeAll(keepingCapacity: true)
        affected.append(root)
        nodes[Int(root)].isAffected = true
        nodes[Int(root)].sum = sum
        var head = 0
        while head < affected.count {
            let base = nodes[Int(affected[head])].sum
            for place in leaving.row(Int(affected[head])) {
                let step = leaving.elements[place]
                if nodes[Int(step.node)].parent == step.arc, !nodes[Int(step.node)].isAffected {
                    nodes[Int(step.node)].isAffected = true
                    nodes[Int(step.node)].sum = base + step.weight
                    affected.append(step.node)
                }
            }
            head += 1
        }
        changed.append(contentsOf: affected)
    }

    @inline(__always)
    private mutating func reach(_ node: Int, _ sum: Double, by arc: Int32) {
        nodes[node].sum = sum
        nodes[node].parent = arc
        changed.append(Int32(node))
        heap.push(Label(sum: sum, node: Int32(node)))
    }

    private mutating func settle() {
        while let label = heap.pop() {
            guard label.sum == nodes[Int(label.node)].sum else { continue }
            relax(from: label.node, label.sum)
        }
    }

    @inline(__always)
    private mutating func relax(from node: Int32, _ base: Double) {
        for place in leaving.row(Int(node)) {
            let step = leaving.elements[place]
            let sum = base + step.weight
            if sum < nodes[Int(step.node)].sum { reach(Int(step.node), sum, by: step.arc) }
        }
    }
}

/// Rows that grow, in one array: a row that is full moves to the end with twice the room. An
/// element keeps its place within its row.
struct GrowingRows<Element: Sendable>: Sendable {
    private(set) var starts: [Int] = []
    private var counts: [Int32] = []
    var elements: [Element] = []

    mutating func grow(to count: Int) {
        while starts.count < count {
            starts.append(0)
            counts.append(0)
        }
    }

    @inline(__always)
    func row(_ index: Int) -> Range<Int> { starts[index]..<starts[index] + Int(counts[index]) }

    /// Adds to a row; returns the place within it.
    mutating func append(_ element: Element, to index: Int) -> Int {
        let count = Int(counts[index])
        // A row of 2, 4, 8 … is full.
        let isFull = count == 0 || count > 1 && count & (count - 1) == 0
        if isFull {
            let old = starts[index]
            starts[index] = elements.count
            for place in 0..<count { elements.append(elements[old + place]) }
            for _ in 0..<max(2, count) { elements.append(element) }
        }
        elements[starts[index] + count] = element
        counts[index] += 1
        return count
    }
}
