/// Lower bounds for A*: what at least is left from a node to the target, by the metric's sum.
///
/// Straight lines where every node has a position: metres times the least weight per metre of any
/// link, learnt from the links themselves, so the bound holds whatever the metric means. Else
/// landmarks (ALT, Goldberg and Harrelson 2005). Both hold: A* finds what Dijkstra finds.
package struct Hints: Sendable {
    private let line: StraightLine?
    private let landmarks: Landmarks?

    package init(
        _ topology: Topology, _ graph: Graph, weights: [Double], metric: Metric, count: Int = 8
    ) {
        line = StraightLine(topology, graph, weights: weights)
        landmarks = line == nil ? Landmarks(graph, weights: weights, count: count) : nil
    }

    package init(_ landmarks: Landmarks) {
        line = nil
        self.landmarks = landmarks
    }

    /// The bound towards `target`, to be asked for many nodes.
    package func hint(to target: Int32) -> (Int32) -> Double {
        if let line { return { node in line.bound(from: node, to: target) } }
        if let landmarks { return { node in landmarks.bound(from: node, to: target) } }
        return { _ in 0 }
    }

    package var name: String {
        line != nil ? "straight line" : landmarks != nil ? "landmarks" : "none"
    }
}

/// Bounds from positions.
package struct StraightLine: Sendable {
    private var points: [(x: Double, y: Double, z: Double)] = []
    /// The least weight per metre of any link.
    private var rate = Double.infinity

    /// Nil unless every node has a position of the same kind, and a metre costs something.
    package init?(_ topology: Topology, _ graph: Graph, weights: [Double]) {
        guard !topology.positions.isEmpty, topology.positions.count == topology.nodeCount else {
            return nil
        }
        let kind = topology.positions[0]?.kind
        points.reserveCapacity(topology.nodeCount)
        for node in 0..<Int32(topology.nodeCount) {
            guard let position = topology.positions[node], position.kind == kind else { return nil }
            points.append(StraightLine.point(position))
        }
        for node in 0..<Int32(graph.nodeCount) {
            for slot in graph.row(node) where weights[slot].isFinite {
                let metres = distance(node, graph.targets[slot])
                if metres > 0 { rate = min(rate, weights[slot] / metres) }
            }
        }
        guard rate > 0, rate.isFinite else { return nil }
        // Rounding must not lift the bound above the truth.
        rate *= 1 - 1e-9
    }

    @inline(__always)
    package func bound(from node: Int32, to target: Int32) -> Double {
        distance(node, target) * rate
    }

    /// Metres on the plane, or along the chord through the Earth, which is never longer than the
    /// way over it.
    private func distance(_ left: Int32, _ right: Int32) -> Double {
        let (a, b) = (points[Int(left)], points[Int(right)])
        let (x, y, z) = (a.x - b.x, a.y - b.y, a.z - b.z)
        return (x * x + y * y + z * z).squareRoot()
    }

    private static func point(_ position: Position) -> (x: Double, y: Double, z: Double) {
        guard position.kind == .earth else { return (position.x, position.y, 0) }
        let radius = 6_371_008.8
        let (longitude, latitude) = (sineAndCosine(position.x), sineAndCosine(position.y))
        return (
            radius * latitude.cosine * longitude.cosine, radius * latitude.cosine * longitude.sine,
            radius * latitude.sine
        )
    }

    /// Sine and cosine of `degrees`, by Taylor's series within ±45°.
    private static func sineAndCosine(_ degrees: Double) -> (sine: Double, cosine: Double) {
        let quarter = (degrees / 90).rounded()
        let angle = (degrees - quarter * 90) * .pi / 180
        var (sine, cosine, term) = (0.0, 0.0, 1.0)
        for order in 0..<20 {
            switch order & 3 {
            case 0: cosine += term
            case 1: sine += term
            case 2: cosine -= term
            default: sine -= term
            }
            term *= angle / Double(order + 1)
        }
        switch Int(quarter) & 3 {
        case 0: return (sine, cosine)
        case 1: return (cosine, -sine)
        case 2: return (-sine, -cosine)
        default: return (-cosine, sine)
        }
    }
}

/// Distances from and to a few far nodes (ALT): by the triangle inequality they bound every other.
package struct Landmarks: Sendable {
    package let nodes: [Int32]
    /// For node `v` and landmark `i`: `[v·2k + 2i]` from the landmark, `[v·2k + 2i + 1]` to it.
    package let table: [Float]

    package init(nodes: [Int32], table: [Float]) {
        self.nodes = nodes
        self.table = table
    }

    /// `count` landmarks, each the farthest from those chosen before it.
    package init(_ graph: Graph, weights: [Double], count: Int) {
        let size = graph.nodeCount
        guard size > 0, count > 0 else {
            self.init(nodes: [], table: [])
            return
        }
        let (reverse, reverseWeights) = graph.reversed(weights)
        let count = min(count, size)
        var nodes: [Int32] = []
        var table = [Float](repeating: .infinity, count: size * 2 * count)
        var nearest = Landmarks.sums(graph, weights, 0)
        for index in 0..<count {
            var next: Int32 = 0
            var most = -1.0
            for node in 0..<size where nearest[node].isFinite && nearest[node] > most {
                most = nearest[node]
                next = Int32(node)
            }
            nodes.append(next)
            let forward = Landmarks.sums(graph, weights, next)
            let backward = Landmarks.sums(reverse, reverseWeights, next)
            for node in 0..<size {
                table[node * 2 * count + 2 * index] = Float(forward[node])
                table[node * 2 * count + 2 * index + 1] = Float(backward[node])
                nearest[node] =
                    index == 0
                    ? min(forward[node], backward[node])
                    : min(nearest[node], min(forward[node], backward[node]))
            }
        }
        self.init(nodes: nodes, table: table)
    }

    private static func sums(_ graph: Graph, _ weights: [Double], _ source: Int32) -> [Double] {
        DistanceSweep(graph, weights: weights).sums(from: source)
    }

    /// At least this much is left from `node` to `target`; infinite when there is no way.
    @inline(__always)
    package func bound(from node: Int32, to target: Int32) -> Double {
        let width = nodes.count * 2
        let (here, there) = (Int(node) * width, Int(target) * width)
        var bound: Float = 0
        var index = 0
        while index < width {
            // Landmark → target is at most landmark → node → target, and so on the way back. A
            // difference of two infinities is no number, and no number is above the bound.
            let (out, outThere) = (table[here + index], table[there + index])
            let ahead = outThere - out - (outThere + out) * Landmarks.slack
            if ahead > bound { bound = ahead }
            let (back, backThere) = (table[here + index + 1], table[there + index + 1])
            let behind = back - backThere - (back + backThere) * Landmarks.slack
            if behind > bound { bound = behind }
            index += 2
        }
        return Double(bound)
    }

    /// Two roundings to 24 bits, doubled.
    private static let slack: Float = 2.4e-7
}

extension Graph {
    /// The graph by target, with its weights.
    package func reversed(_ weights: [Double]) -> (graph: Graph, weights: [Double]) {
        var byLink = Graph(offsets: offsets, targets: targets, links: Array(0..<Int32(linkCount)))
        byLink = byLink.reversed()
        var moved = [Double](repeating: 0, count: linkCount)
        for slot in 0..<linkCount {
            let old = Int(byLink.links[slot])
            moved[slot] = weights[old]
            byLink.links[slot] = links[old]
        }
        return (byLink, moved)
    }
}
