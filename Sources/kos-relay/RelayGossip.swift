import KosCore
import KosCrypto
import KosNet
import KosTool

/// The relay as a member of a gossip cluster: its signed announcement are its tags, and members
/// that come and go are peer records.
final class RelayGossip {
    private let session: RelaySession
    private let endpoints: [Endpoint]
    private var driver: GossipDriver?
    private var book = PeerBook(hold: .zero)
    private var found: FoundRelays
    private var hasJoined = false
    /// Whether nobody waits for this member's leave to go round.
    private(set) var isGone = true
    private static let ttl = Duration.seconds(120)
    private static let verifier = SignatureVerifier()

    init(_ session: RelaySession, _ endpoints: [Endpoint]) {
        self.session = session
        self.endpoints = endpoints.map(\.announced)
        found = FoundRelays(own: session.identity.node, limit: session.options.mesh.gossipRelays)
    }

    func start(_ host: NodeHost) throws {
        let options = session.options.gossip
        let seeds = try options.seeds()
        let setup = GossipDriver.Setup(
            name: session.identity.node.text,
            bind: try options.bind(for: seeds, own: IPAddress.own(towards:)),
            tags: try tags(), settings: options.settings,
            envelope: try options.envelope(GossipCipher()))
        let driver = GossipDriver(
            setup, on: host.driver.loop, seed: SystemClock.seed, now: { SystemClock.now })
        self.driver = driver
        driver.observer = { [unowned self] output in host.guarded { try observe(output) } }
        driver.begin { result in
            host.guarded {
                guard case .failure(let failure) = result else { return }
                throw ToolFailure(
                    .failure, code: "cannotListen",
                    "gossip: cannot listen on \(setup.bind): \(failure.description)",
                    hint: "choose another --gossip-bind")
            }
        }
        driver.post(.join(seeds))
        host.every(.seconds(10)) { [unowned self] in
            if !hasJoined, isGone { driver.post(.join((try? options.seeds()) ?? seeds)) }
        }
        host.every(RelayGossip.ttl * 0.5) { [unowned self] in driver.post(.tags(try tags())) }
    }

    private func tags() throws -> [String: String] {
        let identity = session.identity
        let options = session.options
        let announcement = PeerAnnouncement(
            nodeId: identity.node, capabilities: options.capability, endpoints: endpoints,
            timestamp: SystemClock.timestamp,
            ttlMs: Int(RelayGossip.ttl.nanoseconds / 1_000_000))
        return try options.gossip.tags(announcement, name: options.name, signedBy: identity)
    }

    private func observe(_ output: Gossip.Output) throws {
        let io = session.io
        let time = SystemClock.timestamp
        var records: [PeerRecord] = []
        switch output {
        case .member(let member):
            if let reason = member.reason {
                let input = PeerBook.Input.lost(member.source, reason, at: time)
                book.handle(input, at: SystemClock.now, into: &records)
            } else if let sighting = member.sighting(trust: { $0.trust(by: RelayGossip.verifier) })
            {
                book.handle(.seen(sighting, at: time), at: SystemClock.now, into: &records)
            }
        case .joined(let contact, let members):
            hasJoined = true
            io.errors.note("gossip: \(contact) told of \(members) members")
        case .refused(let contact, let reason):
            if hasJoined {
                io.errors.note("gossip: \(contact): \(reason)")
            } else {
                io.errors.say("gossip: \(contact): \(reason); asked again in 10 s")
            }
        case .conflict(let node):
            io.errors.note("gossip: another '\(node.name)' is at \(node.address)")
        case .departed: isGone = true
        case .event(let event):
            try io.output.write(event.record(at: time))
        case .keys(let keys): session.options.gossip.keep(keys, io)
        case .send, .open, .answer: return
        }
        for record in records { try meet(record) }
        try session.flush()
    }

    /// Tells of a peer, and connects to it where it is a relay.
    private func meet(_ record: PeerRecord) throws {
        try session.io.output.write(record)
        for action in found.take(record) {
            switch action {
            case .connect(let endpoint):
                session.io.errors.note("gossip: connecting to \(endpoint)")
                session.host?.driver.post(.connect(endpoint))
            case .disconnect(let endpoint): session.host?.driver.post(.disconnect(endpoint))
            }
        }
    }

    /// Takes leave; `isGone` when it is known.
    func leave() {
        isGone = !hasJoined
        driver?.post(.leave)
    }

    func close() { driver?.close() }
}
