/// One member of a gossip cluster: SWIM with Lifeguard as HashiCorp's memberlist speaks it, and
/// Serf's tags, intents and events on it. Or an onlooker, who only exchanges states. Sans I/O;
/// encryption comes in as a port.
package struct Gossip: Engine {
    package enum Input: Sendable {
        /// Joins the cluster of which these are members.
        case join([ContactAddress])
        /// Members of an earlier run, or known from elsewhere: believed until they are probed.
        case restore([GossipNode])
        case datagram([UInt8], from: ContactAddress)
        /// A whole message on a stream that somebody opened here; is answered once.
        case request(Int, [UInt8], from: ContactAddress)
        /// The answer on a stream that was opened for us, or that none will come.
        case reply(Int, [UInt8])
        case failed(Int)
        case tags([String: String])
        case event(name: String, payload: [UInt8])
        /// Takes leave; `departed` follows when it is known.
        case leave
    }
    package enum Output: Sendable {
        case send([UInt8], to: ContactAddress)
        /// Open a stream, send this, and hand in what comes back.
        case open(Int, [UInt8], to: ContactAddress)
        /// What a request is answered with; nothing when it only is to be closed.
        case answer(Int, [UInt8])
        case joined(ContactAddress, members: Int)
        case refused(ContactAddress, String)
        /// A member appeared, changed, failed or left.
        case member(GossipMember)
        case event(SerfEvent)
        /// Another node goes by this one's name, or two by the same.
        case conflict(GossipNode)
        case departed
        /// The key ring changed by a query of the cluster; the first one seals.
        case keys([[UInt8]])
    }
    package enum Drop: String, Hashable, Sendable, CaseIterable {
        case malformed, unencrypted, undecipherable, checksum, tooLarge, wrongLabel
        case notForUs, unexpected, tooMany, conflict
    }
    enum Alarm: Hashable, Sendable {
        case probe, gossip, exchange, departure
        case indirect(UInt32), judgement(UInt32), relay(UInt32)
        case suspicion(String), stream(Int)
    }
    /// A member that is being asked whether it is there.
    struct Probe: Sendable {
        let sequence: UInt32
        let name: String
        let incarnation: UInt32
        var expectedNacks = 0
        var nacks = 0
    }
    /// A ping for somebody else.
    struct Relay: Sendable {
        let sequence: UInt32
        let asker: ContactAddress
        let wantsNack: Bool
    }
    struct Suspicion: Sendable {
        let started: Instant
        let least: Duration
        let most: Duration
        let wanted: Int
        var accusers: Set<String>
        var confirmed = 0
    }
    enum Purpose: Sendable {
        case probe(UInt32)
        case join(ContactAddress)
        case exchange
    }
    enum Departure: Sendable {
        case no, announced(until: Instant), dead(until: Instant), done
    }

    package let settings: GossipSettings
    var envelope: GossipEnvelope
    let ownName: String
    var roster = GossipRoster()
    var serf = SerfLedger()
    var timers = Timers<Alarm>()
    var random: SplitMix64
    var broadcasts = GossipBroadcasts()
    var suspicions: [String: Suspicion] = [:]
    var probe: Probe?
    var relays: [UInt32: Relay] = [:]
    var streams: [Int: Purpose] = [:]
    var seeds: [ContactAddress] = []
    /// The places to be probed, and how far the round is.
    var order: [Int32] = []
    var turn = 0
    var departure = Departure.no
    /// Lifeguard: how unwell this node itself seems to be; 0 is well.
    package internal(set) var awareness = 0
    private var sequence: UInt32
    private var lastStream = 0
    private var lastGossip = Instant.zero
    package internal(set) var drops: [Drop: Int] = [:]

    /// A node named `node.name` at `node.address`; its meta data is made of `tags`.
    package init(
        _ node: GossipNode, tags: [String: String], settings: GossipSettings,
        envelope: GossipEnvelope, seed: UInt64, at now: Instant
    ) {
        self.settings = settings
        self.envelope = envelope
        ownName = node.name
        random = SplitMix64(seed: seed)
        sequence = UInt32(truncatingIfNeeded: random.next())
        guard !settings.isObserver else { return }
        var node = node
        node.meta = SerfTags.meta(tags)
        _ = roster.add(
            node, GossipRoster.Standing(state: .alive, incarnation: 1, changed: now))
        order = [0]
        timers.set(.probe, at: now + settings.probeInterval * random.unit())
        timers.set(.exchange, at: now + settings.pushPullInterval * random.unit())
    }

    package var nextDeadline: Instant? { timers.next }
    package var memberCount: Int { roster.liveCount }

    /// All that are known, by name.
    package var members: [GossipMember] {
        roster.nodes.indices.map { member($0) }.sorted { $0.node.name < $1.node.name }
    }

    package func status(of name: String) -> GossipMember.Status? {
        roster.place(of: name).map { member($0).status }
    }

    package mutating func handle(_ input: Input, at now: Instant, into outputs: inout [Output]) {
        switch input {
        case .join(let addresses):
            for address in addresses where seeds.count < 64 && !seeds.contains(address) {
                seeds.append(address)
            }
            for address in addresses.prefix(64) { exchange(.join(address), address, now, &outputs) }
        case .restore(let nodes): restore(nodes, now)
        case .datagram(let octets, let sender): receive(octets, sender, now, &outputs)
        case .request(let id, let octets, let sender):
            answer(id, octets, sender, now, &outputs)
        case .reply(let id, let octets): replied(id, octets, now, &outputs)
        case .failed(let id): failed(id, now, &outputs)
        case .tags(let tags): retag(tags, now, &outputs)
        case .event(let name, let payload): tell(name, payload, now)
        case .leave: takeLeave(now, &outputs)
        }
    }

    package mutating func advance(to now: Instant, into outputs: inout [Output]) {
        while let alarm = timers.popDue(at: now) {
            switch alarm {
            case .probe: probeNext(now, &outputs)
            case .gossip: gossip(now, &outputs)
            case .exchange: exchangeStates(now, &outputs)
            case .departure: proceedDeparture(now, &outputs)
            case .indirect(let sequence): askOthers(sequence, now, &outputs)
            case .judgement(let sequence): judge(sequence, now, &outputs)
            case .relay(let sequence): giveUp(sequence, now, &outputs)
            case .suspicion(let name): convict(name, now, &outputs)
            case .stream(let id): failed(id, now, &outputs)
            }
        }
    }

    private mutating func restore(_ nodes: [GossipNode], _ now: Instant) {
        for node in nodes where node.isSound && roster.place(of: node.name) == nil {
            guard roster.count < settings.maxMembers else { return drop(.tooMany) }
            _ = roster.add(
                node, GossipRoster.Standing(state: .alive, incarnation: 1, changed: now))
        }
        turn = order.count
        guard isMember else { return }
        // In a large cluster the first exchange, too, is not to come from all within one pause.
        let pause = settings.pushPullPause(roster.count)
        timers.set(.exchange, at: now + pause * random.unit())
    }

    // MARK: Parts of every step

    var isMember: Bool { !settings.isObserver }

    func member(_ place: Int) -> GossipMember {
        let node = roster.nodes[place]
        let status: GossipMember.Status =
            switch roster.standings[place].state {
            case .alive: .alive
            case .suspect: .suspect
            case .dead: serf.isLeaving(node.name) ? .left : .failed
            case .left: .left
            }
        return GossipMember(node: node, status: status)
    }

    mutating func nextSequence() -> UInt32 {
        sequence &+= 1
        return sequence
    }

    mutating func drop(_ reason: Drop) { drops[reason, default: 0] += 1 }

    mutating func drop(envelope reason: GossipEnvelope.Drop) {
        drop(Drop(rawValue: reason.rawValue) ?? .malformed)
    }

    mutating func broadcast(_ key: String, _ message: [UInt8], _ now: Instant) {
        guard isMember else { return }
        guard message.count + 2 <= envelope.room else { return drop(.tooLarge) }
        guard broadcasts.add(key, message, limit: settings.maxBroadcasts) else {
            return drop(.tooMany)
        }
        guard timers.deadline(of: .gossip) == nil else { return }
        let pause = settings.gossipInterval * random.unit()
        timers.set(.gossip, at: max(now + pause, lastGossip + settings.gossipInterval))
    }

    /// Sends a message, and with it what there is room for.
    mutating func send(
        _ message: GossipMessage, to address: ContactAddress, maxVersion: UInt8 = 0,
        with extra: GossipMessage? = nil, _ outputs: inout [Output]
    ) {
        var parts = [message.encoded]
        if let extra { parts.append(extra.encoded) }
        let used = parts.reduce(2) { $0 + $1.count + 2 }
        parts += broadcasts.take(
            room: envelope.room - used, retransmits: settings.retransmits(roster.count))
        outputs.append(
            .send(envelope.packet(parts, hasChecksum: maxVersion >= 5), to: address))
    }

    /// Up to `count` places by chance, of those that `isFit`.
    mutating func chance(_ count: Int, where isFit: (GossipRoster, Int) -> Bool) -> [Int] {
        guard roster.count > 0 else { return [] }
        var places: [Int] = []
        for _ in 0..<3 * roster.count where places.count < count {
            let place = Int.random(in: 0..<roster.count, using: &random)
            if !places.contains(place), roster.nodes[place].name != ownName, isFit(roster, place) {
                places.append(place)
            }
        }
        return places
    }

    private mutating func gossip(_ now: Instant, _ outputs: inout [Output]) {
        lastGossip = now
        let limit = settings.gossipToDead
        let targets = chance(settings.gossipNodes) { roster, place in
            let standing = roster.standings[place]
            return standing.isLive || now - standing.changed < limit
        }
        for place in targets {
            let parts = broadcasts.take(
                room: envelope.room - 2, retransmits: settings.retransmits(roster.count))
            guard !parts.isEmpty else { break }
            let node = roster.nodes[place]
            outputs.append(
                .send(envelope.packet(parts, hasChecksum: node.maxVersion >= 5), to: node.address))
        }
        guard !broadcasts.isEmpty else { return }
        timers.set(.gossip, at: now + settings.gossipInterval)
    }

    mutating func open(
        _ purpose: Purpose, _ message: [UInt8], _ address: ContactAddress, _ now: Instant,
        _ outputs: inout [Output]
    ) {
        lastStream += 1
        streams[lastStream] = purpose
        timers.set(.stream(lastStream), at: now + settings.streamTimeout)
        outputs.append(.open(lastStream, envelope.stream(message), to: address))
    }
}
