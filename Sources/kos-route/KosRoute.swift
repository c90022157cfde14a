import KosCore
import KosTool

@main struct Main {
    static func main() { ToolMain.run(KosRoute.self) }
}

struct KosRoute: Tool {
    static var formats: [String] { OutputFormat.all + GraphFormat.allCases.map(\.rawValue) }

    static let configuration = CommandConfiguration(
        commandName: "kos-route",
        abstract: "Find routes through the peers and links on standard input.",
        subcommands: [Simulate.self])

    @OptionGroup var common: CommonOptions
    @OptionGroup var question: QuestionOptions
    @OptionGroup var limits: LimitOptions

    @Argument(help: "Records to read instead of standard input; - is standard input.")
    var file: String?

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        var request = try question.request()
        try limits.apply(to: &request)
        let format = try GraphFormat.named(common.format?.name)
        let isAsking = request.wantsAll || !request.targets.isEmpty
        if PreparedFile.isPrepared(file), let file {
            return try PreparedFile(path: file).answer(request, io)
        }
        guard
            isAsking || question.matrix || question.analyze || format != nil
                || question.prepare != nil
        else {
            throw ToolFailure.usage(
                "nothing is asked", hint: "name a target with --to NODE, or give --all")
        }
        if question.follow {
            guard isAsking, format == nil, !question.matrix, !question.analyze else {
                throw ToolFailure.usage("--follow goes with --to and --all only")
            }
            var session = FollowSession(io, request, question)
            return try session.run(file)
        }
        var session = RouteSession(io, request)
        try session.read(file)
        if let path = question.prepare {
            try session.prepare(path)
            if !isAsking { return io.status(.yes) }
        }
        if question.analyze { return io.status(try session.analyze(question.without)) }
        if question.matrix { return io.status(try session.writeMatrix()) }
        return io.status(try session.answer(in: format))
    }
}
