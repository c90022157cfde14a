import KosCore
import KosTool

@main struct Main {
    static func main() { ToolMain.run(KosSend.self) }
}

struct KosSend: Tool {
    static let configuration = CommandConfiguration(
        commandName: "kos-send",
        abstract: "Send packets, probe a node, trace the path to it.",
        discussion: """
            EXAMPLES
              kos-send -T tcp://10.0.0.2:47470 'hello'
              kos-discover --links | kos-route --to charlie | kos-send 'hello charlie'
              kos-send -T ws://10.0.0.2:47480/,tcp://10.0.0.2:47470 --lines < notes
              kos-send --listen tcp://:47470 -c 1
              kos-send --probe -c 5 --connect tcp://127.0.0.1:47470 -T charlie
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var target: TargetOptions
    @OptionGroup var content: ContentOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var tls: TLSOptions
    @OptionGroup var sink: SinkOptions

    @Flag(help: "Send probes and tell each one's round trip.")
    var probe = false

    @Flag(help: "Tell each node on the way, as it answers.")
    var trace = false

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("How many probes, or probes a hop.", valueName: "n"))
    var count: Int?

    @Option(
        help: ArgumentHelp(
            "Time between probes (1s), or between packets (none).", valueName: "dur"))
    var interval: DurationOption?

    @Option(
        help: ArgumentHelp(
            "Octets of a probe's payload (32); without a text, of a packet's.", valueName: "n"))
    var size: Int?

    @Option(help: ArgumentHelp("Hops that a trace looks at.", valueName: "n"))
    var maxHops = 30

    @Option(
        help: ArgumentHelp("Loss from which on a probe's answer is no, 0 to 1.", valueName: "ratio")
    )
    var maxLoss: Double?

    mutating func validate() throws {
        guard !(probe && trace) else {
            throw ValidationError("--probe and --trace exclude each other")
        }
        guard (count ?? 1) > 0, (1...Packet.maxTTL).contains(maxHops),
            (0...32768).contains(size ?? 0)
        else {
            throw ValidationError(
                "--count is at least 1, --max-hops 1 to \(Packet.maxTTL), --size 0 to 32768")
        }
        guard (maxLoss.map { (0...1).contains($0) }) ?? true else {
            throw ValidationError("--max-loss is 0 to 1")
        }
        guard !(probe || trace) || content.isAbsent else {
            throw ValidationError("--probe and --trace send no text or file")
        }
        guard !sink.isAsked || content.isAbsent && !probe && !trace else {
            throw ValidationError("--listen and --echo send nothing of their own")
        }
        guard sink.listen.isEmpty || target.to == nil && target.connect.isEmpty else {
            throw ValidationError("--listen and -T or --connect exclude each other")
        }
    }

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        sink.isAsked ? try Sink(self, io).run() : try SendSession(self, io).run()
    }

    /// Time for the whole, where none is given.
    var usualWait: Duration {
        if trace { return .seconds(30) }
        return probe ? probeInterval * (count ?? 5) + .seconds(2) : .seconds(10)
    }

    var probeInterval: Duration { interval?.duration ?? .seconds(1) }
}
