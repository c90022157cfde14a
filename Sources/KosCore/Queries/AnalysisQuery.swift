/// `--analyze`: a topology, perhaps without some of it, in figures.
package enum AnalysisQuery {
    /// How many of the most central nodes are named.
    private static let named = 10

    /// `without` names nodes, or links as `A/B` (both directions).
    package static func record(
        _ survey: Survey, without: [String], at now: Timestamp
    ) -> (record: AnalysisRecord, unknown: [String]) {
        let topology = survey.topology
        var unknown: [String] = []
        var nodes: Set<Int32> = []
        var pairs: Set<[Int32]> = []
        for name in without {
            if let node = topology.index(of: name) {
                nodes.insert(node)
            } else if let pair = pair(name, topology) {
                pairs.insert(pair)
                pairs.insert(pair.reversed())
            } else {
                unknown.append(name)
            }
        }
        var graph = Graph(topology)
        if !nodes.isEmpty || !pairs.isEmpty {
            graph = graph.filtered { source, target, _ in
                !nodes.contains(source) && !nodes.contains(target)
                    && !pairs.contains([source, target])
            }
        }
        var record = figures(graph, topology, gone: nodes)
        record.timestamp = now
        record.mobility = survey.traffic.mobility
        record.without = without
        return (record, unknown)
    }

    private static func pair(_ name: String, _ topology: Topology) -> [Int32]? {
        for index in name.indices where name[index] == "/" {
            if let left = topology.index(of: String(name[..<index])),
                let right = topology.index(of: String(name[name.index(after: index)...]))
            {
                return [left, right]
            }
        }
        return nil
    }

    private static func figures(
        _ graph: Graph, _ topology: Topology, gone: Set<Int32>
    ) -> AnalysisRecord {
        func id(_ node: Int32) -> NodeID? { NodeID(topology.name(of: node)) }
        var record = AnalysisRecord()
        let shape = Connectivity(graph)
        let depth = Analysis(graph)
        // A node that was taken away is a part of its own in the graph, and none in the figures.
        record.nodes = graph.nodeCount - gone.count
        record.links = graph.linkCount
        record.components = shape.partSizes.count - gone.count
        record.largestComponent = record.nodes == 0 ? 0 : shape.partSizes.max() ?? 0
        record.strongComponents = shape.setSizes.count - gone.count
        record.reachablePairs = depth.reachablePairs
        let isSymmetric = shape.setSizes.count == shape.partSizes.count
        if isSymmetric {
            record.reachablePairs = shape.partSizes.reduce(0) { $0 + $1 * ($1 - 1) }
        }
        let all = Double(record.nodes) * Double(record.nodes - 1)
        record.meshConnectivity = all > 0 ? min(1, Double(record.reachablePairs) / all) : 0
        record.articulationPoints = shape.articulationPoints.compactMap(id).sorted()
        record.bridges = shape.bridges.compactMap { left, right in
            guard let left = id(left), let right = id(right) else { return nil }
            return left < right ? (left, right) : (right, left)
        }.sorted { $0 < $1 }
        record.diameter = depth.diameter
        record.averageDegree = record.nodes > 0 ? Double(graph.linkCount) / Double(record.nodes) : 0
        record.density = TrafficAnalyser.density(graph)
        let order = depth.betweenness.indices.sorted {
            (-depth.betweenness[$0], $0) < (-depth.betweenness[$1], $1)
        }
        for node in order.prefix(named) where depth.betweenness[node] > 0 {
            guard let id = id(Int32(node)) else { continue }
            record.central.append(.init(nodeId: id, betweenness: depth.betweenness[node]))
        }
        record.exact = depth.isExact
        return record
    }
}
