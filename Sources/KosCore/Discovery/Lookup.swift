/// An iterative lookup under way: the nodes that are known, nearest first, and how far each has
/// come.
struct Lookup: Sendable {
    enum State: Sendable { case fresh, asked, answered, silent }
    struct Candidate: Sendable {
        let id: DHTKey
        let address: ContactAddress
        var state: State
        var token: [UInt8]?
    }
    /// Candidates that are kept: more than twice the bucket size never helps.
    static let maxCandidates = 64

    let goal: Kademlia.Goal
    let target: DHTKey
    var candidates: [Candidate] = []
    /// Routers have no id that counts: they are asked once, first.
    var routers: [ContactAddress]
    var inFlight = 0
    var storing = 0
    var isStoring = false
    var outcome = Kademlia.Outcome()
    var peers: Set<ContactAddress> = []
    var item: DHTItem?

    /// Adds a node where its distance puts it.
    mutating func add(_ node: DHTNode) {
        guard !candidates.contains(where: { $0.id == node.id || $0.address == node.address }) else {
            return
        }
        let distance = node.id ^ target
        let index = candidates.firstIndex { ($0.id ^ target) > distance } ?? candidates.count
        guard index < Lookup.maxCandidates else { return }
        candidates.insert(
            Candidate(id: node.id, address: node.address, state: .fresh, token: nil), at: index)
        if candidates.count > Lookup.maxCandidates { candidates.removeLast() }
    }

    /// The next node to ask: the nearest fresh one among the eight nearest that are not silent.
    func next() -> Int? {
        var live = 0
        for (index, candidate) in candidates.enumerated() where candidate.state != .silent {
            if candidate.state == .fresh { return index }
            live += 1
            if live >= KBuckets.bucketSize { return nil }
        }
        return nil
    }

    mutating func mark(_ address: ContactAddress, _ state: State, token: [UInt8]? = nil) {
        guard let index = candidates.firstIndex(where: { $0.address == address }) else { return }
        candidates[index].state = state
        candidates[index].token = token ?? candidates[index].token
    }

    var closest: [Candidate] {
        Array(candidates.filter { $0.state == .answered }.prefix(KBuckets.bucketSize))
    }
}

extension Kademlia {
    mutating func begin(
        _ id: Int, _ goal: Goal, _ routers: [ContactAddress], _ now: Instant,
        _ outputs: inout [Output]
    ) {
        guard let target = target(of: goal), lookups[id] == nil, lookups.count < 64 else {
            outputs.append(.finished(id, Outcome()))
            return
        }
        var lookup = Lookup(goal: goal, target: target, routers: routers)
        for node in table.closest(to: target, count: 16) { lookup.add(node) }
        lookups[id] = lookup
        proceed(id, now, &outputs)
    }

    private func target(of goal: Goal) -> DHTKey? {
        switch goal {
        case .node(let key), .peers(let key), .announce(let key, _): key
        case .item(let publicKey, let salt): target(publicKey, salt)
        case .put(let item): target(item.publicKey, item.salt)
        }
    }

    private func query(_ lookup: Lookup) -> KRPC.Query {
        switch lookup.goal {
        case .node: .findNode(lookup.target)
        case .peers, .announce: .getPeers(lookup.target)
        case .item, .put: .get(lookup.target, sequence: lookup.item?.sequence)
        }
    }

    /// Asks on, stores, or ends.
    private mutating func proceed(_ id: Int, _ now: Instant, _ outputs: inout [Output]) {
        guard var lookup = lookups[id] else { return }
        while let router = lookup.routers.popLast() {
            lookup.inFlight += 1
            lookup.outcome.asked += 1
            ask(query(lookup), router, node: nil, lookup: id, now, &outputs)
        }
        while !lookup.isStoring, lookup.inFlight < settings.alpha, let index = lookup.next() {
            let candidate = lookup.candidates[index]
            lookup.candidates[index].state = .asked
            lookup.inFlight += 1
            lookup.outcome.asked += 1
            ask(query(lookup), candidate.address, node: candidate.id, lookup: id, now, &outputs)
        }
        if lookup.inFlight == 0, !lookup.isStoring { beginStoring(id, &lookup, now, &outputs) }
        lookups[id] = lookup
        guard lookup.inFlight == 0, lookup.storing == 0 else { return }
        lookups.removeValue(forKey: id)
        guard id >= 0 else { return }
        lookup.outcome.closest = lookup.closest.map { DHTNode(id: $0.id, address: $0.address) }
        outputs.append(.finished(id, lookup.outcome))
    }

    /// Leaves the announcement or the item with the nearest nodes that gave a token.
    private mutating func beginStoring(
        _ id: Int, _ lookup: inout Lookup, _ now: Instant, _ outputs: inout [Output]
    ) {
        lookup.isStoring = true
        for candidate in lookup.closest {
            guard let token = candidate.token else { continue }
            let query: KRPC.Query
            switch lookup.goal {
            case .announce(let hash, let port):
                query = .announcePeer(hash, port: port, isImplied: port == 0, token: token)
            case .put(let item): query = .put(item, token: token, cas: nil)
            default: return
            }
            lookup.storing += 1
            ask(
                query, candidate.address, node: candidate.id, lookup: id, isStore: true, now,
                &outputs)
        }
    }

    mutating func answered(
        _ id: Int, _ asked: Pending, _ node: DHTKey, _ reply: KRPC.Reply, _ now: Instant,
        _ outputs: inout [Output]
    ) {
        guard var lookup = lookups[id] else { return }
        if asked.isStore {
            lookup.storing -= 1
            lookup.outcome.stored += 1
        } else {
            lookup.inFlight -= 1
            lookup.outcome.answered += 1
            lookup.mark(asked.address, .answered, token: reply.token)
            for node in settings.isIPv6 ? reply.nodes6 : reply.nodes where node.id != own {
                lookup.add(node)
            }
            gather(id, &lookup, reply, &outputs)
        }
        lookups[id] = lookup
        proceed(id, now, &outputs)
    }

    private mutating func gather(
        _ id: Int, _ lookup: inout Lookup, _ reply: KRPC.Reply, _ outputs: inout [Output]
    ) {
        let news = reply.peers.filter { peer in
            lookup.peers.count < 1024 && lookup.peers.insert(peer).inserted
        }
        if !news.isEmpty { outputs.append(.peers(id, news)) }
        guard case .item(let publicKey, let salt) = lookup.goal, var item = reply.item else {
            return
        }
        // The salt is not part of the answer: it is the one that was asked for.
        item.salt = salt
        guard item.sequence > lookup.item?.sequence ?? -1, item.publicKey == publicKey else {
            return
        }
        guard item.isValid(by: ports.verifier) else { return drop(.badItem) }
        lookup.item = item
        outputs.append(.item(id, item))
    }

    mutating func missed(
        _ id: Int, _ asked: Pending, _ now: Instant, _ outputs: inout [Output]
    ) {
        guard var lookup = lookups[id] else { return }
        if asked.isStore {
            lookup.storing -= 1
        } else {
            lookup.inFlight -= 1
            lookup.mark(asked.address, .silent)
        }
        lookups[id] = lookup
        proceed(id, now, &outputs)
    }
}
