import ArgumentParser
import KosCore
import KosNet
import KosTool

/// Options of the method `gossip`.
struct GossipOptions: ParsableArguments {
    /// The port of memberlist, where none is named.
    static let defaultPort: UInt16 = 7946

    @Option(
        name: .long,
        help: ArgumentHelp(
            "A member of the Serf or Consul cluster: address, or address:port.",
            valueName: "contact"))
    var gossipJoin: [MemberOption] = []

    @Flag(name: .long, help: "Join the cluster as a member; without it, look on.")
    var gossipMember = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Where a member listens, UDP and TCP; port 7946 if not said.", valueName: "contact"))
    var gossipBind: MemberOption?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Keys of the cluster: Serf's key ring, or one in base64 a line.", valueName: "file"))
    var gossipKeyring: String?

    @Option(name: .long, help: ArgumentHelp("Label of the cluster's packets.", valueName: "text"))
    var gossipLabel = ""

    @Option(
        name: .long, help: ArgumentHelp("Timing: lan, wan or local.", valueName: "profile"))
    var gossipProfile = GossipProfile.lan

    @Option(
        name: .long,
        help: ArgumentHelp("A tag that this member shows.", valueName: "name=value"))
    var gossipTag: [TagOption] = []

    func validate() throws {
        if gossipLabel.utf8.count > 255 {
            throw ValidationError("--gossip-label is 255 octets long at most")
        }
    }

    /// What the keys and the label make.
    func envelope(_ io: ToolIO) throws -> GossipEnvelope {
        var keys: [[UInt8]] = []
        if let gossipKeyring {
            let octets = SmallFile.read(gossipKeyring, limit: 16384)
            guard !octets.isEmpty else {
                throw ToolFailure(
                    .failure, code: "keyring", "\(gossipKeyring): cannot be read, or is empty")
            }
            guard let ring = GossipKeyring.keys(octets) else {
                throw ToolFailure(
                    .failure, code: "keyring",
                    "\(gossipKeyring): is no key ring: 1 to 32 keys of 16, 24 or 32 octets in base64"
                )
            }
            keys = ring
        }
        guard let envelope = GossipEnvelope(label: gossipLabel, keys: keys, cipher: GossipCipher())
        else { throw ToolFailure.usage("--gossip-label is 255 octets long at most") }
        return envelope
    }

    /// How this node takes part: as a member with `tags`, or looking on.
    func setup(name: String, tags: [String: String]?, _ io: ToolIO) throws -> GossipDriver.Setup {
        var settings = gossipProfile.settings
        settings.isObserver = tags == nil
        let first = gossipJoin.first?.contact
        let own =
            gossipBind?.ip ?? first.flatMap { IPAddress.own(towards: $0) }
            ?? IPAddress(ipv4: 0x7F00_0001)
        var all: [String: String] = [:]
        for tag in gossipTag { all[tag.name] = tag.value }
        for (name, value) in tags ?? [:] { all[name] = value }
        return GossipDriver.Setup(
            name: name,
            bind: ContactAddress(ip: own, port: gossipBind?.port ?? GossipOptions.defaultPort),
            tags: all,
            settings: settings, envelope: try envelope(io))
    }
}

/// `192.0.2.1`, `192.0.2.1:7946`, `[2001:db8::1]:7946`.
struct MemberOption: ExpressibleByArgument, Sendable {
    let ip: IPAddress
    let port: UInt16?
    init?(argument: String) {
        if let ip = IPAddress(argument) {
            self.ip = ip
            port = nil
        } else if let both = ContactOption(argument: argument) {
            ip = both.contact.ip
            port = both.contact.port
        } else {
            return nil
        }
    }
    var contact: ContactAddress {
        ContactAddress(ip: ip, port: port ?? GossipOptions.defaultPort)
    }
}

/// `role=relay`.
struct TagOption: ExpressibleByArgument, Sendable {
    let name: String
    let value: String
    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else { return nil }
        name = String(parts[0])
        value = String(parts[1])
    }
}

enum GossipProfile: String, ExpressibleByArgument, CaseIterable, Sendable {
    case lan, wan, local

    var settings: GossipSettings {
        switch self {
        case .lan: .lan
        case .wan: .wan
        case .local: .local
        }
    }
}
