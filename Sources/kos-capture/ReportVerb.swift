import KosCapture
import KosCore
import KosTool

struct ReportVerb: Tool {
    static var formats: [String] { OutputFormat.all + ["html"] }
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Figures over captures: loss, latency, throughput.")
    @OptionGroup var common: CommonOptions
    @Option(
        name: .long, help: ArgumentHelp("total, flow, node, link, interval.", valueName: "list"))
    var by: String = "total"
    @Option(name: .long, help: ArgumentHelp("Width of an interval.", valueName: "dur"))
    var interval: DurationOption?
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Records of the flows that live, each time this much of the capture has passed.",
            valueName: "dur"))
    var every: DurationOption?
    @OptionGroup var which: FilterOptions
    @OptionGroup var known: KeyOptions
    @Argument(help: "pcap, pcapng or btsnoop; - is standard input.")
    var files: [String]

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        let isPage = io.format == "html"
        var scopes: Set<ReportRecord.Scope> =
            isPage ? [.total, .flow, .node, .link, .interval] : []
        for name in by.split(separator: ",") {
            guard let scope = ReportRecord.Scope(rawValue: String(name)), scope != .hop else {
                throw ToolFailure.usage(
                    "--by \(name) is none of total, flow, node, link, interval")
            }
            scopes.insert(scope)
        }
        let width = interval?.duration ?? (isPage ? .seconds(1) : .seconds(60))
        guard width > .zero else { throw ToolFailure.usage("--interval must be more than 0") }
        let step = every?.duration.nanoseconds
        guard step ?? 1 > 0 else { throw ToolFailure.usage("--every must be more than 0") }
        guard step == nil || !isPage else { throw ToolFailure.usage("--every is not for pages") }
        let keys = try known.known()
        let source = try FrameSource(io, which)
        try source.confine(opening: files)
        var pages: [ReportPage] = []
        for file in files {
            var report = Report(scopes: scopes, interval: width, keys: keys)
            var due: Int64?
            try source.each(of: file) { _, frame, _, bytes in
                if let step, let time = frame.time {
                    if let next = due, time >= next {
                        for record in report.liveRecords() { try io.output.write(record) }
                        due = nil
                    }
                    if due == nil { due = time.addingReportingOverflow(step).partialValue }
                }
                var failure: (any Error)?
                report.add(frame, bytes) { record in
                    guard !isPage, failure == nil else { return }
                    do { try io.output.write(record) } catch let error { failure = error }
                }
                if let failure { throw failure }
            }
            if isPage {
                pages.append(ReportPage(report, file: file))
            } else {
                try report.finish(file: file) { try io.output.write($0) }
            }
            if report.evicted > 0 {
                io.errors.say(
                    "\(file): \(report.evicted) flows had to make room and were put out early")
            }
        }
        if isPage { try io.output.write(octets: ReportPage.text(of: pages).span) }
        return source.status.merged(with: source.matched > 0 ? .yes : .no)
    }
}
