import KosCore
import KosSimulation
import KosTool

/// `kos-relay simulate`: whole meshes of this relay in virtual time, under faults, from seeds.
struct Simulate: Tool {
    static let configuration = CommandConfiguration(
        abstract: "Run meshes of relays in virtual time under faults, and check the laws.")

    @OptionGroup var common: CommonOptions

    @Option(help: ArgumentHelp("First seed.", valueName: "n"))
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("How many seeds, one mesh each.", valueName: "n"))
    var seeds: UInt64 = 1

    @Option(help: ArgumentHelp("Relays in a mesh.", valueName: "n"))
    var nodes = 20

    @Option(help: ArgumentHelp("How the relays find next hops.", valueName: "how"))
    var routing = RoutingOption(.linkstate)

    @Flag(help: "Tell what happens, step by step, at which virtual time; for one seed.")
    var trace = false

    @Flag(help: "Restarted relays do not know what they delivered: shows that the check can fail.")
    var forgetful = false

    mutating func validate() throws {
        guard (4...200).contains(nodes), (1...1_000_000).contains(seeds) else {
            throw ValidationError("--nodes is 4 to 200, --seeds 1 to 1000000")
        }
        guard !trace || seeds == 1 else { throw ValidationError("--trace is for one seed") }
    }

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        var settings = MeshTrial.Settings()
        settings.nodes = nodes
        settings.routing = routing.mode
        settings.isForgetful = forgetful
        var sent = 0
        var acknowledged = 0
        var stored = 0
        var events = 0
        var failures = 0
        for offset in 0..<seeds {
            let outcome = MeshTrial.run(
                seed: seed &+ offset, settings: settings, trace: trace ? tracer(io) : nil)
            sent += outcome.sent
            acknowledged += outcome.acknowledged
            stored += outcome.stored
            events += outcome.events
            guard !outcome.violations.isEmpty else { continue }
            failures += 1
            for violation in outcome.violations {
                try io.output.write(
                    ErrorRecord(
                        timestamp: SystemClock.timestamp, tool: io.tool, code: "lawBroken",
                        message: violation,
                        hint: replay(outcome.seed)))
            }
        }
        try io.output.write(
            SummaryRecord(
                timestamp: SystemClock.timestamp, tool: io.tool,
                counters: [
                    "meshes": .number(Double(seeds)), "failed": .number(Double(failures)),
                    "sent": .number(Double(sent)), "acknowledged": .number(Double(acknowledged)),
                    "stored": .number(Double(stored)),
                    "events": .number(Double(events)),
                ]))
        return failures == 0 ? .yes : .no
    }

    /// The one command that shows how it came about.
    private func replay(_ seed: UInt64) -> String {
        var command = "kos-relay simulate --seed \(seed) --nodes \(nodes)"
        command += " --routing \(routing.mode.rawValue) --trace"
        return forgetful ? command + " --forgetful" : command
    }

    private func tracer(_ io: ToolIO) -> MeshTrial.Trace {
        nonisolated(unsafe) let io = io
        return { time, text in
            // Virtual time, so that a seed has one trace.
            let moment = MeshTrial.epoch + (time - .zero)
            try? io.output.write(
                LogRecord(timestamp: moment, tool: io.tool, level: "debug", message: text))
        }
    }
}
