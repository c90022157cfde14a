import KosCore
import KosTool

/// Answers about the topology as a whole.
extension RouteSession {
    func analyze(_ without: [String]) throws -> ExitStatus {
        try demandTopology()
        let (record, unknown) = AnalysisQuery.record(
            survey, without: without, at: SystemClock.timestamp)
        for name in unknown {
            throw ToolFailure.usage(
                "--without \(name) is neither a node nor a link of this topology",
                hint: "a link is named A/B")
        }
        try io.output.write(record)
        return .yes
    }

    /// One source after the other, a record for at most some thousands of targets.
    func writeMatrix() throws -> ExitStatus {
        try demandTopology()
        let topology = survey.topology
        let router = Router(
            topology, metric: request.metric, requirements: request.requirements(in: topology))
        let sweep = DistanceSweep(router.graph, weights: router.weights)
        let targets: [Int32] =
            request.targets.isEmpty
            ? Array(0..<Int32(topology.nodeCount))
            : try request.targets.compactMap { try find($0) }
        let sources =
            try request.source.map { name in try find(name).map { [$0] } ?? [] }
            ?? Array(0..<Int32(topology.nodeCount))
        let now = SystemClock.timestamp
        for source in sources {
            let sums = sweep.sums(from: source)
            guard let id = NodeID(topology.name(of: source)) else { continue }
            var row = MatrixRecord(source: id, metric: request.metric.rawValue, sums: [])
            row.timestamp = now
            for target in targets where target != source && sums[Int(target)].isFinite {
                guard let id = NodeID(topology.name(of: target)) else { continue }
                row.sums.append((id, RouteQuery.rounded(sums[Int(target)])))
                guard row.sums.count == 4096 else { continue }
                try io.output.write(row)
                row.sums = []
            }
            if !row.sums.isEmpty { try io.output.write(row) }
        }
        return sources.isEmpty ? .no : .yes
    }
}
