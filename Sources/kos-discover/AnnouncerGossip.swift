import KosCore
import KosCrypto
import KosNet
import KosTool

/// `-A -m gossip`: this node is a member of the cluster for as long as it is held, with its signed
/// announcement as tags; then it takes leave.
extension Announcer {
    /// How long members are waited for.
    private static let patience = Duration.seconds(2)

    func announceOverGossip() throws {
        let seeds = try options.gossip.seeds()
        guard !seeds.isEmpty else {
            return try tell(
                .gossip, error: "no member to begin with; name one with --gossip-join address")
        }
        guard let mailbox = Mailbox<GossipClient.Event>(capacity: 65536) else {
            throw ToolFailure(.failure, code: "resource", "no descriptors left")
        }
        let tags = try Authenticity.tags(identity, options, endpoints: endpoints)
        let setup = try Authenticity.membership(identity.node.text, tags, seeds, options)
        host = setup.bind.ip.description
        let client = GossipClient(
            setup, seed: SystemClock.seed, now: { SystemClock.now }, tell: { mailbox.post($0) })
        loop.watch(mailbox.descriptor)
        client.post(.join(seeds))
        var open = Set(seeds)
        let end = min(io.deadline ?? .distantFuture, SystemClock.now + Announcer.patience)
        var reason = "no gossip peer answered within 2s"
        while !open.isEmpty, SystemClock.now < end {
            for event in mailbox.take() {
                switch event {
                case .output(.conflict(let node)) where node.name == setup.name:
                    io.errors.say("gossip: another '\(node.name)' is a member at \(node.address)")
                case .output(.joined):
                    gossip = (client, mailbox)
                    return try tell(.gossip)
                case .output(.refused(let contact, let why)):
                    io.errors.note("gossip: \(contact): \(why)")
                    open.remove(contact)
                case .failed(let why):
                    reason = why
                    open = []
                default: continue
                }
            }
            if !open.isEmpty { _ = loop.wait(max(.zero, end - SystemClock.now)) }
        }
        client.stop()
        loop.unwatch(mailbox.descriptor)
        try tell(.gossip, error: reason)
    }

    /// What the cluster tells while this node is held in it.
    func heedGossip() {
        for event in gossip?.1.take() ?? [] {
            if case .output(.keys(let keys)) = event { options.gossip.keep(keys, io) }
        }
    }

    func renewGossip() throws {
        guard let (client, _) = gossip else { return }
        heedGossip()
        client.post(.tags(try Authenticity.tags(identity, options, endpoints: endpoints)))
    }

    func leaveGossip() {
        guard let (client, mailbox) = gossip else { return }
        client.post(.leave)
        let end = SystemClock.now + .seconds(5)
        while SystemClock.now < end {
            let hasDeparted = mailbox.take().contains { event in
                if case .output(.departed) = event { true } else { false }
            }
            if hasDeparted { break }
            _ = loop.wait(max(.zero, end - SystemClock.now))
        }
        client.stop()
    }
}

extension Authenticity {
    /// How this node takes part: as a member with `tags`, or looking on.
    static func membership(
        _ name: String, _ tags: [String: String]?, _ seeds: [ContactAddress],
        _ options: KosDiscover
    ) throws -> GossipDriver.Setup {
        var settings = options.gossip.settings
        settings.isObserver = tags == nil
        return GossipDriver.Setup(
            name: name, bind: try options.gossip.bind(for: seeds, own: IPAddress.own(towards:)),
            tags: tags ?? [:], settings: settings,
            envelope: try options.gossip.envelope(GossipCipher()))
    }

    /// What this node says of itself in a gossip cluster.
    static func tags(
        _ identity: NodeIdentity, _ options: KosDiscover, endpoints: [Endpoint]
    ) throws -> [String: String] {
        let announcement = PeerAnnouncement(
            nodeId: identity.node, capabilities: options.announced, endpoints: endpoints,
            timestamp: SystemClock.timestamp, ttlMs: options.announcing.ttlMs)
        return try options.gossip.tags(
            announcement, name: options.announcing.name, signedBy: identity)
    }
}
