import KosCore
import KosNet
import KosTool

/// To whom, over what.
struct TargetOptions: ParsableArguments {
    @Option(
        name: [.customShort("T"), .long],
        help: ArgumentHelp(
            "Node id, name, or URI; URIs with commas between them, the best one first.",
            valueName: "node"), completion: .nodeID)
    var to: String?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Relays through which to reach the mesh; the first that answers is taken.",
            valueName: "uri"))
    var connect: [String] = []

    @Option(
        help: ArgumentHelp(
            "Private key; by default the one of this user, made when needed.", valueName: "file"))
    var keyFile: String?

    @Option(help: ArgumentHelp("0 most urgent to 7.", valueName: "n"))
    var priority = Packet.defaultPriority

    @Option(help: ArgumentHelp("Links that the packet may cross.", valueName: "n"))
    var ttl = Packet.defaultTTL

    @Option(parsing: .singleValue, help: ArgumentHelp("An option of the packet.", valueName: "k=v"))
    var option: [String] = []

    @Flag(inversion: .prefixedNo, help: "Wait for the destination's signed receipt.")
    var ack = true

    @Option(help: ArgumentHelp("Tries after the first one.", valueName: "n"))
    var retry = 2

    @Flag(help: "Print the packets that come back as answers.")
    var reply = false

    @Flag(
        inversion: .prefixedNo,
        help: "Seal payloads to the recipient (without it: where its key is known).")
    var seal: Bool?

    @Flag(help: "Take neighbours and packets without signatures.")
    var insecure = false

    mutating func validate() throws {
        guard (0...7).contains(priority), (1...Packet.maxTTL).contains(ttl),
            (0...16).contains(retry)
        else {
            throw ValidationError(
                "--priority is 0 to 7, --ttl 1 to \(Packet.maxTTL), --retry 0 to 16")
        }
        for text in connect where Endpoint(text) == nil {
            throw ValidationError("--connect '\(text)' is no URI of a transport")
        }
        if let to, to.contains("://") {
            for part in to.split(separator: ",") where Endpoint(String(part)) == nil {
                throw ValidationError("-T '\(part)' is no URI of a transport")
            }
        }
        for text in option where !text.contains("=") {
            throw ValidationError("--option '\(text)' is not name=value")
        }
    }

    /// The URIs of `-T`, the one to prefer first; none where it names a node.
    var endpoints: [Endpoint] {
        guard let to, to.contains(":") else { return [] }
        return to.split(separator: ",").compactMap { Endpoint(String($0)) }
    }

    /// The packet's options.
    var options: JSONObject {
        var object = JSONObject()
        for text in option {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            object[String(parts[0])] = .string(String(parts[1]))
        }
        return object
    }

    var persistence: Persistence? { ack ? Persistence(attempts: retry + 1) : nil }

    func identity(_ io: ToolIO) throws -> NodeIdentity {
        try NodeIdentity(path: keyFile ?? io.directories.file("identity.pem", in: .data))
    }
}
