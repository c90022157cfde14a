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

    mutating func validate() throws {
        guard (4...200).contains(nodes), (1...1_000_000).contains(seeds) else {
            throw ValidationError("--nodes is 4 to 200, --seeds 1 to 1000000")
        }
    }

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        var settings = MeshTrial.Settings()
        settings.nodes = nodes
        settings.routing = routing.mode
        var sent = 0
        var acknowledged = 0
        var stored = 0
        var events = 0
        var failures = 0
        for offset in 0..<seeds {
            let outcome = MeshTrial.run(seed: seed &+ offset, settings: settings)
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
                        hint: "kos-relay simulate --seed \(outcome.seed) --nodes \(nodes) "
                            + "--routing \(routing.mode.rawValue)"))
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
}
