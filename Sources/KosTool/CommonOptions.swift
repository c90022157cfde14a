package import ArgumentParser
import KosCore

/// Options that mean the same in all six tools.
package struct CommonOptions: ParsableArguments {
    @Flag(name: [.short, .long], help: "JSON lines, also at a terminal (= -f ndjson).")
    package var json = false

    @Option(name: [.short, .long], help: ArgumentHelp("auto, ndjson or text.", valueName: "format"))
    package var format: OutputFormat?

    @Flag(name: [.short, .long], help: "No output on success: the exit status is the answer.")
    package var quiet = false

    @Flag(name: [.short, .long], help: "Notes on stderr; -vv protocol, -vvv octets.")
    package var verbose: Int

    @Option(name: [.short, .long], help: ArgumentHelp("Write here instead of stdout.", valueName: "file"))
    package var output: String?

    @Option(name: [.short, .long], help: ArgumentHelp("Time for the whole call.", valueName: "dur"))
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

    package init() {}
}

/// `-f auto|ndjson|text`. Formats of one tool alone are options of that tool.
package struct OutputFormat: ExpressibleByArgument, Sendable {
    package let name: String
    package init?(argument: String) { name = argument }
    package static let all = ["auto", "ndjson", "text"]
}

/// A duration on the command line: `250ms 5s 2m 1h`, a bare number is seconds.
package struct DurationOption: ExpressibleByArgument, Sendable {
    package let duration: Duration
    package init?(argument: String) {
        guard let duration = Duration(text: argument) else { return nil }
        self.duration = duration
    }
    package var defaultValueDescription: String { "\(duration)" }
}
