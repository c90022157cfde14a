import KosCore
import KosTool

@main struct Main {
    static func main() { ToolMain.run(KosRelay.self) }
}

struct KosRelay: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kos-relay",
        abstract: "Forward packets of a mesh until told to stop.",
        discussion: """
            EXAMPLES
              kos-relay --listen tcp://:47470 --listen ws://:47480 --name alpha
              kos-relay --connect tcp://10.0.0.2:47470 --metrics 60s | jq -c .
              kos-relay status
            """,
        subcommands: [
            Run.self, Status.self, Who.self, Ban.self, Stop.self, Reload.self, Simulate.self,
            Manet.self,
        ],
        defaultSubcommand: Run.self)
}
