/// What routes are not to share.
package enum Disjointness: String, Sendable, CaseIterable { case links, nodes }

/// The cheapest set of paths that share no link, or no node between their ends (Suurballe 1974,
/// Bhandari 1999): shortest paths one after the other in the residual graph, with potentials that
/// keep every weight at least 0. The sum over the whole set is least.
package struct DisjointPaths: Sendable {
    private struct Label: Comparable, Sendable {
        var sum: Double
        var state: Int32
        static func < (left: Label, right: Label) -> Bool {
            left.sum != right.sum ? left.sum < right.sum : left.state < right.state
        }
    }
    /// What one more path would have to share.
    package enum Narrow: Hashable, Sendable {
        case node(Int32)
        /// A link line.
        case link(Int32)
    }
    /// Where all paths go through when there were fewer than asked for.
    package private(set) var narrows: [Narrow] = []
    private let graph: Graph
    private let weights: [Double]
    private let sharesNodes: Bool
    private let source: Int32
    private let target: Int32
    /// Source of each place in the graph.
    private let origins: [Int32]
    private var isUsed: [Bool]
    /// Places used that lead to a node.
    private var arriving: [Int32: [Int32]] = [:]
    private var potential: [Double]
    private var sums: [Double]
    /// How a state was reached: a place taken forward, −2 − place taken back, −1 within the node.
    private var steps: [Int32]
    private var parents: [Int32]

    /// States: `2v` is node `v` as it is entered, `2v + 1` as it is left. Between them lies the
    /// node itself, which only one path may pass when nodes are not to be shared.
    package init(
        _ graph: Graph, weights: [Double], from source: Int32, to target: Int32, sharingNodes: Bool
    ) {
        self.graph = graph
        self.weights = weights
        self.source = source
        self.target = target
        sharesNodes = sharingNodes
        var origins = [Int32](repeating: 0, count: graph.linkCount)
        for node in 0..<Int32(graph.nodeCount) {
            for slot in graph.row(node) { origins[slot] = node }
        }
        self.origins = origins
        isUsed = [Bool](repeating: false, count: graph.linkCount)
        potential = [Double](repeating: 0, count: graph.nodeCount * 2)
        sums = [Double](repeating: .infinity, count: graph.nodeCount * 2)
        steps = [Int32](repeating: -1, count: graph.nodeCount * 2)
        parents = [Int32](repeating: -1, count: graph.nodeCount * 2)
    }

    /// Up to `count` paths, the shortest first; fewer when there are no more.
    package mutating func paths(_ count: Int) -> [RoutePath] {
        guard source != target else { return [] }
        var flow = 0
        while flow < count, augment() { flow += 1 }
        if flow < count { narrows = cut() }
        var found: [RoutePath] = []
        for _ in 0..<flow { found.append(takePath()) }
        return found.sorted { (sum($0), $0.links.count) < (sum($1), $1.links.count) }
    }

    private func sum(_ path: RoutePath) -> Double {
        // The path's links are link lines; their places are found again by the row of their source.
        var sum = 0.0
        var node = path.source
        for link in path.links {
            guard let slot = graph.row(node).first(where: { graph.links[$0] == link }) else {
                break
            }
            sum += weights[slot]
            node = graph.targets[slot]
        }
        return sum
    }

    /// The least cut, from what the last search could not pass.
    private func cut() -> [Narrow] {
        var narrows: [Narrow] = []
        for node in 0..<Int32(graph.nodeCount) {
            let taken = arriving[node] ?? []
            let (entered, left) = (sums[Int(node) * 2], sums[Int(node) * 2 + 1])
            if !sharesNodes, !taken.isEmpty, node != target, entered.isFinite, !left.isFinite {
                narrows.append(.node(node))
            }
            for slot in taken {
                let from = Int(origins[Int(slot)])
                if sums[from * 2 + 1].isFinite, !entered.isFinite {
                    narrows.append(.link(graph.links[Int(slot)]))
                }
            }
        }
        return narrows
    }

    /// Finds one more path in the residual graph and adds it to the set.
    private mutating func augment() -> Bool {
        for state in sums.indices { sums[state] = .infinity }
        var heap = MinimumHeap<Label>()
        let start = source * 2 + 1
        let goal = target * 2
        sums[Int(start)] = 0
        heap.push(Label(sum: 0, state: start))
        while let label = heap.pop() {
            guard label.sum == sums[Int(label.state)] else { continue }
            expand(label, &heap)
        }
        guard sums[Int(goal)].isFinite else { return false }
        for state in potential.indices where sums[state].isFinite {
            potential[state] += sums[state]
        }
        var state = goal
        while state != start {
            let step = steps[Int(state)]
            if step >= 0 {
                isUsed[Int(step)] = true
                arriving[graph.targets[Int(step)], default: []].append(step)
            } else if step <= -2 {
                let place = -2 - step
                isUsed[Int(place)] = false
                arriving[graph.targets[Int(place)]]?.removeAll { $0 == place }
            }
            state = parents[Int(state)]
        }
        return true
    }

    private mutating func expand(_ label: Label, _ heap: inout MinimumHeap<Label>) {
        let node = label.state / 2
        let isLeaving = label.state & 1 == 1
        let taken = arriving[node] ?? []
        if isLeaving {
            for slot in graph.row(node) where !isUsed[slot] && weights[slot].isFinite {
                let next = graph.targets[slot]
                guard next != source else { continue }
                relax(label, to: next * 2, weights[slot], Int32(slot), &heap)
            }
            // Back through the node, whose passage a path in the set has paid.
            if !taken.isEmpty, node != source {
                relax(label, to: node * 2, 0, -1, &heap)
            }
        } else if node != target {
            if sharesNodes || taken.isEmpty {
                relax(label, to: node * 2 + 1, 0, -1, &heap)
            }
            for slot in taken {
                let from = origins[Int(slot)]
                relax(label, to: from * 2 + 1, -weights[Int(slot)], -2 - slot, &heap)
            }
        }
    }

    @inline(__always)
    private mutating func relax(
        _ label: Label, to state: Int32, _ weight: Double, _ step: Int32,
        _ heap: inout MinimumHeap<Label>
    ) {
        // Reduced weights are at least 0 but for rounding.
        let reduced = max(0, weight + potential[Int(label.state)] - potential[Int(state)])
        let sum = label.sum + reduced
        guard sum < sums[Int(state)] else { return }
        sums[Int(state)] = sum
        steps[Int(state)] = step
        parents[Int(state)] = label.state
        heap.push(Label(sum: sum, state: state))
    }

    /// Takes one path out of the set of used links; loops that the links of several paths could
    /// form are cut out.
    private mutating func takePath() -> RoutePath {
        var slots: [Int] = []
        var node = source
        while node != target {
            guard let slot = graph.row(node).first(where: { isUsed[$0] }) else { break }
            isUsed[slot] = false
            let next = graph.targets[slot]
            if let seen = slots.firstIndex(where: { origins[$0] == next }) {
                slots.removeSubrange(seen...)
            } else {
                slots.append(slot)
            }
            node = next
        }
        return RoutePath(source: source, target: target, links: slots.map { graph.links[$0] })
    }
}
