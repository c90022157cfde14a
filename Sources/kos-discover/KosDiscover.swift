import KosCore
import KosTool

/// Finds peers, or announces this one.
struct KosDiscover: Tool {
    static let configuration = CommandConfiguration(
        commandName: "kos-discover", abstract: "Find peers, or announce this one.",
        discussion: """
            EXAMPLES
              kos-discover                            who is here?
              kos-discover -q --until bravo -t 5s     is bravo up?
              kos-discover -A --listen tcp://:47470   announce this node

            See man kos-discover, and kos-discover --schema for the records.
            """)

    @OptionGroup var common: CommonOptions

    @Option(
        name: [.customShort("m"), .customLong("method")],
        help: ArgumentHelp(
            "mdns,dht,bluetooth,lora,bootstrap,gossip,static, or auto: those that need nothing.",
            valueName: "list"))
    var methods: [MethodList] = []

    @Flag(name: .customLong("methods"), help: "Tell which methods work on this host, and why not.")
    var isSurvey = false

    @Flag(
        name: .customLong("doctor"), help: "Tell what works on this host, what not, and the cure.")
    var isDoctor = false

    @Flag(name: [.customShort("W"), .customLong("watch")], help: "Go on until interrupted.")
    var isWatch = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "With -W: how long a peer is believed in that is silent.", valueName: "dur"))
    var expire: DurationOption?

    @Option(name: [.short, .long], help: ArgumentHelp("End with N peers.", valueName: "n"))
    var count: Int?

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("End with 0 as soon as this node is seen.", valueName: "node"),
        completion: .nodeID)
    var until: String?

    @Option(name: .long, help: ArgumentHelp("End after so long without news.", valueName: "dur"))
    var idle: DurationOption?

    @Option(
        name: .long, help: ArgumentHelp("Only nodes whose id or name matches.", valueName: "glob"))
    var node: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "With -A what this node can do; else only peers that can.", valueName: "name"))
    var capability: [String] = []

    @Option(
        name: .long, help: ArgumentHelp("Only peers within local, lan or wan.", valueName: "scope"))
    var scope: String?

    @Flag(name: .long, help: "Also this node itself.")
    var includeSelf = false

    @Flag(name: .long, help: "Only peers whose announcement is signed.")
    var requireSigned = false

    @Flag(name: .long, help: "What Avahi knows and earlier runs found is enough.")
    var cached = false

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("Only on this network interface.", valueName: "if"))
    var interface: String?

    @Option(name: .long, help: ArgumentHelp("mDNS service type; any for all.", valueName: "type"))
    var service = "_kos._tcp"

    @Option(name: .long, help: ArgumentHelp("mDNS domain.", valueName: "name"))
    var domain: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "A relay to ask: tcp://host:47470; file:PATH or dns:DOMAIN for several.",
            valueName: "uri"))
    var bootstrap: [BootstrapOption] = []

    @Flag(
        name: .customLong("links"), help: "Ask the relays for their topology: links and more peers."
    )
    var wantsLinks = false

    @Argument(help: ArgumentHelp("'-' reads peer records from standard input.", valueName: "-"))
    var input: String?

    @OptionGroup var announcing: AnnounceOptions
    @OptionGroup var dht: DHTOptions
    @OptionGroup var gossip: GossipOptions
    @OptionGroup var lora: LoRaOptions
    @OptionGroup var bluetooth: BluetoothOptions
    @OptionGroup var tls: TLSOptions

    @Flag(name: .long, help: "Join the gossip cluster as a member; without it, look on.")
    var gossipMember = false

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count must be 1 or more") }
        if let scope, PeerFilter.Scope(rawValue: scope) == nil {
            throw ValidationError("--scope is local, lan or wan, not '\(scope)'")
        }
        if isWatch, announcing.isAnnounce {
            throw ValidationError("--watch and --announce are two runs")
        }
        if let bad = capability.first(where: { !PeerAnnouncement.isToken($0) }) {
            throw ValidationError(
                "'\(bad)' is no capability: 1 to 64 visible ASCII characters, no comma")
        }
    }

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        // Not in `validate`: a misspelt option is told before what stands behind it.
        if let input, input != "-" {
            throw ToolFailure.usage("the only operand is '-', not '\(input)'")
        }
        if isSurvey { return try MethodSurvey.run(io) }
        if isDoctor {
            var doctor = Doctor(io)
            return try doctor.run()
        }
        return announcing.isAnnounce
            ? try Announcer(self, io).run() : try Session(self, io).run()
    }
}
