import KosCore
import KosTool

@main struct Main {
    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard Extcap.isAsked(arguments) else { ToolMain.run(KosLora.self) }
        if let text = Extcap.answer(arguments) { ToolMain.answer(text) }
        ToolMain.run(KosLora.self, arguments: Extcap.translated(arguments))
    }
}

struct KosLora: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kos-lora",
        abstract: "LoRa modems, air time and what the law leaves of it.",
        discussion: """
            Examples:
              kos-lora airtime --sf 7 --payload 20
              kos-lora budget --region EU868 --sub-band g1 --payload 20
              kos-lora listen -p /dev/ttyUSB0 --frequency 868.1M --sf 8

            More: man kos-lora, kos-lora --schema.
            """,
        subcommands: [
            Ports.self, Info.self, Listen.self, Send.self, Config.self, Monitor.self, Serve.self,
            Gateway.self, Airtime.self, Budget.self, Link.self,
        ])
}
