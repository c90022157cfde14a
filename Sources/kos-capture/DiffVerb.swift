import KosCapture
import KosCore
import KosTool

struct DiffVerb: Tool {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "What differs between captures of the same traffic.")
    @OptionGroup var common: CommonOptions
    @Option(name: .long, help: ArgumentHelp("id, hash or flow.", valueName: "key"))
    var key: String = "id"
    @Option(name: .long, help: ArgumentHelp("Second clock minus first, or auto.", valueName: "dur"))
    var offset: String = "auto"
    @Flag(
        name: .long,
        help: "Lay any number of captures over each other: hops, clocks, where packets were lost.")
    var merge = false
    @Option(
        name: .long,
        help: ArgumentHelp("With --merge, the path of this packet alone.", valueName: "id"))
    var followPacket: String?
    @OptionGroup var which: FilterOptions
    @Argument(help: "Two captures; with --merge two or more.")
    var files: [String]

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        guard let key = CaptureDiff.Key(rawValue: key) else {
            throw ToolFailure.usage("--key \(key) is none of id, hash, flow")
        }
        guard files.count == 2 || merge && files.count > 2 else {
            throw ToolFailure.usage(
                "\(files.count) captures are named", hint: "two, or more with --merge")
        }
        guard merge || followPacket == nil else {
            throw ToolFailure.usage("--follow-packet needs --merge")
        }
        let source = try FrameSource(io, which)
        try source.confine(opening: files)
        return try merge ? overlay(key, source, io) : compare(key, source, io)
    }

    private func compare(
        _ key: CaptureDiff.Key, _ source: FrameSource, _ io: ToolIO
    ) throws -> ExitStatus {
        let given = try clockOffset()
        var diff = CaptureDiff(key: key)
        try source.each(of: files[0]) { _, frame, _, bytes in diff.add(frame, bytes, to: .first) }
        try source.each(of: files[1]) { _, frame, _, bytes in
            diff.add(frame, bytes, to: .second)
        }
        let result = DiffResult(diff, offset: given)
        for record in result.records { try io.output.write(record) }
        try summarize(result.counters(first: files[0], second: files[1]), io)
        return source.status.merged(with: result.isEqual ? .yes : .no)
    }

    private func overlay(
        _ key: CaptureDiff.Key, _ source: FrameSource, _ io: ToolIO
    ) throws -> ExitStatus {
        guard offset == "auto" else {
            throw ToolFailure.usage("--merge finds the clocks' offsets itself: no --offset")
        }
        var merge = CaptureMerge(key: key, captures: files)
        for (number, file) in files.enumerated() {
            try source.each(of: file) { _, frame, _, bytes in merge.add(frame, bytes, to: number) }
        }
        let result = MergeResult(merge)
        if let followPacket {
            guard let path = result.path(of: followPacket) else {
                return source.status.merged(with: .no)
            }
            try io.output.write(path)
            return source.status.merged(with: path.outcome == .lost ? .no : .yes)
        }
        for path in result.lostPaths { try io.output.write(path) }
        for report in result.legReports() { try io.output.write(report) }
        try summarize(result.counters, io)
        return source.status.merged(with: result.lost == 0 ? .yes : .no)
    }

    private func summarize(_ counters: JSONObject, _ io: ToolIO) throws {
        try io.output.write(
            SummaryRecord(
                timestamp: SystemClock.timestamp, tool: "kos-capture", counters: counters))
    }

    /// As `--offset` has it, nanoseconds; nil for auto.
    private func clockOffset() throws -> Int64? {
        guard offset != "auto" else { return nil }
        let isBehind = offset.hasPrefix("-")
        guard let duration = Duration(text: isBehind ? String(offset.dropFirst()) : offset) else {
            throw ToolFailure.usage("--offset \(offset) is neither a duration nor auto")
        }
        return isBehind ? -duration.nanoseconds : duration.nanoseconds
    }
}
