import KosCore
import KosNet
import KosRadio
import KosTool

/// Who sends.
struct IdentityOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Private key; by default the one of this user, made when needed.", valueName: "file"))
    var keyFile: String?
    @Option(help: ArgumentHelp("Links that the packet may cross, 0 to 32.", valueName: "n"))
    var ttl: Int = Packet.defaultTTL
    @Option(help: ArgumentHelp("0 most urgent to 7.", valueName: "n"))
    var priority: Int = Packet.defaultPriority

    /// A signed packet of this user.
    func packet(to destination: String, _ payload: JSONValue) throws -> Packet {
        guard (0...Packet.maxTTL).contains(ttl), (0...7).contains(priority) else {
            throw ToolFailure.usage("--ttl is 0 to \(Packet.maxTTL), --priority 0 to 7")
        }
        guard destination == Packet.broadcast || NodeID(destination) != nil else {
            throw LoRaFailure.usage("node", destination, "1 to 128 characters, or *")
        }
        let identity = try signer()
        var random = SplitMix64(seed: SystemClock.seed)
        let time = SystemClock.timestamp
        var packet = Packet(
            id: PacketID(at: time, using: &random), timestamp: time, source: identity.node,
            destination: destination, payload: payload)
        packet.metadata.ttl = ttl
        packet.metadata.priority = priority
        return packet.signed(by: identity)
    }

    /// This user.
    func node() throws -> NodeID { try signer().node }

    private func signer() throws -> NodeIdentity {
        guard let path = keyFile ?? RadioDirectories.data.map({ $0 + "/identity.pem" }) else {
            throw ToolFailure(
                .failure, code: "noIdentity", "there is no home directory for the key",
                hint: "give --key-file")
        }
        return try NodeIdentity(path: path)
    }
}
