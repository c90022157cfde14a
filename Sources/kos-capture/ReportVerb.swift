import ArgumentParser
import KosCapture
import KosCore
import KosTool

struct ReportVerb: Tool {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Figures over captures: loss, latency, throughput.")
    @OptionGroup var common: CommonOptions
    @Option(
        name: .long, help: ArgumentHelp("total, flow, node, link, interval.", valueName: "list"))
    var by: String = "total"
    @Option(name: .long, help: ArgumentHelp("Width of an interval.", valueName: "dur"))
    var interval: DurationOption?
    @OptionGroup var which: FilterOptions
    @Argument(help: "pcap, pcapng or btsnoop; - is standard input.")
    var files: [String]

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        var scopes: Set<ReportRecord.Scope> = []
        for name in by.split(separator: ",") {
            guard let scope = ReportRecord.Scope(rawValue: String(name)) else {
                throw ToolFailure.usage(
                    "--by \(name) is none of total, flow, node, link, interval")
            }
            scopes.insert(scope)
        }
        let width = interval?.duration ?? .seconds(60)
        guard width > .zero else { throw ToolFailure.usage("--interval must be more than 0") }
        let source = try FrameSource(io, which)
        for file in files {
            var report = Report(scopes: scopes, interval: width)
            try source.each(of: file) { _, frame, _, bytes in
                var early: [ReportRecord] = []
                report.add(frame, bytes) { early += $0 }
                for record in early { try io.output.write(record) }
            }
            for record in report.records(file: file) { try io.output.write(record) }
        }
        return source.status.merged(with: source.matched > 0 ? .yes : .no)
    }
}
