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
    @Flag(name: .long, help: "One report over all captures, in the order of time.")
    var merge = false
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
        let slice = interval?.duration ?? (isPage ? .seconds(1) : .seconds(60))
        guard slice > .zero else { throw ToolFailure.usage("--interval must be more than 0") }
        let step = every?.duration.nanoseconds
        guard step ?? 1 > 0 else { throw ToolFailure.usage("--every must be more than 0") }
        guard step == nil || !isPage else { throw ToolFailure.usage("--every is not for pages") }
        let keys = try known.known()
        let source = try FrameSource(io, which)
        try source.confine(opening: files)
        let width = Width(interval: slice, every: step)
        var pages: [ReportPage] = []
        for run in merge ? [files] : files.map({ [$0] }) {
            var report = Report(scopes: scopes, interval: width.interval, keys: keys)
            try fold(run, of: source, into: &report, width, isPage: isPage, io)
            let file = run.count == 1 ? run[0] : nil
            if isPage {
                pages.append(ReportPage(report, file: file ?? run.joined(separator: " ")))
            } else {
                try report.finish(file: file, flow: { try io.output.write($0) }) {
                    try io.output.write($0)
                }
            }
            if report.evicted > 0 {
                io.errors.say(
                    "\(run.joined(separator: " ")): \(report.evicted) flows had to make room and "
                        + "were put out early")
            }
        }
        if isPage { try io.output.write(octets: ReportPage.text(of: pages).span) }
        return source.status.merged(with: source.matched > 0 ? .yes : .no)
    }

    /// Of intervals, and of records of flows that live, in nanoseconds.
    private struct Width {
        let interval: Duration
        let every: Int64?
    }

    private func fold(
        _ files: [String], of source: FrameSource, into report: inout Report, _ width: Width,
        isPage: Bool, _ io: ToolIO
    ) throws {
        var due: Int64?
        func take(
            _ frame: CapturedFrame, _ bytes: borrowing Span<UInt8>
        ) throws {
            if let step = width.every, let time = frame.time {
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
        if files.count > 1 {
            try source.eachMerged(of: files) { _, frame, _, bytes in try take(frame, bytes) }
        } else {
            for file in files {
                try source.each(of: file) { _, frame, _, bytes in try take(frame, bytes) }
            }
        }
    }
}
