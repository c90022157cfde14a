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
    @Option(
        name: .long,
        help: ArgumentHelp("Only frames that pass (pcap-filter(7)).", valueName: "expr"))
    var filter: String?
    @Option(
        name: .shortAndLong, help: ArgumentHelp("Stop behind this many frames.", valueName: "n"))
    var count: Int?
    @Option(
        name: .shortAndLong, help: ArgumentHelp("Copy the frames to a capture.", valueName: "file"))
    var write: String?
    @Argument(help: "pcap, pcapng or btsnoop; - is standard input.")
    var files: [String]

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        let source = FrameSource(io, filter: filter)
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

/// A capture that is being written: each interface is declared once, before its first packet.
final class CaptureCopy {
    private let sink: CaptureSink
    private var writer: CaptureWriter
    private var numbers: [CaptureInterface: Int] = [:]

    /// Names ending in `.pcap` are classic, all others pcapng.
    init(_ path: String) throws {
        do {
            sink = try CaptureSink(path)
        } catch let failure as CaptureFile.Failure {
            throw ToolFailure(.failure, code: "cannotOpen", failure.message, errno: failure.errno)
        }
        writer = CaptureWriter(
            format: path.hasSuffix(".pcap") ? .pcap : .pcapng,
            application: "kos-capture \(Version.toolkit)")
    }

    func number(of interface: CaptureInterface) throws -> Int {
        var plain = interface
        plain.received = nil
        plain.dropped = nil
        if let known = numbers[plain] { return known }
        if writer.format == .pcap, let other = numbers.keys.first,
            other.linkType != plain.linkType
        {
            throw ToolFailure.usage(
                "a classic pcap holds one link type", hint: "name the file .pcapng")
        }
        let number = writer.add(plain)
        numbers[plain] = number
        return number
    }

    func add(
        _ packet: CapturedPacket, _ interface: CaptureInterface, _ bytes: borrowing Span<UInt8>
    ) throws {
        writer.add(packet, on: try number(of: interface), bytes)
        if writer.bytes.count >= 256 * 1024 { try flush() }
    }

    func addStatistics(_ interface: Int, time: Int64, received: UInt64, dropped: UInt64) {
        writer.addStatistics(interface: interface, time: time, received: received, dropped: dropped)
    }

    func flush() throws {
        do {
            try sink.write(writer.bytes)
            writer.removeAll()
        } catch let failure as CaptureFile.Failure {
            throw ToolFailure(.failure, code: "writeFailed", failure.message, errno: failure.errno)
        }
    }

    func finish() throws { try flush() }
}
