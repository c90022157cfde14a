/// Who is at the other end: each end sends its signed node info with a challenge, and is believed
/// when a later one answers the challenge of this very link. A connection over which mutual TLS has
/// proven the peer needs no answer.
extension DataLinkLayer {
    /// How long a challenge may be answered.
    static let challengeLifetime = Duration.seconds(60)
    /// How long whoever was called may take to prove who it is.
    static let loginTime = Duration.seconds(10)
    /// How long a caller may take to bring anything of use.
    static let idleTime = Duration.seconds(60)
    /// Greetings to an end that stays silent.
    private static let maxGreetings = 20
    private static let maxChallenge = 128

    /// A connection is up.
    mutating func welcome(
        _ link: LinkID, _ traits: LinkTraits, at now: Instant, into flow: inout Flow<Hop, Frame>
    ) {
        let context = "kos-challenge-v1 \(link.number) \(now.nanoseconds) \(traits.remote)"
        links[link]?.challenge = Base64.encode(author.signer.token(for: Array(context.utf8)))
        if let peer = traits.provenPeer, let reason = refusal(of: peer, on: link) {
            return refuse(link, reason, at: now, into: &flow)
        }
        if traits.isOutgoing {
            timers.set(.login(link), at: now + DataLinkLayer.loginTime)
        } else if traits.remote.port != 0 {
            timers.set(.login(link), at: now + DataLinkLayer.idleTime)
        }
        // Where anybody's address may stand as the sender, whoever comes speaks first.
        if traits.isOutgoing || traits.transport.isReliable {
            greet(link, wantsAnswer: true, at: now, into: &flow)
        }
    }

    mutating func greet(
        _ link: LinkID, wantsAnswer: Bool, at now: Instant, into flow: inout Flow<Hop, Frame>
    ) {
        guard let entry = links[link] else { return }
        var payload = info.object(kind: .nodeInfo)
        payload["wantsAnswer"] = .boolean(wantsAnswer)
        if !entry.traits.transport.isReliable { payload["fragments"] = .boolean(true) }
        payload["challenge"] = .string(entry.challenge)
        if let challenge = entry.theirChallenge { payload["answer"] = .string(challenge) }
        let line = author.line(
            to: entry.claimant?.text ?? Packet.broadcast, type: Packet.Kind.discovery,
            payload: .object(payload), at: now)
        say(line, on: link, at: now, into: &flow)
        guard wantsAnswer, !entry.traits.transport.isReliable,
            entry.greetings < DataLinkLayer.maxGreetings
        else { return }
        links[link]?.greetings += 1
        let wait = Duration.milliseconds(250) * (1 << min(2, entry.greetings / 4))
        timers.set(.greeting(link), at: now + wait)
    }

    /// Takes the other end's node info: binds the link to it when the proof is there, asks for the
    /// proof, or closes the link.
    mutating func meet(
        _ packet: JSONObject, on link: LinkID, at now: Instant, into flow: inout Flow<Hop, Frame>
    ) {
        let state = Packet.signatureState(of: packet, by: verifier)
        guard let source = packet["source"]?.string.flatMap({ NodeID($0) }),
            let payload = packet["payload"]?.object,
            LinkTable.isNodeInfo(payload), let entry = links[link],
            payload["challenge"]?.string?.utf8.count ?? 0 <= DataLinkLayer.maxChallenge
        else { return flow.notices.append(.dropped(.malformed, packet: "", from: nil)) }
        let flaw: DropReason?
        switch state {
        case .ok: flaw = nil
        case .bad: flaw = .badSignature
        case .missing: flaw = settings.isInsecure ? nil : .notAuthenticated
        }
        let proof = proof(in: packet, payload, entry, of: source, at: now)
        if let reason = flaw ?? refusal(of: source, on: link) ?? proof.flaw {
            if entry.claimant == nil { links[link]?.claimant = source }
            return refuse(link, reason, at: now, into: &flow)
        }
        let isNew = entry.theirChallenge != payload["challenge"]?.string
        links[link]?.theirChallenge = payload["challenge"]?.string
        links[link]?.claimant = source
        if proof.isThere {
            bind(link, to: source, payload, at: now, into: &flow)
        }
        // It wants proof itself: each challenge is answered once, and again where it may be lost.
        let isAnswered = !isNew && entry.traits.transport.isReliable
        if isNew || payload["wantsAnswer"]?.boolean == true && !isAnswered {
            greet(link, wantsAnswer: links[link]?.peer == nil, at: now, into: &flow)
        }
    }

