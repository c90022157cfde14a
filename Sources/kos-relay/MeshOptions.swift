import KosCore
import KosNATS
import KosTool

/// What makes several relays one.
struct MeshOptions: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Relays whose word counts on who is attached to them.", valueName: "node"))
    var meshWith: [String] = []

    @Option(
        help: ArgumentHelp(
            "NATS server by which relays that share no link reach each other: nats:// or tls://.",
            valueName: "uri"))
    var backplane: String?

    @Option(
        help: ArgumentHelp(
            "Relays among those that gossip finds to connect to; 0 for none.", valueName: "n"))
    var gossipRelays = 8

    mutating func validate() throws {
        guard (0...64).contains(gossipRelays) else {
            throw ValidationError("--gossip-relays is 0 to 64")
        }
        guard let backplane else { return }
        guard ["nats://", "tls://"].contains(where: { backplane.hasPrefix($0) }) else {
            throw ValidationError(
                "--backplane '\(backplane)' is no URI of a NATS server, such as nats://10.0.0.1:4222"
            )
        }
    }

    func trusted() throws -> Set<NodeID> {
        Set(
            try meshWith.map { text in
                guard let node = NodeID(text) else {
                    throw ToolFailure.usage("--mesh-with '\(text)' is no node's id")
                }
                return node
            })
    }

    /// Fails where a backplane is wanted and this program has none.
    func check() throws {
        guard backplane != nil else { return }
        guard NATSSetup.isBuiltIn else { throw notBuiltIn }
        guard NATSSetup.hasLibrary else {
            throw ToolFailure(
                .failure, code: "noLibrary", "--backplane: libnats is not on this system",
                hint: "install libnats3.4")
        }
    }

    private var notBuiltIn: ToolFailure {
        ToolFailure(
            .failure, code: "notBuiltIn", "--backplane: not built in",
            hint: "install libnats-dev and build with 'swift build --traits NATS'")
    }
}
