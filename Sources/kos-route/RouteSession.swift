import Glibc
import KosCore
import KosTool

/// One run of kos-route: reads records, then answers.
struct RouteSession {
    let io: ToolIO
    let request: RouteRequest
    private(set) var survey = Survey()
    private(set) var room = TopologyRoom()

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
                    if io.output.isText { input.withText(range) { io.output.learn(from: $0) } }
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
}
