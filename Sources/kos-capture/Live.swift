import ArgumentParser
import KosCore
import KosPcap
import KosTool

struct Live: Tool {
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
    @Flag(name: .long, help: "With -w, records on stdout as well.")
    var print = false
    @Flag(name: .long, help: "Also print the kOS packets that the frames carry.")
    var decode = false
    @Option(
        name: [.customShort("B"), .long],
        help: ArgumentHelp("Kernel buffer in MiB.", valueName: "mib"))
    var buffer: Int = 16
    @Option(
        name: [.customShort("s"), .long],
        help: ArgumentHelp("Octets kept of a packet.", valueName: "bytes"))
    var snapshot: Int?
    @Flag(name: .long, help: "Each packet at once; keeps 2048 octets of a packet.")
    var latency = false
    @Argument(help: "Only packets that pass (pcap-filter(7)).")
    var filter: [String] = []

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        guard !interface.isEmpty else {
            throw ToolFailure.usage("no interface", hint: "give -i IF")
        }
        Signals.catchTermination()
        let captures = try interface.map { try open($0) }
        let session = LiveSession(
            io, captures, decodes: decode, prints: write == nil || print,
            copy: try write.map { try CaptureCopy($0) })
        try session.start()
        let end = duration.map { SystemClock.now + $0.duration } ?? io.deadline
        let limit = count ?? .max
        while !Signals.isPending, session.frames < limit {
            try session.flush()
            let left = end.map { ($0 - SystemClock.now).milliseconds } ?? 1000
            if left <= 0 { break }
            _ = waitForPackets(
                captures.map(\.descriptor), milliseconds: Int32(min(1000, left.rounded(.up))))
            try session.read(limit: limit)
        }
        try session.read(limit: limit)
        return try session.finish(summary: common.summary)
    }

    private func open(_ name: String) throws -> LiveCapture {
        var settings = LiveCapture.Settings()
        settings.isImmediate = latency
        settings.snapshotLength = Int32(clamping: snapshot ?? (latency ? 2048 : 262_144))
        settings.bufferBytes = Int32(clamping: (latency ? 32 : max(1, buffer)) << 20)
        settings.filter = filter.isEmpty ? nil : filter.joined(separator: " ")
        do {
            return try LiveCapture(name, settings)
        } catch let failure as LiveCapture.Failure {
            switch failure.cause {
            case .badFilter:
                throw ToolFailure.usage("filter: \(failure.message)", hint: "see pcap-filter(7)")
            case .noPermission:
                throw ToolFailure(
                    .failure, code: "noPermission", failure.message,
                    hint: "sudo setcap cap_net_raw+ep \(CommandLine.arguments[0])")
            case .noInterface, .other:
                throw ToolFailure(
                    .failure, code: "noInterface", failure.message,
                    hint: "'ip -br link' lists the interfaces")
            }
        }
    }
}
