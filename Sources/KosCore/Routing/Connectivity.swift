/// How a graph hangs together: components, strong components, articulation points, bridges.
package struct Connectivity: Sendable {
    /// Each node's part, links taken in both directions.
    package private(set) var parts: [Int32] = []
    package private(set) var partSizes: [Int] = []
    /// Each node's set of nodes that all reach each other, later sets reaching earlier ones only.
    package private(set) var sets: [Int32] = []
    package private(set) var setSizes: [Int] = []
    package private(set) var articulationPoints: [Int32] = []
    package private(set) var bridges: [(Int32, Int32)] = []

    /// The graph with every link both ways, each pair of nodes once.
    private let both: Graph

    package init(_ graph: Graph) {
        both = Connectivity.undirected(graph)
        findParts()
        findSets(graph)
        findCuts()
    }

    static func undirected(_ graph: Graph) -> Graph {
        let reverse = graph.reversed()
        var both = Graph(offsets: [0], targets: [], links: [])
        for node in 0..<Int32(graph.nodeCount) {
            let ends = (graph.targets[graph.row(node)] + reverse.targets[reverse.row(node)])
                .sorted()
            var last: Int32 = -1
            for end in ends where end != last && end != node {
                both.targets.append(end)
                last = end
            }
            both.offsets.append(Int32(both.targets.count))
        }
        return both
    }

    private mutating func findParts() {
        parts = [Int32](repeating: -1, count: both.nodeCount)
        for start in 0..<Int32(both.nodeCount) where parts[Int(start)] < 0 {
            let part = Int32(partSizes.count)
            var queue = [start]
            parts[Int(start)] = part
            var head = 0
            while head < queue.count {
                for slot in both.row(queue[head]) where parts[Int(both.targets[slot])] < 0 {
                    parts[Int(both.targets[slot])] = part
                    queue.append(both.targets[slot])
                }
                head += 1
            }
            partSizes.append(queue.count)
        }
    }

    /// Tarjan 1972, with its own stack.
    private mutating func findSets(_ graph: Graph) {
        let count = graph.nodeCount
        sets = [Int32](repeating: -1, count: count)
        var order = [Int32](repeating: -1, count: count)
        var low = [Int32](repeating: 0, count: count)
        var next = graph.offsets
        var open: [Int32] = []
        var time: Int32 = 0
        for start in 0..<Int32(count) where order[Int(start)] < 0 {
            var path = [start]
            while let node = path.last {
                let at = Int(node)
                if order[at] < 0 {
                    order[at] = time
                    low[at] = time
                    time += 1
                    open.append(node)
                }
                var isDeeper = false
                while next[at] < graph.offsets[at + 1] {
                    let target = graph.targets[Int(next[at])]
                    next[at] += 1
                    if order[Int(target)] < 0 {
                        path.append(target)
                        isDeeper = true
                        break
                    }
                    if sets[Int(target)] < 0 { low[at] = min(low[at], order[Int(target)]) }
                }
                if isDeeper { continue }
                path.removeLast()
                if let parent = path.last { low[Int(parent)] = min(low[Int(parent)], low[at]) }
                if low[at] == order[at] { closeSet(node, &open) }
            }
        }
    }

    private mutating func closeSet(_ root: Int32, _ open: inout [Int32]) {
        let number = Int32(setSizes.count)
        var size = 0
        while let node = open.popLast() {
            sets[Int(node)] = number
            size += 1
            if node == root { break }
        }
        setSizes.append(size)
    }

    /// Hopcroft and Tarjan 1973: a node is a cut when a child's subtree reaches no higher than it.
    private mutating func findCuts() {
        let count = both.nodeCount
        var order = [Int32](repeating: -1, count: count)
        var low = [Int32](repeating: 0, count: count)
        var parent = [Int32](repeating: -1, count: count)
        var next = both.offsets
        var isCut = [Bool](repeating: false, count: count)
        var time: Int32 = 0
        for start in 0..<Int32(count) where order[Int(start)] < 0 {
            var path = [start]
            var branches = 0
            order[Int(start)] = time
            low[Int(start)] = time
            time += 1
            while let node = path.last {
                let at = Int(node)
                if next[at] < both.offsets[at + 1] {
                    let target = both.targets[Int(next[at])]
                    next[at] += 1
                    if order[Int(target)] < 0 {
                        parent[Int(target)] = node
                        order[Int(target)] = time
                        low[Int(target)] = time
                        time += 1
                        if node == start { branches += 1 }
                        path.append(target)
                    } else if target != parent[at] {
                        low[at] = min(low[at], order[Int(target)])
                    }
                    continue
                }
                path.removeLast()
                guard let above = path.last else { continue }
                low[Int(above)] = min(low[Int(above)], low[at])
                if low[at] > order[Int(above)] { bridges.append((above, node)) }
                if above != start, low[at] >= order[Int(above)] { isCut[Int(above)] = true }
            }
            if branches > 1 { isCut[Int(start)] = true }
        }
        articulationPoints = (0..<Int32(count)).filter { isCut[Int($0)] }
    }
}
