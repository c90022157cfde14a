import KosCore
import KosSimulation
import KosTool

/// `kos-route simulate`: a network in virtual time under one protocol, or under all of them.
struct Simulate: Tool {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Run routing protocols in a simulated radio network, in virtual time.",
        discussion: """
            EXAMPLES
              echo '{"type":"scenario","kos":1,"nodes":50}' | kos-route simulate -a olsr
              kos-route simulate --compare scenario.ndjson
              kos-route simulate --compare -f html -o mesh.html scenario.ndjson
            """)

    static var formats: [String] { OutputFormat.all + ["html"] }

    @OptionGroup var common: CommonOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("aodv, dsr, flooding or olsr; several with commas.", valueName: "alg"))
    var algorithm = "aodv"

    @Flag(help: "All protocols, one after the other, on the same scenario.")
    var compare = false

    @Option(help: ArgumentHelp("Instead of the scenario's.", valueName: "n"))
    var seed: Int?

    @Option(help: ArgumentHelp("Instead of the scenario's.", valueName: "dur"))
    var duration: DurationOption?

    @Flag(help: "OLSR hears at once of links that broke, as the others do.")
    var linkNotice = false

    @Option(
        help: ArgumentHelp("Write what crosses the air, for one protocol.", valueName: "file"),
        completion: .file)
    var pcap: String?

    @Argument(help: "Records to read instead of standard input; - is standard input.")
    var file: String?

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        let protocols = try protocols()
        guard pcap == nil || protocols.count == 1 else {
            throw ToolFailure.usage("--pcap goes with one protocol", hint: "name it with -a")
        }
        guard seed ?? 0 >= 0 else { throw ToolFailure.usage("--seed is not negative") }
        var input = ScenarioInput(io)
        try input.read(file)
        if let seed { input.record.seed = seed }
        if let duration { input.record.durationMs = duration.duration.milliseconds }
        let plan = try input.plan()
        let isPage = io.format == "html"
        var pages: [(samples: [SimulationSampleRecord], whole: SimulationRecord)] = []
        var isHeard = false
        for name in protocols {
            let (samples, whole) = plan.records(
                of: try simulate(name, plan.scenario), name: input.record.name)
            isHeard = isHeard || whole.delivered > 0 || whole.sent == 0
            if isPage {
                pages.append((samples, whole))
                continue
            }
            // A table has no room for every second.
            if !io.output.isText { for sample in samples { try io.output.write(sample) } }
            try io.output.write(whole)
            try io.output.flush()
        }
        if isPage {
            let title = input.record.name ?? "simulated mesh"
            try io.output.write(
                octets: Array(MeshPage(plan, title: title, runs: pages).html.utf8).span)
        }
        return io.status(isHeard ? .yes : .no)
    }

    private func protocols() throws -> [RoutingProtocolName] {
        if compare || algorithm == "all" { return RoutingProtocolName.allCases }
        let all = RoutingProtocolName.allCases.map(\.rawValue)
        return try algorithm.split(separator: ",").map { name in
            guard let found = RoutingProtocolName(rawValue: String(name)) else {
                throw Choice.unknown(String(name), "--algorithm", all)
            }
            return found
        }
    }

    private func simulate(_ name: RoutingProtocolName, _ scenario: Scenario) throws -> ScenarioRun {
        guard let pcap else { return ScenarioRun(name, in: scenario, heedsLinkLayer: linkNotice) }
        var trace = PcapTrace(port: name == .olsr ? OLSRPacket.port : AODVMessage.port)
        let run = ScenarioRun(name, in: scenario, heedsLinkLayer: linkNotice) { time, frame in
            trace.append(frame, at: time)
        }
        let output = RecordOutput(file: try OutputFile(path: pcap), isText: false)
        try output.write(octets: trace.octets.span)
        try output.finish()
        try output.commit()
        return run
    }
}
