import Glibc
import KosCore
import KosTool

/// One run of kos-route: reads records, then answers.
struct RouteSession {
    let io: ToolIO
    let request: RouteRequest
    private(set) var survey = Survey()
    private var room = TopologyRoom()

    init(_ io: ToolIO, _ request: RouteRequest) {
        self.io = io
        self.request = request
    }

    // MARK: Reading

    mutating func read(_ path: String?) throws {
        let input = try io.input(path)
        if let form = GraphDocument.form(of: try input.peek(4096)) {
            try read(input, as: form)
        } else {
            try readRecords(input)
        }
        survey.implyLinks()
        try room.demandToAnswer(survey.topology)
        survey.settle()
    }

    /// The longest document that is read whole.
    private static let maxDocument = 1 << 30

    private mutating func read(_ input: RecordInput, as form: GraphDocument.Form) throws {
        do throws(RecordError) {
            let text: [UInt8]
            do {
                text = try input.readAll(limit: RouteSession.maxDocument)
            } catch {
                throw RecordError(.lineTooLong, "\(error)")
            }
            let document = try GraphDocument(text, form: form)
            for (line, error) in document.bad { try? io.report(error, line: line, of: input) }
            try survey.take(document)
            io.goodLines += document.nodes.count + document.edges.count
        } catch {
            io.badLines += 1
            throw ToolFailure(
                .badInput, code: error.code.rawValue, "\(input.name): \(error.message)",
                hint: error.hint.isEmpty ? nil : error.hint)
        }
    }

    private mutating func readRecords(_ input: RecordInput) throws {
        let keep = io.common.keep
        let output = io.common.only ? nil : io.output
        var foreign = ForeignRun(own: Survey.types)
        reading: while true {
            // Most lines of a big topology are plain links: they are taken in runs.
            try room.watch(survey.topology)
            if !keep {
                io.goodLines += input.takeRun { survey.takeRun($0, from: $1) }
            }
            try input.passRun(&foreign, to: output)
            switch try input.next() {
            case .end: break reading
            case .bad(let number, let error): try io.report(error, line: number, of: input)
            case .line(let number, let range):
                let verdict = input.withBuffer { survey.take($0, range) }
                switch verdict {
                case .consumed:
                    io.goodLines += 1
                    if keep { try pass(range, of: input) }
                case .foreign:
                    if output != nil { try pass(range, of: input) }
                case .bad(let error): try io.report(error, line: number, of: input)
                }
            }
        }
    }

    private func pass(_ range: Range<Int>, of input: RecordInput) throws {
        try input.withText(range) { try io.output.pass($0) }
    }

    // MARK: Answering

    func demandTopology() throws {
        guard io.goodLines > 0 else {
            throw ToolFailure(
                .badInput, code: "noTopology", "no peer or link record was on the input",
                hint: "try 'kos-discover --links | kos-route --to NODE'")
        }
    }

    func prepare(_ path: String) throws {
        try demandTopology()
        try PreparedFile(path: path).write(
            PreparedGraph.octets(of: survey.topology, metric: request.metric))
    }

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
    private func explain(_ query: inout RouteQuery, _ source: Int32, _ target: Int32) {
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
    func find(_ name: String) throws -> Int32? {
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
