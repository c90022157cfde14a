/// The seed's connection manager, load balancer, failover and heartbeat as one value: what is known
/// of each connection, who is at its end, how good it is, and which one to take to a neighbour.
package struct LinkTable: Sendable {
    package static let maxLinks = 16384
    /// Heartbeats without an echo after which a link is dead.
    package static let maxMissed = 3

    package struct Entry: Sendable {
        package let id: LinkID
        package let traits: LinkTraits
        package let openedAt: Instant
        /// Who is there; nil until it has told.
        package var peer: NodeID?
        package var info: NodeInfo?
        /// Smoothed round trip, ms (RFC 6298: 1/8).
        package var roundTrip: Double?
        /// Smoothed share of heartbeats that were echoed.
        package var reliability = 1.0
        package var missed = 0
        package var greetings = 0
        /// What the other end has to sign, and what it wants signed.
        package var challenge = ""
        package var theirChallenge: String?
        /// Who it says it is, until that is proven.
        package var claimant: NodeID?
        package var isAwaitingEcho = false
        /// An echo is overdue: other links go before this one.
        package var isSuspect = false
        package var lastReceived: Instant
        package var counters = LinkCounters()

        /// Expected ms to get a packet across, losses repeated: the ranking of links.
        package var expectedDelay: Double {
            let usual = traits.transport.isReliable ? 50.0 : 60.0
            return (roundTrip ?? usual) / 2 / max(0.01, reliability)
        }

        mutating func receive(_ octets: Int, at now: Instant) {
            counters.bytesReceived += octets
            counters.lastActivity = now
            lastReceived = now
            isSuspect = false
        }
    }
    package private(set) var entries: [LinkID: Entry] = [:]
    /// What the links that are gone have counted.
    package private(set) var past = LinkCounters()
    /// The last link that each departed neighbour had, for whoever tells that it is down.
    package private(set) var departed: [NodeID: Entry] = [:]
    private static let maxDeparted = 256
    private var byPeer: [NodeID: [LinkID]] = [:]

    package init() {}

    /// Changes are made in place: an entry is large, and every packet is counted in one.
    package subscript(link: LinkID) -> Entry? {
        get { entries[link] }
        _modify { yield &entries[link] }
    }

    /// Counts packets that go out over a link.
    package mutating func sent(_ packets: Int, _ octets: Int, on link: LinkID, at now: Instant) {
        entries[link]?.counters.send(packets, octets, at: now)
    }

    /// Counts octets that came over a link, which shows that it lives; false when there is no such.
    package mutating func received(_ octets: Int, on link: LinkID, at now: Instant) -> Bool {
        entries[link]?.receive(octets, at: now) != nil
    }

    package var isFull: Bool { entries.count >= LinkTable.maxLinks }
    package var neighbours: Dictionary<NodeID, [LinkID]>.Keys { byPeer.keys }

    package mutating func open(_ id: LinkID, _ traits: LinkTraits, at now: Instant) {
        entries[id] = Entry(
            id: id, traits: traits, openedAt: now, roundTrip: traits.air?.roundTrip,
            lastReceived: now)
    }

    /// Forgets a link; says which neighbour lost its last one.
    package mutating func close(_ id: LinkID) -> (peer: NodeID?, isLast: Bool) {
        guard let entry = entries.removeValue(forKey: id) else { return (nil, false) }
        past.add(entry.counters)
        guard let peer = entry.peer else { return (nil, false) }
        byPeer[peer]?.removeAll { $0 == id }
        guard byPeer[peer]?.isEmpty ?? true else { return (peer, false) }
        byPeer[peer] = nil
        if departed.count >= LinkTable.maxDeparted { departed.removeAll() }
        departed[peer] = entry
        return (peer, true)
    }

    /// The same with a node info that is still a payload; nil for what is none.
    package mutating func bind(
        _ id: LinkID, to peer: NodeID, _ payload: JSONObject
    ) -> Bool? {
        guard let info = try? NodeInfo(RecordFields(payload)) else { return nil }
        return bind(id, to: peer, info)
    }

    /// Whether a payload is a node info that can be read.
    package static func isNodeInfo(_ payload: JSONObject) -> Bool {
        (try? NodeInfo(RecordFields(payload))) != nil
    }

    /// Binds a link to the node that proved to be there; true when it is that neighbour's first.
    package mutating func bind(_ id: LinkID, to peer: NodeID, _ info: NodeInfo) -> Bool {
        guard entries[id] != nil else { return false }
        entries[id]?.info = info
        guard entries[id]?.peer == nil else { return false }
        entries[id]?.peer = peer
        suspectForerunners(of: id, from: peer)
        byPeer[peer, default: []].append(id)
        return byPeer[peer]?.count == 1
    }

    package func count(to peer: NodeID) -> Int { byPeer[peer]?.count ?? 0 }

    package func contains(_ id: LinkID) -> Bool { entries.index(forKey: id) != nil }

    /// The links to a neighbour, the oldest first.
    package func ids(to peer: NodeID) -> [LinkID] { byPeer[peer] ?? [] }

    /// Every link to a neighbour.
    package func all(to peer: NodeID) -> [Entry] {
        (byPeer[peer] ?? []).compactMap { entries[$0] }
    }

    /// A neighbour that comes anew, over a transport that does not tell when somebody leaves, has
    /// probably left the links on which it came before: they have to show that they live.
    private mutating func suspectForerunners(of id: LinkID, from peer: NodeID) {
        guard let traits = entries[id]?.traits, !traits.isOutgoing, traits.transport.leavesSilently
        else { return }
        for other in byPeer[peer] ?? [] where entries[other]?.traits.isOutgoing == false {
            guard entries[other]?.traits.transport == traits.transport else { continue }
            entries[other]?.isSuspect = true
        }
    }

    /// The best link to a neighbour: least expected delay, then the older one.
    package func best(to peer: NodeID) -> Entry? {
        guard let links = byPeer[peer] else { return nil }
        if links.count == 1 { return links.first.flatMap { entries[$0] } }
        return links.compactMap { entries[$0] }
            .min { ($0.cost(octets: 0, .normal), $0.id) < ($1.cost(octets: 0, .normal), $1.id) }
    }

    package mutating func echoed(_ id: LinkID, after roundTrip: Double) {
        guard var entry = entries[id] else { return }
        entry.roundTrip = entry.roundTrip.map { $0 * 7 / 8 + roundTrip / 8 } ?? roundTrip
        entry.reliability = entry.reliability * 0.9 + 0.1
        entry.missed = 0
        entry.isAwaitingEcho = false
        entries[id] = entry
    }

    /// A heartbeat had no echo; true when the link is to be given up.
    package mutating func missed(_ id: LinkID) -> Bool {
        guard var entry = entries[id] else { return false }
        entry.missed += 1
        entry.reliability *= 0.9
        entries[id] = entry
        return entry.missed >= LinkTable.maxMissed
    }
}

/// The seed's ConnectionMetrics.
package struct LinkCounters: Hashable, Sendable {
    package var bytesReceived = 0
    package var bytesSent = 0
    package var packetsReceived = 0
    package var packetsSent = 0
    package var errors = 0
    package var lastActivity: Instant = .zero

    package init() {}

    mutating func send(_ packets: Int, _ octets: Int, at now: Instant) {
        packetsSent += packets
        bytesSent += octets
        lastActivity = now
    }

    package mutating func add(_ other: LinkCounters) {
        bytesReceived += other.bytesReceived
        bytesSent += other.bytesSent
        packetsReceived += other.packetsReceived
        packetsSent += other.packetsSent
        errors += other.errors
        lastActivity = max(lastActivity, other.lastActivity)
    }
}
