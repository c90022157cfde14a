package import KosCore

/// A gossip cluster in virtual time: packets are late or lost, streams late, nodes die and return.
package struct GossipWorld {
    /// What became known of a death.
    package struct Death: Sendable {
        package let time: Instant
        package var known = 0
        /// When 99 % of the living knew.
        package var widelyKnown: Instant?
    }
    private enum Kind {
        static let wake: UInt32 = 0
        static let parcel: UInt32 = 1
    }
    private enum Cargo {
        case packet, request(Int), reply(Int), failed(Int)
    }
    private struct Parcel {
        let cargo: Cargo
        let from: Int
        let to: Int
        let octets: [UInt8]
    }

    package private(set) var nodes: [Gossip] = []
    package private(set) var isAlive: [Bool] = []
    package private(set) var now = Instant.zero
    /// Packets sent, and messages that were not packets.
    package private(set) var packets = 0
    package private(set) var streams = 0
    /// The living who were declared dead, as often as somebody believed it.
    package private(set) var falsePositives = 0
    package private(set) var deaths: [Int: Death] = [:]
    /// User events that each node was told of.
    package private(set) var events: [Int: Int] = [:]
    package var loss: Double
    private let settings: GossipSettings
    private let cipher: any PacketCipher
    private var queue = EventHeap()
    private var parcels: [Parcel?] = []
    private var free: [Int] = []
    private var wakes: [Instant?] = []
    private var random: SplitMix64
    private var openStreams: [Int: (asker: Int, stream: Int)] = [:]
    private var lastStream = 0
    private var living = 0

    package init(
        loss: Double = 0, settings: GossipSettings = .lan, cipher: any PacketCipher, seed: UInt64
    ) {
        self.loss = loss
        self.settings = settings
        self.cipher = cipher
        random = SplitMix64(seed: seed)
    }

    package static func node(_ index: Int) -> GossipNode {
        let ip = IPAddress(ipv4: 10 << 24 | UInt32(truncatingIfNeeded: index + 1))
        return GossipNode(
            name: "n\(index)", address: ContactAddress(ip: ip, port: 7946),
            meta: SerfTags.meta(tags))
    }

    private static let tags = ["role": "relay"]

    private static func index(_ address: ContactAddress) -> Int {
        address.ip.octets.dropFirst().reduce(0) { $0 << 8 | Int($1) } - 1
    }

    /// Adds nodes that know each other already.
    package mutating func addAcquainted(_ count: Int) {
        let all = (nodes.count..<nodes.count + count).map { GossipWorld.node($0) }
        for _ in 0..<count {
            add()
            feed(nodes.count - 1, .restore(all))
        }
    }

    /// Adds a node that knows nobody.
    package mutating func add() {
        nodes.append(make(nodes.count))
        isAlive.append(true)
        wakes.append(nil)
        living += 1
        wake(nodes.count - 1)
    }

    private mutating func make(_ index: Int) -> Gossip {
        Gossip(
            GossipWorld.node(index), tags: GossipWorld.tags, settings: settings,
            envelope: GossipEnvelope(open: cipher), seed: random.next(), at: now)
    }

    package mutating func join(_ index: Int, _ other: Int) {
        feed(index, .join([GossipWorld.node(other).address]))
    }

    package mutating func kill(_ index: Int) {
        guard isAlive[index] else { return }
        isAlive[index] = false
        living -= 1
        deaths[index] = Death(time: now)
    }

    /// The node starts again, with nothing in mind but a member to ask.
    package mutating func revive(_ index: Int, asking other: Int) {
        guard !isAlive[index] else { return }
        isAlive[index] = true
        living += 1
        deaths[index] = nil
        nodes[index] = make(index)
        wake(index)
        join(index, other)
    }

    package mutating func leave(_ index: Int) { feed(index, .leave) }

    package mutating func feed(_ index: Int, _ input: Gossip.Input) {
        var outputs: [Gossip.Output] = []
        nodes[index].handle(input, at: now, into: &outputs)
        act(index, outputs)
    }

    private mutating func wake(_ index: Int) {
        guard let due = nodes[index].nextDeadline, wakes[index].map({ due < $0 }) ?? true else {
            return
        }
        wakes[index] = due
        queue.push(due, kind: Kind.wake, index: UInt32(truncatingIfNeeded: index))
    }

    private mutating func act(_ index: Int, _ outputs: [Gossip.Output]) {
        for output in outputs {
            switch output {
            case .send(let octets, let address):
                packets += 1
                guard random.unit() >= loss else { continue }
                post(.packet, index, GossipWorld.index(address), octets)
            case .open(let id, let octets, let address):
                streams += 1
                lastStream += 1
                openStreams[lastStream] = (index, id)
                post(.request(lastStream), index, GossipWorld.index(address), octets)
            case .answer(let stream, let octets):
                guard let (asker, id) = openStreams.removeValue(forKey: stream) else { continue }
                post(octets.isEmpty ? .failed(id) : .reply(id), index, asker, octets)
            case .member(let member): note(index, member)
            case .event: events[index, default: 0] += 1
            case .joined, .refused, .conflict, .keys: continue
            case .departed:
                if isAlive[index] { living -= 1 }
                isAlive[index] = false
            }
        }
        wake(index)
    }

    private mutating func note(_ index: Int, _ member: GossipMember) {
        guard member.status == .failed, isAlive[index] else { return }
        let victim = GossipWorld.index(member.node.address)
        guard var death = deaths[victim] else {
            falsePositives += 1
            return
        }
        death.known += 1
        if death.widelyKnown == nil, death.known * 100 >= living * 99 { death.widelyKnown = now }
        deaths[victim] = death
    }

    private mutating func post(_ cargo: Cargo, _ from: Int, _ to: Int, _ octets: [UInt8]) {
        let parcel = Parcel(cargo: cargo, from: from, to: to, octets: octets)
        let slot = free.popLast() ?? parcels.count
        if slot == parcels.count { parcels.append(parcel) } else { parcels[slot] = parcel }
        let delay = Int64.random(in: 200_000...3_000_000, using: &random)
        queue.push(
            now + .nanoseconds(delay), kind: Kind.parcel, index: UInt32(truncatingIfNeeded: slot))
    }

    package mutating func run(for time: Duration) {
        let end = now + time
        while let event = queue.pop(until: end) {
            now = max(now, event.time)
            let index = Int(event.index)
            if event.kind == Kind.parcel { deliver(index) } else { advance(index, event.time) }
        }
        now = end
    }

    private mutating func advance(_ index: Int, _ time: Instant) {
        guard wakes[index] == time else { return }
        wakes[index] = nil
        guard isAlive[index] else { return }
        var outputs: [Gossip.Output] = []
        nodes[index].advance(to: now, into: &outputs)
        act(index, outputs)
    }

    private mutating func deliver(_ slot: Int) {
        guard let parcel = parcels[slot] else { return }
        parcels[slot] = nil
        free.append(slot)
        let sender = GossipWorld.node(parcel.from).address
        guard nodes.indices.contains(parcel.to), isAlive[parcel.to] else {
            guard case .request(let stream) = parcel.cargo,
                let (asker, id) = openStreams.removeValue(forKey: stream)
            else { return }
            return post(.failed(id), parcel.to, asker, [])
        }
        switch parcel.cargo {
        case .packet: feed(parcel.to, .datagram(parcel.octets, from: sender))
        case .request(let stream): feed(parcel.to, .request(stream, parcel.octets, from: sender))
        case .reply(let id): feed(parcel.to, .reply(id, parcel.octets))
        case .failed(let id): feed(parcel.to, .failed(id))
        }
    }
}
