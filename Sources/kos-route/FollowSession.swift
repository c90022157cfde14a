import KosCore
import KosTool

/// `--follow`: answers while records come, and again when an answer changes.
struct FollowSession {
    private let io: ToolIO
    private let request: RouteRequest
    private let question: QuestionOptions
    private var survey = Survey()
    private var watch: RouteWatch?

    init(_ io: ToolIO, _ request: RouteRequest, _ question: QuestionOptions) {
        self.io = io
        self.request = request
        self.question = question
    }

    mutating func run(_ path: String?) throws -> ExitStatus {
        let input = try io.input(path)
        Signals.catchTermination()
        while true {
            switch try input.next() {
            case .end:
                try settle()
                return io.status(try finish())
            case .bad(let number, let error): try io.report(error, line: number, of: input)
            case .line(let number, let range):
                let verdict = try take(input, range)
                if !request.isPlain, !input.hasLine { try settle() }
                switch verdict {
                case .consumed:
                    io.goodLines += 1
                    if io.common.keep { try pass(input, range) }
                case .foreign: if !io.common.only { try pass(input, range) }
                case .bad(let error): try io.report(error, line: number, of: input)
                }
            }
        }
    }

    private func pass(_ input: RecordInput, _ range: Range<Int>) throws {
        try input.withText(range) { try io.output.pass($0) }
    }

    private mutating func take(_ input: RecordInput, _ range: Range<Int>) throws -> Survey.Verdict {
        var outputs: [RouteWatch.Output] = []
        let now = SystemClock.timestamp
        if watch == nil { try start(now, &outputs) }
        let verdict: Survey.Verdict
        if watch != nil {
            verdict =
                input.withBuffer { watch?.take($0, range, at: now, into: &outputs) } ?? .foreign
        } else {
            verdict = input.withBuffer { survey.take($0, range) }
            try start(now, &outputs)
        }
        for output in outputs { try write(output, now) }
        return verdict
    }

    /// Begins to watch as soon as it is known where routes start.
    private mutating func start(_ now: Timestamp, _ outputs: inout [RouteWatch.Output]) throws {
        let source: Int32?
        if let name = request.source {
            source = survey.node(named: name)
            if source == nil { throw ToolFailure.usage("--from \(name) is no node id") }
        } else {
            source = survey.origin ?? survey.firstSource
        }
        guard let source else { return }
        var targets: [Int32] = []
        for name in request.targets {
            guard let target = survey.node(named: name) else {
                throw ToolFailure.usage("--to \(name) is no node id")
            }
            targets.append(target)
        }
        if request.wantsAll { targets += 0..<Int32(survey.topology.nodeCount) }
        var watch = RouteWatch(
            request, survey, from: source, minGain: question.minGain,
            lifetime: question.expire.map { $0.duration.nanoseconds / 1_000_000 },
            protocols: ProtocolSimulation.run)
        for target in targets { watch.watch(target) }
        watch.catchUp(at: now, into: &outputs)
        if !request.isPlain { watch.settle(at: now, into: &outputs) }
        self.watch = watch
        survey = Survey()
    }

    /// Asks anew what the changes that came together may have changed.
    private mutating func settle() throws {
        var outputs: [RouteWatch.Output] = []
        let now = SystemClock.timestamp
        watch?.settle(at: now, into: &outputs)
        for output in outputs { try write(output, now) }
    }

    private func write(_ output: RouteWatch.Output, _ now: Timestamp) throws {
        switch output {
        case .route(let route): try io.output.write(route)
        case .lost(let diagnosis):
            try io.output.write(
                ErrorRecord(
                    timestamp: now, tool: io.tool, code: diagnosis.code.rawValue,
                    message: diagnosis.message, hint: diagnosis.hint))
        }
    }

    private func finish() throws -> ExitStatus {
        guard io.goodLines > 0, let watch else {
            throw ToolFailure(
                .badInput, code: "noTopology", "no peer or link record was on the input",
                hint: "try 'kos-discover --watch --links | kos-route --follow --to NODE'")
        }
        let (found, missing) = watch.status
        return missing == 0 || request.wantsAll && found > 0 ? .yes : found == 0 ? .no : .partly
    }
}
