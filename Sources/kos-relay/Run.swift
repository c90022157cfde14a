import KosCore
import KosNet
import KosTool

/// `kos-relay [run]`: the relay itself.
struct Run: Tool {
    static let configuration = CommandConfiguration(abstract: "Run a relay (the default verb).")

    @OptionGroup var common: CommonOptions
    @OptionGroup var control: ControlOptions
    @OptionGroup var gossip: GossipOptions
    @OptionGroup var tls: TLSOptions
    @OptionGroup var mesh: MeshOptions
    @OptionGroup var printing: DashboardOptions

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Where to listen: tcp:// tls:// udp:// ws:// wss:// (port 0 lets the kernel choose).",
            valueName: "uri"))
    var listen: [String] = []

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Relays to stay connected to.", valueName: "uri"))
    var connect: [String] = []

    @Option(help: ArgumentHelp("Name for people, told to the mesh.", valueName: "name"))
    var name: String?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("What this node can do, told to the mesh.", valueName: "name"))
    var capability: [String] = ["relay"]

    @Option(
        help: ArgumentHelp(
            "Private key; by default the one of this user, made when needed.", valueName: "file"))
    var keyFile: String?

    @Flag(help: "Take neighbours and packets without signatures.")
    var insecure = false

    @Flag(help: "Announce this relay on the local network, through Avahi.")
    var announce = false

    @Option(
        help: ArgumentHelp(
            "linkstate, flooding, aodv, dsr, olsr or auto; the same at every relay.",
            valueName: "how"))
    var routing = RoutingOption(.linkstate)

    @Flag(help: "Read packets to forward from standard input.")
    var stdin = false

    @Option(
        help: ArgumentHelp(
            "Events to write: received,forwarded,delivered,queued,dropped,discovered,switched.",
            valueName: "list"))
    var events = "forwarded,delivered,queued,dropped,discovered,switched"

    @Option(
        help: ArgumentHelp(
            "Keep packets for nodes that are away, in dir or the state directory.",
            valueName: "dir"), alone: "-")
    var custody: String?

    @Option(help: ArgumentHelp("How long packets are kept.", valueName: "dur"))
    var custodyTime = DurationOption(Custody.Settings().lifetime)

    @Option(help: ArgumentHelp("Packets of one source that are kept.", valueName: "n"))
    var custodyQuota = Custody.Settings().quota

    @Option(help: ArgumentHelp("Octets that may wait for one neighbour.", valueName: "n"))
    var maxQueue = Outbox.Settings().maxOctets

    @Option(
        help: ArgumentHelp("Packets a second that one neighbour may bring.", valueName: "n"))
    var rate: Double?

    @Option(
        help: ArgumentHelp(
            "Connections of one IPv4 address, or one IPv6 /64; 0 for any number.", valueName: "n"))
    var maxPerAddress = AddressCount.usualLimit

    @Option(help: ArgumentHelp("Write metrics this often.", valueName: "dur"))
    var metrics: DurationOption?

    @Option(
        help: ArgumentHelp(
            "Refuse the node ids, addresses and networks that the file lists, one a line.",
            valueName: "file"))
    var deny: String?

    @Option(
        help: ArgumentHelp(
            "Take only neighbours that the file lists, one a line.", valueName: "file"))
    var allow: String?

    @Option(
        help: ArgumentHelp(
            "At the end, how long to wait for what is on its way (default 10s).", valueName: "dur"))
    var drain: DurationOption?

    @Option(help: ArgumentHelp("Time between heartbeats.", valueName: "dur"))
    var heartbeat: DurationOption?

    mutating func validate() throws {
        guard maxQueue >= LinkTraits.maxPacket / 16, rate ?? 1 > 0 else {
            throw ValidationError(
                "--max-queue is at least \(LinkTraits.maxPacket / 16), --rate more than 0")
        }
        guard custodyQuota > 0, custodyTime.duration > .zero else {
            throw ValidationError("--custody-quota and --custody-time are more than 0")
        }
    }

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        if try printing.isDone(io) { return .yes }
        let session = try RelaySession(self, io)
        try session.run()
        return session.status
    }

    func endpoints(_ texts: [String], for option: String) throws -> [Endpoint] {
        try texts.map { text in
            guard let endpoint = Endpoint(text) else {
                throw ToolFailure.usage(
                    "\(option) '\(text)' is no URI of a transport",
                    hint: "for example tcp://127.0.0.1:\(Endpoint.defaultPort)")
            }
            return endpoint
        }
    }

    func eventNames() throws -> Set<String> {
        let all = [
            "received", "forwarded", "delivered", "queued", "dropped", "discovered", "switched",
        ]
        if events == "all" { return Set(all) }
        if events == "none" { return [] }
        let names = events.split(separator: ",").map(String.init)
        for name in names where !all.contains(name) {
            throw ToolFailure.usage(
                "--events has no '\(name)'",
                hint: "one of \(all.joined(separator: ", ")), all, none")
        }
        return Set(names)
    }
}