    /// What a node info proves: that it is meant for this node, on this link, now.
    private func proof(
        in packet: JSONObject, _ payload: JSONObject, _ entry: LinkTable.Entry, of source: NodeID,
        at now: Instant
    ) -> (isThere: Bool, flaw: DropReason?) {
        if entry.traits.provenPeer == source || settings.isInsecure { return (true, nil) }
        if entry.peer == source { return (true, nil) }
        guard let answer = payload["answer"]?.string else { return (false, nil) }
        guard answer == entry.challenge, packet["destination"]?.string == author.node.text else {
            return (false, .replayed)
        }
        guard now - entry.openedAt <= DataLinkLayer.challengeLifetime else {
            return (false, .expired)
        }
        return (true, nil)
    }

    private mutating func bind(
        _ link: LinkID, to source: NodeID, _ payload: JSONObject,
        at now: Instant, into flow: inout Flow<Hop, Frame>
    ) {
        let wasKnown = links[link]?.peer != nil
        guard let isFirst = links.bind(link, to: source, payload) else { return }
        timers.cancel(.greeting(link))
        timers.cancel(.login(link))
        if !wasKnown {
            flow.down.append(.proven(link, takesFragments: payload["fragments"]?.boolean == true))
        }
        if isFirst, let measure = measure(of: source) {
            told[source] = measure
            flow.up.append(.neighbourUp(source, measure))
        } else {
            tellChange(of: source, into: &flow)
        }
        if !wasKnown { beat(link, at: now, into: &flow) }
    }

    /// Why `peer` may not be the one at the other end.
    func refusal(of peer: NodeID, on link: LinkID) -> DropReason? {
        guard let entry = links[link] else { return nil }
        if peer == author.node { return .selfConnection }
        let expected = [entry.peer, entry.traits.provenPeer, entry.traits.remote.pinnedPeer]
        if expected.contains(where: { $0 != nil && $0 != peer }) { return .wrongPeer }
        return access.refuses(peer) ? .denied : nil
    }

    /// Tells the other end why, counts it, and ends the connection. A datagram under the address of
    /// a neighbour that has proven itself is no reason to part with it.
    private mutating func refuse(
        _ link: LinkID, _ reason: DropReason, at now: Instant, into flow: inout Flow<Hop, Frame>
    ) {
        guard let entry = links[link] else { return }
        links[link]?.counters.errors += 1
        flow.notices.append(.dropped(reason, packet: "", from: entry.traits.place))
        guard entry.peer == nil || entry.traits.transport.isReliable else { return }
        let name = entry.traits.provenPeer ?? entry.claimant
        let line = author.line(
            to: name?.text ?? Packet.broadcast, type: Packet.Kind.control,
            payload: .object([
                "kind": .string(Packet.Control.refusal.rawValue),
                "reason": .string(reason.rawValue),
            ]), at: now)
        say(line, on: link, at: now, into: &flow)
        flow.down.append(.close(link, reason))
    }

    /// The other end says that it refuses this node.
    func takeRefusal(
        _ line: borrowing Span<UInt8>, _ scan: PacketScan, on link: LinkID,
        into flow: inout Flow<Hop, Frame>
    ) -> Bool {
        guard scan.type.equals("control", in: line), links[link]?.peer == nil,
            let payload = (try? JSONObject(parsing: line))?["payload"]?.object,
            payload["kind"]?.string == Packet.Control.refusal.rawValue
        else { return false }
        let reason = payload["reason"]?.string.flatMap { DropReason(rawValue: $0) } ?? .refused
        flow.notices.append(.refused(reason, by: links[link]?.traits.place ?? ""))
        return true
    }

    /// The time to prove something is over.
    mutating func judge(_ link: LinkID, at now: Instant, into flow: inout Flow<Hop, Frame>) {
        guard let entry = links[link], entry.peer == nil else { return }
        if entry.traits.isOutgoing || entry.claimant != nil {
            return refuse(link, .notAuthenticated, at: now, into: &flow)
        }
        guard entry.counters.packetsReceived == 0 else { return }
        refuse(link, .idle, at: now, into: &flow)
    }

    /// A word that is said once: on a datagram link it is not repeated by the link itself.
    mutating func say(
        _ line: [UInt8], on link: LinkID, at now: Instant, into flow: inout Flow<Hop, Frame>
    ) {
        guard links[link]?.traits.transport.isReliable == false else {
            return post(line, on: link, at: now, into: &flow)
        }
        links[link]?.counters.packetsSent += 1
        links[link]?.counters.bytesSent += line.count
        flow.down.append(.word(link, line))
    }
}
