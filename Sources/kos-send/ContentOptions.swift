import KosCore
import KosTool

/// What to send.
struct ContentOptions: ParsableArguments {
    @Argument(help: "Text to send; without it records are read from standard input.")
    var text: String?

    @Option(help: ArgumentHelp("Send the contents of a file as one packet.", valueName: "file"))
    var file: String?

    @Option(help: ArgumentHelp("Send standard input (-) as one packet.", valueName: "-"))
    var raw: String?

    @Flag(help: "Send each line of standard input as one packet.")
    var lines = false

    @Flag(
        name: [.customShort("n"), .long], help: "Print the packet and the route that would be used."
    )
    var dryRun = false

    @Option(
        name: .customLong("repeat"),
        help: ArgumentHelp("Send the text or file so many times.", valueName: "n"))
    var times = 1

    @Option(help: ArgumentHelp("Packets a second, at most.", valueName: "n/s"))
    var rate: RateOption?

    @Option(
        help: ArgumentHelp(
            "Packets wait here until they are delivered; the next run goes on with them.",
            valueName: "file"), completion: .file)
    var spool: String?

    var isAbsent: Bool { text == nil && file == nil && raw == nil && !lines }
    /// Whether standard input carries records.
    var readsRecords: Bool { file == nil && raw == nil && !lines }

    mutating func validate() throws {
        let given = [text != nil, file != nil, raw != nil, lines].filter { $0 }.count
        guard given <= 1 else {
            throw ValidationError("text, --file, --raw and --lines exclude each other")
        }
        guard raw == nil || raw == "-" else {
            throw ValidationError("--raw takes - alone; for a file use --file")
        }
        guard times > 0 else { throw ValidationError("--repeat is at least 1") }
    }
}

/// `--rate 100`, `--rate 100/s`.
struct RateOption: ExpressibleByArgument {
    let perSecond: Double

    init?(argument: String) {
        let digits = argument.hasSuffix("/s") ? argument.dropLast(2) : argument[...]
        guard let rate = Double(digits), rate > 0, rate <= 1e7 else { return nil }
        perSecond = rate
    }
}
