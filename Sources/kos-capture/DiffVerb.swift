import ArgumentParser
import KosCapture
import KosCore
import KosTool

struct DiffVerb: Tool {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "What differs between two captures of the same traffic.")
    @OptionGroup var common: CommonOptions
    @Option(name: .long, help: ArgumentHelp("id, hash or flow.", valueName: "key"))
    var key: String = "id"
    @Option(name: .long, help: ArgumentHelp("Second clock minus first, or auto.", valueName: "dur"))
    var offset: String = "auto"
    @OptionGroup var which: FilterOptions
    @Argument(help: "The first capture.")
    var first: String
    @Argument(help: "The second capture.")
    var second: String

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        guard let key = CaptureDiff.Key(rawValue: key) else {
            throw ToolFailure.usage("--key \(key) is none of id, hash, flow")
        }
        var given: Int64?
        if offset != "auto" {
            let isBehind = offset.hasPrefix("-")
            guard let duration = Duration(text: isBehind ? String(offset.dropFirst()) : offset)
            else {
                throw ToolFailure.usage("--offset \(offset) is neither a duration nor auto")
            }
            given = isBehind ? -duration.nanoseconds : duration.nanoseconds
        }
        var diff = CaptureDiff(key: key)
        let source = try FrameSource(io, which)
        try source.each(of: first) { _, frame, _, bytes in diff.add(frame, bytes, to: .first) }
        try source.each(of: second) { _, frame, _, bytes in
            diff.add(frame, bytes, to: .second)
        }
        let result = DiffResult(diff, offset: given)
        for record in result.records { try io.output.write(record) }
        try io.output.write(
            SummaryRecord(
                timestamp: SystemClock.timestamp, tool: "kos-capture",
                counters: result.counters(first: first, second: second)))
        return source.status.merged(with: result.isEqual ? .yes : .no)
    }
}
