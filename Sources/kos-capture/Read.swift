import KosCapture
import KosCore
import KosPcap
import KosTool

struct Read: Tool {
    static var formats: [String] { OutputFormat.all + ["tsv"] }
    static let configuration = CommandConfiguration(
        commandName: "read", abstract: "Print the frames of captures as records.")
    @OptionGroup var common: CommonOptions
    @Flag(name: .long, help: "Also print the kOS packets that the frames carry.")
    var decode = false
    @OptionGroup var which: FilterOptions
    @OptionGroup var known: KeyOptions
    @Option(
        name: .shortAndLong, help: ArgumentHelp("Stop behind this many frames.", valueName: "n"))
    var count: Int?
    @Option(
        name: .shortAndLong, help: ArgumentHelp("Copy the frames to a capture.", valueName: "file"))
    var write: String?
    @Option(
        name: .long,
        help: ArgumentHelp("Only these members: timestamp,source,dns.id.", valueName: "list"))
    var fields: String?
    @Option(
        name: .long,
        help: ArgumentHelp("What tells of unknown protocols: tshark.", valueName: "program"))
    var dissectWith: String?
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Only the frames of this kOS packet, and its path at the end.", valueName: "id"))
    var followPacket: String?
    @Argument(help: "pcap, pcapng or btsnoop; - is standard input.")
    var files: [String]

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        if let followPacket {
            guard write == nil, dissectWith == nil else {
                throw ToolFailure.usage("--follow-packet goes with neither -w nor --dissect-with")
            }
            return try PacketTrail(io, which, try known.known(always: true))
                .follow(followPacket, in: files)
        }
        let source = try FrameSource(io, which)
        var printer = try FramePrinter(
            io, decodes: decode, keys: known.known(always: decode), secrets: known.secrets(),
            fields: FramePrinter.fields(fields, io))
        if let dissectWith {
            guard dissectWith == "tshark" else {
                throw ToolFailure.usage("--dissect-with \(dissectWith): only tshark can be asked")
            }
            guard fields == nil, io.format == nil, !io.output.isText else {
                throw ToolFailure.usage("--dissect-with goes with records only")
            }
            printer.tshark = try TsharkQueue(io)
        }
        let copy = try write.map { try CaptureCopy($0) }
        try source.confine(opening: files, copyingTo: copy)
        let limit = count ?? .max
        for file in files where !source.isStopped {
            if let copy {
                try source.eachPacket(of: file) { packet, interface, bytes in
                    try copy.add(packet, interface, bytes)
                    if source.matched >= limit { source.isStopped = true }
                }
                continue
            }
            try source.each(of: file) { packet, frame, interface, bytes in
                try printer.print(packet, frame, interface, bytes) {
                    (source.reader.interfaces[packet.interface], source.reader.window)
                }
                if source.matched >= limit { source.isStopped = true }
            }
        }
        try copy?.finish()
        try printer.tshark?.finish()
        if common.summary {
            try io.output.write(
                SummaryRecord(
                    timestamp: SystemClock.timestamp, tool: "kos-capture",
                    counters: [
                        "frames": .number(Double(source.matched)),
                        "packets": .number(Double(printer.packetCount)),
                    ]))
        }
        return source.status.merged(with: source.matched > 0 ? .yes : .no)
    }
}
