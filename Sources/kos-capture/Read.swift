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
    @Flag(name: .long, help: "All captures as one, in the order of time.")
    var merge = false
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
        let status = try write.map { try copy(source, to: $0, io) } ?? print(source, io)
        return source.status.merged(with: status)
    }

    /// Each of the captures, or all as one.
    private func each(
        _ source: FrameSource, ended: () throws -> Void = {},
        _ body: (CapturedPacket, CapturedFrame, [UInt8], borrowing Span<UInt8>) throws -> Void
    ) throws {
        guard !merge else { return try source.eachMerged(of: files, ended: ended, body) }
        for file in files where !source.isStopped {
            try source.each(of: file, body)
            try ended()
        }
    }

    private func print(_ source: FrameSource, _ io: ToolIO) throws -> ExitStatus {
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
        try source.confine(opening: files)
        if fields == nil, io.format == nil, !io.output.isText, dissectWith == nil {
            source.onStatistics = { try io.output.write(StatisticsRecord($0)) }
        }
        let limit = count ?? .max
        try each(source) { packet, frame, interface, bytes in
            let options = source.reader.optionsOfPacket
            let comments = options.isEmpty ? [] : options.comments
            try printer.print(packet, frame, interface, bytes, comments: comments) {
                (source.reader.interfaces[packet.interface], source.reader.window)
            }
            if source.matched >= limit { source.isStopped = true }
        }
        try printer.tshark?.finish()
        return try finish(source, packets: printer.packetCount, io)
    }

    private func copy(
        _ source: FrameSource, to path: String, _ io: ToolIO
    ) throws -> ExitStatus {
        let copy = try CaptureCopy(path)
        try source.confine(opening: files, copyingTo: copy)
        source.onCustom = { copy.addCustom($0, isBigEndian: $1) }
        let limit = count ?? .max
        var secrets = 0
        func endInput() throws {
            try copy.finishInput(source.reader)
            secrets += source.reader.secrets
        }
        if merge {
            try each(source, ended: endInput) { packet, _, _, bytes in
                copy.startInput()
                let window = source.reader.window
                try copy.add(packet, from: source.reader, window.span)
                if source.matched >= limit { source.isStopped = true }
            }
        } else {
            for file in files where !source.isStopped {
                copy.startInput()
                try source.eachPacket(of: file) { packet, _, bytes in
                    try copy.add(packet, from: source.reader, bytes)
                    if source.matched >= limit { source.isStopped = true }
                }
                try endInput()
            }
        }
        try copy.finish()
        if secrets > 0 { io.errors.say("\(secrets) blocks of secrets were not copied") }
        return try finish(source, packets: 0, io)
    }

    private func finish(
        _ source: FrameSource, packets: Int, _ io: ToolIO
    ) throws -> ExitStatus {
        if common.summary {
            try io.output.write(
                SummaryRecord(
                    timestamp: SystemClock.timestamp, tool: "kos-capture",
                    counters: [
                        "frames": .number(Double(source.matched)),
                        "packets": .number(Double(packets)),
                    ]))
        }
        return source.matched > 0 ? .yes : .no
    }
}
