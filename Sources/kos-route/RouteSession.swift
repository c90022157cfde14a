import Glibc
import KosCore
import KosTool

/// One run of kos-route: reads records, then answers.
struct RouteSession {
    private let io: ToolIO
    private let request: RouteRequest
    private var survey = Survey()
    var wantsMatrix = false

    init(_ io: ToolIO, _ request: RouteRequest) {
        self.io = io
        self.request = request
    }

    // MARK: Reading

    mutating func read(_ path: String?) throws {
        let input = try io.input(path)
        reading: while true {
            // Most lines of a big topology are plain links: they are taken in runs.
            if !io.common.keep {
                io.goodLines += input.takeRun { survey.takeRun($0, from: $1) }
            }
            switch try input.next() {
            case .end: break reading
            case .bad(let number, let error): try io.report(error, line: number, of: input)
            case .line(let number, let range):
                let verdict = input.withBuffer { survey.take($0, range) }
                switch verdict {
                case .consumed:
                    io.goodLines += 1
                    if io.common.keep { try pass(range, of: input) }
                case .foreign:
                    if !io.common.only { try pass(range, of: input) }
                case .bad(let error): try io.report(error, line: number, of: input)
                }
            }
        }
        survey.implyLinks()
        survey.settle()
    }

    private func pass(_ range: Range<Int>, of input: RecordInput) throws {
        try input.withText(range) { try io.output.pass($0) }
    }

    // MARK: Answering

    mutating func answer() throws -> ExitStatus {
        guard io.goodLines > 0 else {
            throw ToolFailure(
                .badInput, code: "noTopology", "no peer or link record was on the input",
                hint: "try 'kos-discover --links | kos-route --to NODE'")
        }
        guard let source = try source() else { return .no }
        var query = RouteQuery(request, survey, at: SystemClock.timestamp)
        var answers = Answers()
        if request.wantsAll {
            let routes = query.answerAll(from: source)
            for route in routes { try io.output.write(route) }
            answers.count(routes.isEmpty)
            if routes.isEmpty {
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
            case .routes(let routes):
                for route in routes { try io.output.write(route) }
                answers.count(false)
            case .none(let diagnosis):
                try tell(diagnosis)
                answers.count(true)
            }
        }
        return answers.status
    }

    private struct Answers {
        private var found = 0
        private var missing = 0
        mutating func count(_ isMissing: Bool) {
            if isMissing { missing += 1 } else { found += 1 }
        }
        var status: ExitStatus { missing == 0 ? .yes : found == 0 ? .no : .partly }
    }

    private func source() throws -> Int32? {
        if let name = request.source ?? environment("KOS_NODE") {
            if let node = try find(name) { return node }
            try tell(
                RouteDiagnosis(
                    code: .unknownNode, message: "\(name), the source, is no node of this topology",
                    hint: near(name)))
            return nil
        }
        if let origin = survey.origin { return origin }
        guard let first = survey.firstSource else {
            throw ToolFailure.usage(
                "no record says which node this is", hint: "name the source with --from NODE")
        }
        io.errors.note(
            "no --from and no peer marked self: starting at \(survey.topology.name(of: first)), the first link's source"
        )
        return first
    }

    private func target(_ name: String, from source: Int32) throws -> Int32? {
        if let node = try find(name) { return node }
        let topology = survey.topology
        let from = topology.name(of: source)
        try tell(
            RouteDiagnosis(
                code: .noRoute,
                message: "no route from \(from) to \(name): \(name) has no link in this topology "
                    + "(\(topology.nodeCount) nodes, \(Graph(topology).linkCount) links)",
                hint: near(name)
                    ?? "was a record filtered out? kos-route --all shows what is reachable"))
        return nil
    }

    /// The node of that name, or the only one whose name begins so (from six characters on).
    private func find(_ name: String) throws -> Int32? {
        if let node = survey.topology.index(of: name) { return node }
        guard name.utf8.count >= 6 else { return nil }
        let matches = survey.topology.names.nodes(withPrefix: name, limit: 2)
        guard matches.count < 2 else {
            let names = matches.map { survey.topology.name(of: $0) }.joined(separator: ", ")
            throw ToolFailure.usage("\(name) begins the names of several nodes: \(names), …")
        }
        return matches.first
    }

    private func near(_ name: String) -> String? {
        let lower = name.lowercased()
        for node in 0..<Int32(min(100_000, survey.topology.nodeCount))
        where survey.topology.name(of: node).lowercased() == lower {
            return "did you mean \(survey.topology.name(of: node))?"
        }
        return nil
    }

    private func environment(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }

    private func tell(_ diagnosis: RouteDiagnosis) throws {
        io.errors.note(diagnosis.message)
        try io.output.write(
            ErrorRecord(
                timestamp: SystemClock.timestamp, tool: io.tool, code: diagnosis.code.rawValue,
                message: diagnosis.message, hint: diagnosis.hint))
    }
}
