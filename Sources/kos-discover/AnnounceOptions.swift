import KosCore
import KosTool

/// Options of `-A` alone.
struct AnnounceOptions: ParsableArguments {
    @Flag(name: [.customShort("A"), .customLong("announce")], help: "Announce this node instead.")
    var isAnnounce = false

    @Option(
        name: .long,
        help: ArgumentHelp("Where this node listens; tcp://:47470 if not said.", valueName: "uri"))
    var listen: [EndpointOption] = []

    @Option(name: .long, help: ArgumentHelp("How long an announcement holds.", valueName: "dur"))
    var ttl: DurationOption?

    @Option(
        name: .long,
        help: ArgumentHelp("Go on announcing and answering for so long.", valueName: "dur"))
    var hold: DurationOption?

    @Option(
        name: .long,
        help: ArgumentHelp("Name for people; the node id if not said.", valueName: "name"))
    var name: String?

    /// How long an announcement holds, ms.
    var ttlMs: Int { Int((ttl?.duration ?? .seconds(120)).nanoseconds / 1_000_000) }

    func validate() throws {
        if let name, !(1...63).contains(name.utf8.count) {
            throw ValidationError("--name is 1 to 63 octets long")
        }
    }
}

struct EndpointOption: ExpressibleByArgument, Sendable {
    let endpoint: Endpoint
    init?(argument: String) {
        guard let endpoint = Endpoint(argument) else { return nil }
        self.endpoint = endpoint
    }
}
