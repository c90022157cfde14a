/// Relays tell each other who is attached to them: a change at once, everything to a new relay, and
/// every while a sum by which the others see that they have missed something.
extension NetworkLayer {
    private static let chunk = 500

    /// Whether this node tells and hears claims at all.
    private var isClaiming: Bool { info.role == .relay && protocols.usesLinkState }

    /// Whether the leaves of this relay are told by claims alone.
    var isCrowded: Bool {
        leaves.count > settings.crowd && (!settings.trusted.isEmpty || settings.isInsecure)
    }

    /// The neighbours that forward for others, but `origin`.
    func relayPeers(but origin: NodeID? = nil) -> [NodeID] {
        neighbours.filter { !$0.value.isLeaf && $0.key != origin }.keys.sorted()
    }

    // MARK: Own nodes

    /// A node has come to this relay.
    mutating func attach(_ node: String) {
        guard isClaiming else { return }
        let claim = attachments.attach(
            node, milliseconds: Int(author.timestamp(at: present).milliseconds))
        news[node] = (claim.epoch, true)
        request(.attach(claim))
        planClaims()
    }

    /// It has gone.
    mutating func detach(_ node: String) {
        let wasYielded = attachments.isYielded(node)
        guard let claim = attachments.detach(node) else {
            if wasYielded { lastHop = nil }
            return
        }
        news[node] = (claim.epoch, false)
        request(.detach(claim, isTold: true))
        planClaims()
    }

    /// A name that a connection brought, where nobody had to prove to be it. A key is claimed only
    /// where proofs are not asked for.
    mutating func attachLearnt(_ name: String) {
        guard settings.isInsecure || NodeID(name)?.publicKey == nil else { return }
        attach(name)
    }

    /// A neighbour has come.
    mutating func join(
        _ peer: NodeID, _ measure: Measure, at now: Instant,
        into flow: inout Flow<Segment, Hop>
    ) {
        if measure.isLeaf {
            leaves.insert(peer)
            attach(peer.text)
        } else {
            tellAllClaims(to: [peer], at: now, into: &flow)
        }
        plan(for: peer, at: now)
    }

    /// News of a link is told to the mesh, unless it is that of one leaf of a crowd.
    mutating func plan(for peer: NodeID, at now: Instant) {
        lastHop = nil
        guard isCrowded, leaves.contains(peer) else { return plan(at: now) }
        if custody?.isDestination(peer.text) == true { wakeCustody(for: peer.text) }
    }

    private mutating func planClaims() {
        lastHop = nil
        if timers.deadline(of: .claims) == nil {
            timers.set(.claims, at: present + .milliseconds(5))
        }
    }

    // MARK: Telling

    /// Tells the other relays what has changed since the last time.
    mutating func tellClaims(at now: Instant, into flow: inout Flow<Segment, Hop>) {
        let changes = news.sorted { $0.key < $1.key }
        news = [:]
        let peers = relayPeers()
        guard !peers.isEmpty, !changes.isEmpty else { return }
        var start = 0
        while start < changes.count {
            let part = changes[start..<min(start + NetworkLayer.chunk, changes.count)]
            start += NetworkLayer.chunk
            let isLast = start >= changes.count
            tellClaims(
                part.filter(\.value.isHere).map { .init(node: $0.key, epoch: $0.value.epoch) },
                gone: part.filter { !$0.value.isHere }.map {
                    .init(node: $0.key, epoch: $0.value.epoch)
                }, isFirst: false, isLast: isLast, to: peers, at: now, into: &flow)
        }
    }

    /// Tells everything.
    mutating func tellAllClaims(
        to peers: [NodeID], at now: Instant, into flow: inout Flow<Segment, Hop>
    ) {
        guard isClaiming, !peers.isEmpty else { return }
        let claims = attachments.claims
        var start = 0
        repeat {
            let part = claims[start..<min(start + NetworkLayer.chunk, claims.count)]
            start += NetworkLayer.chunk
            tellClaims(
                Array(part), gone: [], isFirst: start == NetworkLayer.chunk,
                isLast: start >= claims.count, to: peers, at: now, into: &flow)
        } while start < claims.count
    }

    /// The sum of all claims, so that whoever has missed something asks.
    mutating func sumUpClaims(at now: Instant, into flow: inout Flow<Segment, Hop>) {
        timers.set(.refreshClaims, at: now + Attachments.refresh)
        for relay in attachments.silent(at: now) {
            lose(attachments.forget(relay))
        }
        if isBackplaneUp {
            let watched = (custody?.destinations ?? []) + attachments.yielded
            for node in watched { request(.watch(node)) }
        }
        guard isClaiming else { return }
        tellClaims(
            [], gone: [], isFirst: false, isLast: true, to: relayPeers(), at: now, into: &flow)
    }

