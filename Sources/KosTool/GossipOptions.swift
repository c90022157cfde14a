package import KosCore

/// Options of whoever takes part in a gossip cluster.
package struct GossipOptions: ParsableArguments {
    /// The port of memberlist, where none is named.
    package static let defaultPort: UInt16 = 7946

    @Option(
        name: .long,
        help: ArgumentHelp(
            "A member of the Serf or Consul cluster: its host, or host:port.",
            valueName: "contact"))
    package var gossipJoin: [Member] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Where a member listens, UDP and TCP; port 7946 if not said.", valueName: "contact"))
    package var gossipBind: Member?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Keys of the cluster: Serf's key ring, or one in base64 a line.", valueName: "file"))
    package var gossipKeyring: String?

    @Option(name: .long, help: ArgumentHelp("Label of the cluster's packets.", valueName: "text"))
    package var gossipLabel = ""

    @Option(
        name: .long, help: ArgumentHelp("Timing: lan, wan or local.", valueName: "profile"))
    package var gossipProfile = Profile.lan

    @Option(
        name: .long,
        help: ArgumentHelp("A tag that this member shows.", valueName: "name=value"))
    package var gossipTag: [Tag] = []

    package func validate() throws {
        if gossipLabel.utf8.count > 255 {
            throw ValidationError("--gossip-label is 255 octets long at most")
        }
    }

    package init() {}

    /// The members that were named, at every address that their names stand for.
    package func seeds() throws -> [ContactAddress] {
        try HostName.contacts(of: gossipJoin) { try $0.contacts() }
    }
    package var settings: GossipSettings { gossipProfile.settings }
    package var tags: [String: String] {
        var tags: [String: String] = [:]
        for tag in gossipTag { tags[tag.name] = tag.value }
        return tags
    }

    /// What a member says of itself: its announcement, signed, with the tags that were given.
    package func tags(
        _ announcement: PeerAnnouncement, name: String?, signedBy signer: some Signer
    ) throws -> [String: String] {
        var more = tags
        if let name { more["name"] = name }
        let signed = announcement.fittingTXT(maxOctets: PeerAnnouncement.maxTagOctets)
            .signed(by: signer)
        guard let tags = signed.tags(adding: more) else {
            throw ToolFailure.usage(
                "the --listen endpoints and tags do not fit into a member's 512 octets",
                hint: "name fewer of them")
        }
        return tags
    }

    /// Where a member listens: as told, or at the address that `own` finds on the way to the first
    /// of `seeds`.
    package func bind(
        for seeds: [ContactAddress], own: (ContactAddress) -> IPAddress?
    ) throws -> ContactAddress {
        let ip =
            try gossipBind?.host.addresses().first ?? seeds.first.flatMap { own($0) }
            ?? IPAddress(ipv4: 0x7F00_0001)
        return ContactAddress(ip: ip, port: gossipBind?.port ?? GossipOptions.defaultPort)
    }

    /// Keeps a key ring that the cluster changed, for the next run.
    package func keep(_ keys: [[UInt8]], _ io: ToolIO) {
        guard let gossipKeyring else { return }
        io.errors.note("gossip: the cluster changed the key ring; it has \(keys.count) keys now")
        guard !SmallFile.write(GossipKeyring.text(keys), to: gossipKeyring) else { return }
        io.errors.say(
            "gossip: the changed key ring cannot be written to \(gossipKeyring): "
                + "write it by hand, or the next run is shut out")
    }

    /// What the keys and the label make.
    package func envelope(_ cipher: any PacketCipher) throws -> GossipEnvelope {
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
        guard let envelope = GossipEnvelope(label: gossipLabel, keys: keys, cipher: cipher) else {
            throw ToolFailure.usage("--gossip-label is 255 octets long at most")
        }
        return envelope
    }
}

extension GossipOptions {
    /// `192.0.2.1`, `192.0.2.1:7946`, `[2001:db8::1]:7946`, `node.example.org`.
    package struct Member: ExpressibleByArgument, Sendable {
        package let host: HostName
        package let port: UInt16?
        package init?(argument: String) {
            if IPAddress(argument) != nil {
                host = HostName(argument)
                port = nil
            } else if let both = ContactOption(argument: argument) {
                host = both.host
                port = both.port
            } else if !argument.isEmpty, !argument.contains(where: { ":/[]".contains($0) }) {
                host = HostName(argument)
                port = nil
            } else {
                return nil
            }
        }
        package func contacts() throws -> [ContactAddress] {
            try host.contacts(port: port ?? GossipOptions.defaultPort)
        }
    }

    /// `role=relay`.
    package struct Tag: ExpressibleByArgument, Sendable {
        package let name: String
        package let value: String
        package init?(argument: String) {
            let parts = argument.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else { return nil }
            name = String(parts[0])
            value = String(parts[1])
        }
    }

    package enum Profile: String, ExpressibleByArgument, CaseIterable, Sendable {
        case lan, wan, local

        package var settings: GossipSettings {
            switch self {
            case .lan: .lan
            case .wan: .wan
            case .local: .local
            }
        }
    }
}
