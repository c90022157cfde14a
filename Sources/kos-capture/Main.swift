import KosCore
import KosTool

@main struct Main {
    static func main() { ToolMain.run(KosCapture.self) }
}

struct KosCapture: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kos-capture",
        abstract: "Capture packets, or read captures, and say what they tell of the mesh.",
        subcommands: [
            Live.self, Read.self, CountVerb.self, ReportVerb.self, TopologyVerb.self, DiffVerb.self,
        ])
}
