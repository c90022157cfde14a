/// What a node of the DHT answers.
extension Kademlia {
    mutating func answer(
        _ query: KRPC.Query, _ id: DHTKey, _ message: KRPC, _ sender: ContactAddress,
        _ now: Instant,
        _ outputs: inout [Output]
    ) {
        // Who does not answer queries is not worth remembering (BEP 43).
        if !message.isReadOnly {
            table.heard(DHTNode(id: id, address: sender), hasAnswered: false, at: now)
        }
        guard !settings.isReadOnly else { return }
        var reply = KRPC.Reply()
        var failure: (Int, String)?
        switch query {
        case .ping: break
        case .findNode(let target): fill(&reply, target)
        case .getPeers(let hash):
            fill(&reply, hash)
            reply.token = token(sender)
            reply.peers = store.peers(of: hash, at: now, using: &random)
        case .announcePeer(let hash, let port, let isImplied, let token):
            let peer = ContactAddress(ip: sender.ip, port: isImplied ? sender.port : port)
            failure =
                isGood(token, sender)
                ? note(hash, peer, now) : (KRPC.Code.protocolError, "bad token")
        case .get(let target, let sequence):
            fill(&reply, target)
            reply.token = token(sender)
            guard let item = store.items[target]?.item else { break }
            if let sequence, sequence >= item.sequence {
                reply.sequence = item.sequence
            } else {
                reply.item = item
            }
        case .put(let item, let token, let cas):
            failure =
                isGood(token, sender)
                ? keep(item, cas, now) : (KRPC.Code.protocolError, "bad token")
        case .sampleInfohashes(let target):
            fill(&reply, target)
            reply.samples = store.samples(using: &random)
            reply.sampleCount = store.peers.count
        case .other: failure = (KRPC.Code.methodUnknown, "method unknown")
        }
        var answer = KRPC(
            transaction: message.transaction,
            body: failure.map { .error($0.0, $0.1) } ?? .reply(reply, from: own))
        answer.version = Kademlia.version
        answer.ownAddress = sender
        outputs.append(.send(answer.encoded, to: sender))
    }

    private func fill(_ reply: inout KRPC.Reply, _ target: DHTKey) {
        let nodes = table.closest(to: target)
        if settings.isIPv6 { reply.nodes6 = nodes } else { reply.nodes = nodes }
    }

    private func token(_ sender: ContactAddress) -> [UInt8] {
        Array(ports.sha1(store.secrets[0] + sender.ip.octets).prefix(8))
    }

    /// A token of this or the last secret: 5 to 10 minutes old (BEP 5).
    private mutating func isGood(_ token: [UInt8], _ sender: ContactAddress) -> Bool {
        for secret in store.secrets
        where Array(ports.sha1(secret + sender.ip.octets).prefix(8)) == token { return true }
        drop(.badToken)
        return false
    }

    private mutating func note(_ hash: DHTKey, _ peer: ContactAddress, _ now: Instant) -> (
        Int, String
    )? {
        let isKept = store.note(
            hash, peer, until: now + settings.peerLifetime, maxHashes: settings.maxHashes,
            maxPeers: settings.maxPeersPerHash)
        if !isKept { drop(.tooMany) }
        return nil
    }

    /// BEP 44's rules for an item, in their order; nil when it was taken.
    private mutating func keep(_ item: DHTItem, _ cas: Int64?, _ now: Instant) -> (Int, String)? {
        if item.value.encoded.count > DHTItem.maxValue { return (KRPC.Code.tooBig, "v is too big") }
        if item.salt.count > DHTItem.maxSalt { return (KRPC.Code.saltTooBig, "salt is too big") }
        guard item.isValid(by: ports.verifier), let target = target(item.publicKey, item.salt)
        else {
            drop(.badItem)
            return (KRPC.Code.badSignature, "invalid signature")
        }
        if let known = store.items[target]?.item {
            if let cas, cas != known.sequence { return (KRPC.Code.casMismatch, "CAS mismatch") }
            if item.sequence < known.sequence {
                return (KRPC.Code.sequenceTooLow, "sequence number too low")
            }
            if item.sequence == known.sequence, item.value != known.value { return nil }
        } else if store.items.count >= settings.maxItems {
            drop(.tooMany)
            return nil
        }
        store.items[target] = (item, now + settings.itemLifetime)
        return nil
    }

    /// Where a mutable item lives: SHA-1 of the key and the salt.
    func target(_ publicKey: [UInt8], _ salt: [UInt8]) -> DHTKey? {
        DHTKey(ports.sha1(publicKey + salt))
    }
}

/// What other nodes left with this one; it runs out.
struct DHTStore: Sendable {
    var peers: [DHTKey: [ContactAddress: Instant]] = [:]
    var items: [DHTKey: (item: DHTItem, until: Instant)] = [:]
    /// The secret that tokens are made of, and the one before.
    var secrets: [[UInt8]] = []

    mutating func turnSecret(using random: inout SplitMix64) {
        let secret = (0..<2).flatMap { _ in octets(random.next()) }
        secrets = [secret] + secrets.prefix(1)
    }

    private func octets(_ word: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) }
    }

    mutating func note(
        _ hash: DHTKey, _ peer: ContactAddress, until: Instant, maxHashes: Int, maxPeers: Int
    ) -> Bool {
        let known = peers[hash]
        guard known != nil || peers.count < maxHashes,
            known?[peer] != nil || (known?.count ?? 0) < maxPeers
        else { return false }
        peers[hash, default: [:]][peer] = until
        return true
    }

    /// Up to 32 of the peers that announced `hash`, by chance when there are more.
    func peers(of hash: DHTKey, at now: Instant, using random: inout SplitMix64) -> [ContactAddress]
    {
        let live = (peers[hash] ?? [:]).filter { $0.value > now }.keys
            .sorted { $0.compact.lexicographicallyPrecedes($1.compact) }
        return live.count <= 32 ? live : Array(live.shuffled(using: &random).prefix(32))
    }

    func samples(using random: inout SplitMix64) -> [DHTKey] {
        Array(peers.keys.sorted().shuffled(using: &random).prefix(20))
    }

    mutating func expire(at now: Instant) {
        for hash in Array(peers.keys) {
            peers[hash] = peers[hash]?.filter { $0.value > now }
            if peers[hash]?.isEmpty == true { peers.removeValue(forKey: hash) }
        }
        items = items.filter { $0.value.until > now }
    }
}