    private mutating func tellClaims(
        _ claims: [Attachments.Claim], gone: [Attachments.Claim], isFirst: Bool, isLast: Bool,
        to peers: [NodeID], at now: Instant, into flow: inout Flow<Segment, Hop>
    ) {
        guard !peers.isEmpty else { return }
        claimSequence = max(claimSequence + 1, Int(author.timestamp(at: now).milliseconds))
        func list(_ claims: [Attachments.Claim]) -> JSONValue {
            .array(claims.map { .array([.string($0.node), .number(Double($0.epoch))]) })
        }
        var payload: JSONObject = [
            "kind": .string(Packet.Control.attached.rawValue),
            "sequence": .number(Double(claimSequence)), "keeps": .boolean(custody != nil),
        ]
        if isFirst { payload["whole"] = .boolean(true) }
        if !claims.isEmpty { payload["nodes"] = list(claims) }
        if !gone.isEmpty { payload["gone"] = list(gone) }
        if isLast { payload["sum"] = .string(String(attachments.digest, radix: 16)) }
        let line = author.line(
            to: Packet.broadcast, type: Packet.Kind.routing, payload: .object(payload),
            ttl: Packet.maxTTL, at: now)
        for peer in peers {
            flow.down.append(.transmit(line, to: .neighbour(peer), count: 1))
        }
    }

    // MARK: Hearing

    /// Takes what another relay tells; false for what is no news, or is not to be believed.
    mutating func takeClaims(
        _ packet: JSONObject, _ payload: JSONObject, of relay: NodeID, _ origin: Origin,
        at now: Instant, into flow: inout Flow<Segment, Hop>
    ) -> Bool {
        guard isClaiming, relay != author.node, let sequence = payload["sequence"]?.integer,
            sequence > attachments.sequence(of: relay)
        else { return false }
        switch Packet.signatureState(of: packet, by: verifier) {
        case .ok: break
        case .bad:
            flow.notices.append(.dropped(.badSignature, packet: "", from: origin.name))
            return false
        case .missing:
            guard settings.isInsecure else {
                flow.notices.append(.dropped(.unsigned, packet: "", from: origin.name))
                return false
            }
        }
        let keeps = payload["keeps"]?.boolean ?? false
        guard attachments.hear(relay, sequence: sequence, keeps: keeps, at: now) else {
            flow.notices.append(.dropped(.queueFull, packet: "", from: origin.name))
            return false
        }
        if payload["whole"]?.boolean == true { attachments.clear(relay) }
        var lost: [String] = []
        for claim in claims(in: payload["gone"]) where attachments.withdraw(claim, of: relay) {
            lost.append(claim.node)
        }
        var isWhole = true
        for claim in claims(in: payload["nodes"]) {
            if isCredible(claim.node, at: relay) {
                hear(claim, of: relay)
            } else {
                isWhole = false
            }
        }
        lose(lost)
        if let sum = payload["sum"]?.string.flatMap({ UInt64($0, radix: 16) }),
            sum != attachments.digest(of: relay), askedAt[relay].map({ $0 <= now }) ?? true
        {
            // Claims that are not believed are missing in the sum as well: no need to hurry.
            askedAt[relay] = now + (isWhole ? .seconds(1) : .seconds(60))
            send(
                ["kind": .string(Packet.Control.attachedRequest.rawValue)], to: relay, at: now,
                into: &flow)
        }
        return true
    }

    private func claims(in list: JSONValue?) -> [Attachments.Claim] {
        (list?.array ?? []).prefix(NetworkLayer.chunk).compactMap { pair in
            guard let pair = pair.array, pair.count == 2, let name = pair[0].string,
                let node = NodeID(name), let epoch = pair[1].integer, epoch >= 0
            else { return nil }
            return Attachments.Claim(node: node.text, epoch: epoch)
        }
    }

    /// Whose word counts: that of a trusted relay; else a key is where it says itself, and a name
    /// that proves nothing is where anybody says.
    private func isCredible(_ node: String, at relay: NodeID) -> Bool {
        guard let key = NodeID(node), key.publicKey != nil else { return true }
        return settings.isInsecure || settings.trusted.contains(relay)
            || mesh.nodes[key]?.links.contains { $0.destination == relay } ?? false
    }

    /// A node is at another relay.
    mutating func hear(_ claim: Attachments.Claim, of relay: NodeID) {
        switch attachments.take(claim, of: relay) {
        case .none: return
        case .moved: break
        case .yielded:
            request(.detach(claim, isTold: false))
            news[claim.node] = nil
            learnt[claim.node] = nil
            lastLearnt = nil
        }
        lastHop = nil
        wakeCustody(for: claim.node)
    }

    /// Nodes are no longer where they were. Those that are connected here all the same are here.
    mutating func lose(_ nodes: [String]) {
        guard !nodes.isEmpty else { return }
        lastHop = nil
        for node in nodes where attachments.place(of: node) == nil && attachments.isYielded(node) {
            attach(node)
        }
    }

    /// A way to a node that another relay has.
    mutating func remoteHop(to destination: String) -> HopTarget? {
        guard let place = attachments.place(of: destination), !attachments.isHere(destination),
            place.relay.text != destination
        else { return nil }
        return meshHop(to: place.relay.text)
    }
}
