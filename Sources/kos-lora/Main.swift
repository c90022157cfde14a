import ArgumentParser
import KosCore
import KosTool

@main struct Main {
    static func main() { ToolMain.run(KosLora.self) }
}

struct KosLora: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kos-lora",
        abstract: "LoRa modems, air time and what the law leaves of it.",
        discussion: """
            Examples:
              kos-lora airtime --sf 7 --payload 20
              kos-lora budget --region EU868 --sub-band g1 --payload 20
              kos-lora link --sf 9 --distance 5km

            More: man kos-lora, kos-lora --schema.
            """,
        version: Version.toolkit,
        subcommands: [Airtime.self, Budget.self, Link.self])
}
