import ArgumentParser
import KosCore
import KosPcap
import KosTool

struct Read: Tool {
    static let configuration = CommandConfiguration(
        commandName: "read", abstract: "Print the frames of captures as records.")
    @OptionGroup var common: CommonOptions
    @Flag(name: .long, help: "Also print the kOS packets that the frames carry.")
    var decode = false
    @OptionGroup var which: FilterOptions
    @Option(
        name: .shortAndLong, help: ArgumentHelp("Stop behind this many frames.", valueName: "n"))
    var count: Int?
    @Option(
        name: .shortAndLong, help: ArgumentHelp("Copy the frames to a capture.", valueName: "file"))
    var write: String?
    @Argument(help: "pcap, pcapng or btsnoop; - is standard input.")
    var files: [String]

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        let source = try FrameSource(io, which)
        var printer = FramePrinter(io, decodes: decode)
        let copy = try write.map { try CaptureCopy($0) }
        let limit = count ?? .max
        for file in files where !source.isStopped {
            try source.each(of: file) { packet, frame, interface, bytes in
                if let copy {
                    try copy.add(packet, source.reader.interfaces[packet.interface], bytes)
                } else {
                    try printer.print(frame, interface, bytes)
                }
                if source.matched >= limit { source.isStopped = true }
            }
        }
        try copy?.finish()
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
