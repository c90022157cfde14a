import KosCapture
import KosCore
import KosPcap
import KosTool

struct CountVerb: Tool {
    static let configuration = CommandConfiguration(
        commandName: "count", abstract: "How many frames captures have, from when to when.")
    @OptionGroup var common: CommonOptions
    @OptionGroup var which: FilterOptions
    @Argument(help: "pcap, pcapng or btsnoop; - is standard input.")
    var files: [String]

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        let source = try FrameSource(io, which)
        try source.confine(opening: files)
        for file in files {
            let before = source.matched
            var (bytes, captured) = (0, 0)
            var (first, last) = (Int64.max, Int64.min)
            try source.eachPacket(of: file) { packet, _, _ in
                bytes += packet.lengthBytes
                captured += packet.range.count
                if let time = packet.time {
                    first = min(first, time)
                    last = max(last, time)
                }
            }
            var counters: JSONObject = [
                "file": .string(file), "frames": .number(Double(source.matched - before)),
                "bytes": .number(Double(bytes)), "capturedBytes": .number(Double(captured)),
                "format": source.reader.format.map { .string($0.rawValue) } ?? .null,
            ]
            if last >= first {
                counters["firstTimestamp"] = .number(Double(first / 1_000_000))
                counters["lastTimestamp"] = .number(Double(last / 1_000_000))
                counters["durationMs"] = .number(Histogram.round(Double(last - first)))
            }
            counters["interfaces"] = .array(
                source.reader.interfaces.prefix(64).map { .object(CountVerb.object($0)) })
            try io.output.write(
                SummaryRecord(
                    timestamp: SystemClock.timestamp, tool: "kos-capture", counters: counters))
        }
        return source.status.merged(with: source.matched > 0 ? .yes : .no)
    }

    /// What the capture says of an interface, and of what was dropped there.
    private static func object(_ interface: CaptureInterface) -> JSONObject {
        var object: JSONObject = ["linkType": .number(Double(interface.linkType.rawValue))]
        object["name"] = interface.name.map { .string($0) }
        object["snapshotBytes"] = .number(Double(interface.snapshotLength))
        object["received"] = interface.received.map { .number(Double($0)) }
        object["dropped"] = interface.dropped.map { .number(Double($0)) }
        return object
    }
}
