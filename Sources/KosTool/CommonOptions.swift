import KosCore

/// Options that mean the same in all six tools (kos(7) OPTIONS).
package struct CommonOptions: ParsableArguments {
    @Flag(name: [.short, .long], help: "JSON lines, also at a terminal (= -f ndjson).")
    package var json = false

    @Option(
        name: [.short, .long], help: ArgumentHelp("auto, ndjson or text.", valueName: "format"))
    package var format: OutputFormat?

    @Flag(name: [.short, .long], help: "No output on success: the exit status is the answer.")
    package var quiet = false

    @Flag(name: [.short, .long], help: "Notes on stderr; -vv protocol, -vvv octets.")
    package var verbose: Int

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("Write here instead of stdout.", valueName: "file"), completion: .file)
    package var output: String?

    @Option(
        name: [.short, .long], help: ArgumentHelp("Time for the whole call.", valueName: "dur"))
    package var timeout: DurationOption?

    @Flag(name: [.short, .long], help: "Also repeat the records that were consumed.")
    package var keep = false

    @Flag(name: .long, help: "Drop every record that this tool did not make.")
    package var only = false

    @Flag(name: .long, help: "Stop with status 4 at the first bad record.")
    package var strict = false

    @Option(name: .long, help: ArgumentHelp("Longest input line.", valueName: "bytes"))
    package var maxLine: Int = NDJSONReader.defaultMaxLine

    @Flag(name: .long, help: "A summary record at the end.")
    package var summary = false

    @Option(
        name: .long,
        help: ArgumentHelp("Start after a random time, at most this.", valueName: "dur"))
    package var splay: DurationOption?

    @Flag(name: .long, help: "The time of --splay is this machine's own, the same every time.")
    package var splayFixed = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Status 6 if another run holds this lock; --lock alone takes the tool's own.",
            valueName: "file"), completion: .file, alone: "-")
    package var lock: String?

    @Option(name: .long, help: ArgumentHelp("Wait for the lock.", valueName: "dur"))
    package var lockWait: DurationOption?

    @Option(
        name: .long, help: ArgumentHelp("Configuration of the user.", valueName: "file"),
        completion: .file)
    package var config: String?

    @Flag(name: .customLong("no-config"), help: "Read no configuration file.")
    package var noConfig = false

    @Flag(name: .long, help: "Show every option's value and where it came from.")
    package var printConfig = false

    @Option(name: .long, help: ArgumentHelp("auto, always or never.", valueName: "when"))
    package var color: ColorChoice = .auto

    @Option(name: .long, help: ArgumentHelp("Lines on stderr: text or json.", valueName: "format"))
    package var logFormat: LogFormat = .text

    @Option(name: .long, help: ArgumentHelp("Version of the record format: 1.", valueName: "n"))
    package var records: Int = Version.records

    @Option(
        name: .long,
        help: ArgumentHelp("JSON Schema of the records, or of one type.", valueName: "type"))
    package var schema: String?

    package init() {}

    package mutating func validate() throws {
        guard (64...(1 << 30)).contains(maxLine) else {
            throw ValidationError("--max-line is not within 64 and 1073741824 octets")
        }
        guard records == Version.records else {
            throw ValidationError("--records \(records) is not spoken here, only 1")
        }
    }
}

/// `-f auto|ndjson|text`, and the formats that a tool adds (`Tool.formats`).
package struct OutputFormat: ExpressibleByArgument, Sendable {
    package let name: String
    package init?(argument: String) { name = argument }
    package static let all = ["auto", "ndjson", "text"]
}

/// `--color`: whether tables and messages may be coloured.
package enum ColorChoice: String, ExpressibleByArgument, CaseIterable, Sendable {
    case auto, always, never
}

/// `--log-format`: how lines on stderr are written.
package enum LogFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    case text, json
}

/// A duration on the command line: `250ms 5s 2m 1h`, a bare number is seconds.
package struct DurationOption: ExpressibleByArgument, Sendable {
    package let duration: Duration
    package init?(argument: String) {
        guard let duration = Duration(text: argument) else { return nil }
        self.duration = duration
    }
    package init(_ duration: Duration) { self.duration = duration }
    package var defaultValueDescription: String { duration.text }
}

extension Duration {
    /// As it is typed: `250ms`, `5s`.
    package var text: String {
        let milliseconds = nanoseconds / 1_000_000
        if milliseconds % 3_600_000 == 0, milliseconds > 0 { return "\(milliseconds / 3_600_000)h" }
        return milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
    }
}

extension CompletionKind {
    /// Node ids out of the peer cache.
    package static var nodeID: CompletionKind {
        .shellCommand(
            "kos-discover --cached -j 2>/dev/null"
                + " | sed -n 's/.*\"nodeId\":\"\\([^\"]*\\)\".*/\\1/p'")
    }
}
