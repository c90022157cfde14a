import Glibc
import KosCore
import KosTool

/// The answers, one target after the other.
extension RouteSession {
    mutating func answer(in format: GraphFormat?) throws -> ExitStatus {
        try demandTopology()
        if format != nil { try room.demandToWrite(survey.topology) }
        if request.targets.isEmpty, !request.wantsAll, let format {
            try io.output.write(
                octets: GraphText(survey.topology, metric: request.metric).text(format).span)
            return .yes
        }
        guard let source = try source() else { return .no }
        var query = RouteQuery(
            request, survey, at: SystemClock.timestamp, protocols: ProtocolSimulation.run)
        var answers = Answers()
        var drawn: Set<Int32> = []
        if request.wantsAll {
            var (routes, isEmpty) = ([RouteRecord](), true)
            try query.answerAll(from: source) { route, links in
                isEmpty = false
                if format == nil { try io.output.write(route) }
                if format == .netjson {
                    var short = route
                    short.hops = Array(route.hops.prefix(1))
                    routes.append(short)
                }
                if format != nil { drawn.formUnion(links) }
            }
            answers.count(isEmpty)
            if format == .netjson {
                let table = RoutesText(
                    from: survey.topology.name(of: source), routes, metric: request.metric)
                try io.output.write(octets: table.netJSON.span)
                return answers.status
            }
            if isEmpty {
                try tell(
                    RouteDiagnosis(
                        code: .noRoute,
                        message: "\(survey.topology.name(of: source)) reaches no other node"))
            }
        }
        for name in request.targets {
            guard let target = try target(name, from: source) else {
                answers.count(true)
                continue
            }
            switch query.answer(from: source, to: target) {
            case .routes(let routes, let links, let shortage):
                if format == nil { for route in routes { try io.output.write(route) } }
                drawn.formUnion(links)
                answers.count(false)
                if let shortage {
                    try tell(shortage)
                    answers.count(true)
                }
                explain(&query, source, target)
            case .none(let diagnosis):
                try tell(diagnosis)
                answers.count(true)
            }
        }
        if let format {
            let text = GraphText(survey.topology, metric: request.metric, marked: drawn)
            try io.output.write(octets: text.text(format).span)
        }
        return answers.status
    }

    /// With `-v`: which routes there were to choose from, and what each of them scores.
    func explain(_ query: inout RouteQuery, _ source: Int32, _ target: Int32) {
        guard io.common.verbose > 0 else { return }
        let rivals = query.rivals(from: source, to: target, count: max(5, request.count))
        for (index, rival) in rivals.enumerated() {
            func text(_ value: Double) -> String {
                JSONValue.number((value * 1e6).rounded() / 1e6).text
            }
            let way = rival.hops.compactMap { $0.nodeId?.text }.joined(separator: " ")
            io.errors.note(
                "candidate \(index + 1): score \(text(rival.score)), \(request.metric.rawValue) "
                    + "\(text(rival.weight ?? 0)), \(text(rival.latency)) ms, reliability "
                    + "\(text(rival.reliability)), \(rival.role ?? "primary"): \(way)")
        }
    }
}

/// How many of the questions had an answer.
private struct Answers {
    private var found = 0
    private var missing = 0
    mutating func count(_ isMissing: Bool) {
        if isMissing { missing += 1 } else { found += 1 }
    }
    var status: ExitStatus { missing == 0 ? .yes : found == 0 ? .no : .partly }
}
