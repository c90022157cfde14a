import KosCore
import KosPcap
import KosTool

struct Live: Tool {
    static var formats: [String] { OutputFormat.all + ["tsv"] }
    static let configuration = CommandConfiguration(
        commandName: "live", abstract: "Capture from interfaces until told to stop.")
    @OptionGroup var common: CommonOptions
    @Option(name: .shortAndLong, help: "Interface; may be given again; any is all of them.")
    var interface: [String] = []
    @Option(name: .long, help: ArgumentHelp("End after this time.", valueName: "dur"))
    var duration: DurationOption?
    @Option(name: .shortAndLong, help: ArgumentHelp("End behind this many frames.", valueName: "n"))
    var count: Int?
    @Option(name: .shortAndLong, help: ArgumentHelp("Write a capture.", valueName: "file"))
    var write: String?
    @Option(
        name: .long,
        help: ArgumentHelp("With -w, a new file after 10MB, 1h or 1000 frames.", valueName: "limit")
    )
    var rotate: String?
    @Option(
        name: .long, help: ArgumentHelp("With --rotate, keep the last files only.", valueName: "n"))
    var files: Int?
    @Option(
        name: [.customShort("Z"), .long],
        help: ArgumentHelp("Become this user once all is open.", valueName: "name"))
    var user: String?
    @Flag(name: .long, help: "With -w, records on stdout as well.")
    var print = false
    @Flag(name: .long, help: "Also print the kOS packets that the frames carry.")
    var decode = false
    @OptionGroup var known: KeyOptions
    @Option(
        name: .long,
        help: ArgumentHelp("Only these members: timestamp,source,dns.id.", valueName: "list"))
    var fields: String?
    @Option(
        name: .long,
        help: ArgumentHelp(
            "A statistics record of each interface so often, and at the end.", valueName: "dur"))
    var statistics: DurationOption?
    @Option(
        name: [.customShort("B"), .long],
        help: ArgumentHelp("Kernel buffer in MiB.", valueName: "mib"))
    var buffer: Int = 16
    @Option(
        name: [.customShort("s"), .long],
        help: ArgumentHelp("Octets kept of a packet.", valueName: "bytes"))
    var snapshot: Int?
    @Flag(name: .long, help: "Status 3 when packets were dropped.")
    var strictDrops = false
    @Flag(name: .long, help: "Each packet at once; keeps 2048 octets of a packet.")
    var latency = false
    @Option(
        name: .long,
        help: ArgumentHelp("Only frames of which this holds: proto=aodv.", valueName: "expr"))
    var `where`: String?
    @Argument(help: "Only packets that pass (pcap-filter(7)).")
    var filter: [String] = []

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        guard !interface.isEmpty else {
            throw ToolFailure.usage("no interface", hint: "give -i IF")
        }
        let isPiped = write == "-"
        guard !isPiped || common.output != nil || !print && !common.summary && statistics == nil
        else {
            throw ToolFailure.usage(
                "-w - leaves no room on standard output", hint: "-o FILE is for the records")
        }
        let rotation = try rotate.map { text in
            guard let rotation = Rotation(text) else {
                throw ToolFailure.usage("--rotate \(text) is no size, time or number of frames")
            }
            return rotation
        }
        // SIGHUP, SIGINT, SIGUSR1, SIGTERM.
        let signals = Signals.descriptor(for: [1, 2, 10, 15])
        let captures = try interface.map { try open($0) }
        let copy = try write.map { try CaptureCopy($0, rotation: rotation, keeps: files) }
        let condition = try FilterOptions.compile(`where`)
        let printer = try FramePrinter(
            io, decodes: decode, keys: known.known(always: decode), secrets: known.secrets(),
            fields: FramePrinter.fields(fields, io))
        try io.output.writeThrough()
        try dropPrivileges(io, copy)
        io.confine(writing: [copy?.folder])
        let session = LiveSession(
            io, captures, prints: write == nil || print, condition: condition, copy: copy,
            printer: printer)
        try session.start()
        // What was captured is whole also when listening has failed.
        let outcome = Result { try listen(session, captures, signals, io) }
        let dropped = try session.finish(
            summary: common.summary, statistics: statistics != nil)
        try outcome.get()
        return dropped > 0 && strictDrops ? .failure : .yes
    }

    private func listen(
        _ session: LiveSession, _ captures: [LiveCapture], _ signals: Int32?, _ io: ToolIO
    ) throws {
        let end = duration.map { SystemClock.now + $0.duration } ?? io.deadline
        let limit = count ?? .max
        var due = statistics.map { SystemClock.now + $0.duration }
        let watched = captures.map(\.descriptor) + (signals.map { [$0] } ?? [])
        while !Signals.isPending, session.frames < limit {
            try session.flush()
            var left = end.map { ($0 - SystemClock.now).milliseconds } ?? 1000
            if left <= 0 { break }
            if let due { left = max(0, min(left, (due - SystemClock.now).milliseconds)) }
            _ = waitForPackets(watched, milliseconds: Int32(min(1000, left.rounded(.up))))
            try session.read(limit: limit)
            if let next = due, let step = statistics?.duration, SystemClock.now >= next {
                try session.tellStatistics()
                due = SystemClock.now + step
            }
            for signal in signals.map({ readSignals($0) }) ?? [] {
                if signal == 1 { try session.reopen() }
                if signal == 10, write != "-" || common.output != nil { try session.tell() }
            }
        }
        try session.read(limit: limit)
    }
}
