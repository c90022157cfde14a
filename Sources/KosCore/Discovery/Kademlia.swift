/// The Mainline DHT as one node of it sees it, for one IP version: answers, looks up, announces,
/// keeps items (BEP 5, 32, 42, 43, 44, 51). Sans I/O; hashing and signatures come in as ports.
package struct Kademlia: Engine {
    package struct Ports: Sendable {
        package let sha1: @Sendable ([UInt8]) -> [UInt8]
        package let verifier: any Verifier
        package init(sha1: @escaping @Sendable ([UInt8]) -> [UInt8], verifier: any Verifier) {
            self.sha1 = sha1
            self.verifier = verifier
        }
    }
    package struct Settings: Sendable {
        /// Queries of a lookup under way at once.
        package var alpha = 3
        package var timeout = Duration.seconds(2)
        package var isReadOnly = false
        package var isIPv6 = false
        /// How often the table is looked after: a silent node pinged, a thin range filled.
        package var upkeep = Duration.seconds(30)
        package var tokenLifetime = Duration.seconds(300)
        package var peerLifetime = Duration.seconds(1800)
        package var itemLifetime = Duration.seconds(7200)
        package var maxHashes = 2048
        package var maxPeersPerHash = 128
        package var maxItems = 2048
        /// Queries answered each second, and how many at once.
        package var queryRate = 200.0
        package init() {}
    }
    package enum Goal: Hashable, Sendable {
        case node(DHTKey)
        case peers(DHTKey)
        /// Announces this node's port; 0 lets the others take the port that they see.
        case announce(DHTKey, port: UInt16)
        /// The newest item under a key and a salt.
        case item(publicKey: [UInt8], salt: [UInt8])
        case put(DHTItem)
    }
    package enum Input: Sendable {
        case datagram([UInt8], from: ContactAddress)
        /// Asks these for nodes near our own id; they need not stay in the table (routers).
        case bootstrap([ContactAddress])
        /// Nodes of an earlier run.
        case restore([DHTNode])
        case look(Int, Goal)
    }
    package enum Output: Sendable {
        case send([UInt8], to: ContactAddress)
        case peers(Int, [ContactAddress])
        case item(Int, DHTItem)
        case finished(Int, Outcome)
        /// How others see our address.
        case ownAddress(ContactAddress)
    }
    package struct Outcome: Hashable, Sendable {
        /// Queries that were sent, and how many of them were answered.
        package var asked = 0
        package var answered = 0
        /// Nodes that took the announcement or the item.
        package var stored = 0
        package var closest: [DHTNode] = []
    }
    package enum Drop: String, Hashable, Sendable, CaseIterable {
        case malformed, unexpected, notItsAddress, badToken, badItem, tooMany
    }
    enum Alarm: Hashable, Sendable {
        case query([UInt8]), upkeep, tokens
    }
    struct Pending: Sendable {
        let node: DHTKey?
        let address: ContactAddress
        let lookup: Int?
        let isStore: Bool
    }

    package internal(set) var own: DHTKey
    let settings: Settings
    let ports: Ports
    var table: KBuckets
    var timers = Timers<Alarm>()
    var random: SplitMix64
    var pending: [[UInt8]: Pending] = [:]
    var lookups: [Int: Lookup] = [:]
    var store = DHTStore()
    var rate: TokenBucket
    var vote = DHTAddressVote()
    private var serial: UInt16
    private var lastOwn = -1
    package internal(set) var drops: [Drop: Int] = [:]

    package init(own: DHTKey?, settings: Settings, ports: Ports, seed: UInt64, at now: Instant) {
        random = SplitMix64(seed: seed)
        // Begun by chance: who does not see our queries cannot guess how to answer them.
        serial = UInt16(truncatingIfNeeded: random.next())
        let id = own ?? .random(using: &random)
        self.own = id
        self.settings = settings
        self.ports = ports
        table = KBuckets(own: id)
        rate = TokenBucket(rate: settings.queryRate, burst: settings.queryRate, at: now)
        store.turnSecret(using: &random)
        timers.set(.upkeep, at: now + settings.upkeep)
        timers.set(.tokens, at: now + settings.tokenLifetime)
    }

    package var nodeCount: Int { table.count }
    package var goodNodes: [DHTNode] { table.goodNodes }
    package var nextDeadline: Instant? { timers.next }

    package mutating func handle(_ input: Input, at now: Instant, into outputs: inout [Output]) {
        switch input {
        case .datagram(let octets, let sender): receive(octets, sender, now, &outputs)
        case .bootstrap(let routers):
            lastOwn -= 1
            begin(lastOwn, .node(own), routers, now, &outputs)
        case .restore(let nodes):
            for node in nodes.prefix(256) { table.heard(node, hasAnswered: false, at: now) }
        case .look(let id, let goal): begin(id, goal, [], now, &outputs)
        }
    }

    package mutating func advance(to now: Instant, into outputs: inout [Output]) {
        while let alarm = timers.popDue(at: now) {
            switch alarm {
            case .query(let transaction):
                guard let query = pending.removeValue(forKey: transaction) else { continue }
                if let id = query.node { table.failed(id) }
                if let lookup = query.lookup { missed(lookup, query, now, &outputs) }
            case .upkeep: lookAfter(now, &outputs)
            case .tokens:
                store.turnSecret(using: &random)
                store.expire(at: now)
                timers.set(.tokens, at: now + settings.tokenLifetime)
            }
        }
    }

    /// Pings the node that was silent for longest, and fills the widest thin range of the table.
    private mutating func lookAfter(_ now: Instant, _ outputs: inout [Output]) {
        let pause = settings.upkeep * (0.75 + 0.5 * random.unit())
        timers.set(.upkeep, at: now + pause)
        let limit = Instant(nanoseconds: now.nanoseconds &- Duration.seconds(900).nanoseconds)
        if let silent = table.stalest(before: limit) {
            ask(.ping, silent.address, node: silent.id, lookup: nil, now, &outputs)
        }
        let key = table.keyToRefresh(using: &random)
        guard let nearest = table.closest(to: key, count: 1).first else { return }
        ask(.findNode(key), nearest.address, node: nearest.id, lookup: nil, now, &outputs)
    }

    mutating func ask(
        _ query: KRPC.Query, _ address: ContactAddress, node: DHTKey?, lookup: Int?,
        isStore: Bool = false,
        _ now: Instant, _ outputs: inout [Output]
    ) {
        serial &+= 1
        let transaction = [UInt8(serial >> 8), UInt8(truncatingIfNeeded: serial)]
        var message = KRPC(transaction: transaction, body: .query(query, from: own))
        message.isReadOnly = settings.isReadOnly
        message.version = Kademlia.version
        pending[transaction] = Pending(
            node: node, address: address, lookup: lookup, isStore: isStore)
        timers.set(.query(transaction), at: now + settings.timeout)
        outputs.append(.send(message.encoded, to: address))
    }

    static let version = Array("kO".utf8) + [0, 1]

    private mutating func receive(
        _ octets: [UInt8], _ sender: ContactAddress, _ now: Instant, _ outputs: inout [Output]
    ) {
        guard sender.ip.isIPv6 == settings.isIPv6, let message = KRPC(octets) else {
            return drop(.malformed)
        }
        switch message.body {
        case .query(let query, let id):
            guard rate.take(at: now) else { return drop(.tooMany) }
            answer(query, id, message, sender, now, &outputs)
        case .reply(let reply, let id):
            guard let asked = settle(message, sender) else { return drop(.unexpected) }
            if let own = message.ownAddress {
                heed(own, from: sender, now)
                outputs.append(.ownAddress(own))
            }
            if !DHTIdentity.isValid(id, at: sender.ip) { drop(.notItsAddress) }
            // A node that answers under another id than the one it was known by has changed places.
            if let expected = asked.node, expected != id { table.failed(expected) }
            table.heard(DHTNode(id: id, address: sender), hasAnswered: true, at: now)
            for node in settings.isIPv6 ? reply.nodes6 : reply.nodes {
                table.heard(node, hasAnswered: false, at: now)
            }
            if let lookup = asked.lookup { answered(lookup, asked, id, reply, now, &outputs) }
        case .error:
            guard let asked = settle(message, sender) else { return drop(.unexpected) }
            if let lookup = asked.lookup { missed(lookup, asked, now, &outputs) }
        }
    }

    /// The query that a message answers; nil when we asked no such thing there.
    private mutating func settle(_ message: KRPC, _ sender: ContactAddress) -> Pending? {
        guard let asked = pending[message.transaction], asked.address == sender else { return nil }
        pending.removeValue(forKey: message.transaction)
        timers.cancel(.query(message.transaction))
        return asked
    }

    mutating func drop(_ reason: Drop) { drops[reason, default: 0] += 1 }
}
