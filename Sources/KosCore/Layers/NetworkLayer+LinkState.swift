/// Link state in the network layer: announcements in, announcements out.
extension NetworkLayer {
    /// Takes a word about routes; false when it was no good, and the next of its id may be.
    mutating func route(
        _ text: borrowing Span<UInt8>, _ scan: PacketScan, _ origin: Origin, at now: Instant,
        _ batch: inout Batch, into flow: inout Flow<Segment, Hop>
    ) -> Bool {
        guard let packet = try? JSONObject(parsing: text), let payload = packet["payload"]?.object,
            let kind = payload["kind"]?.string.flatMap(Packet.Control.init),
            let source = packet["source"]?.string.flatMap({ NodeID($0) })
        else {
            flow.notices.append(.dropped(.malformed, packet: "", from: origin.name))
            return false
        }
        switch kind {
        case .aodv, .dsr, .olsr:
            hear(packet, payload, kind, of: source, origin, at: now, into: &flow)
        case .linkState where !protocols.usesLinkState && source != origin.peer:
            // Nobody's but the neighbours' own: names and roles, no map of the mesh.
            return false
        case .linkState where isCrowded && leaves.contains(source):
            // One of a crowd: it is told by a claim, and no map needs it.
            return false
        case .linkState:
            return spread(
                packet, payload, of: source, text, scan, origin, at: now, &batch, into: &flow)
        case .attached:
            guard takeClaims(packet, payload, of: source, origin, at: now, into: &flow) else {
                return false
            }
            guard scan.ttl > 0 else { return true }
            for peer in relayPeers(but: origin.peer) where peer != source {
                batch.add(text, scan, appending: nil, to: .neighbour(peer))
            }
            return true
        case .topologyRequest:
            guard let peer = origin.peer else { return false }
            guard mayTell(origin, at: now, cost: NetworkLayer.requestCost) else {
                let id = scan.id.string(in: text)
                flow.notices.append(.dropped(.rateLimited, packet: id, from: origin.name))
                return false
            }
            dump(to: peer, at: now, into: &flow)
        case .topology:
            if let peer = origin.peer { flow.up.append(.topologyComplete(peer)) }
        default: flow.notices.append(.dropped(.malformed, packet: "", from: origin.name))
        }
        return false
    }

    /// Takes a node's announcement and hands it on; false when it was no good.
    private mutating func spread(
        _ packet: JSONObject, _ payload: JSONObject, of source: NodeID,
        _ text: borrowing Span<UInt8>, _ scan: PacketScan, _ origin: Origin, at now: Instant,
        _ batch: inout Batch, into flow: inout Flow<Segment, Hop>
    ) -> Bool {
        if let reason = take(packet, payload, of: source, text, origin, at: now) {
            if reason == .stale {
                remind(source, of: payload["sequence"]?.integer, origin, into: &flow)
            } else {
                let id = scan.id.string(in: text)
                flow.notices.append(.dropped(reason, packet: id, from: origin.name))
            }
            return reason == .stale
        }
        settle(source, at: now, into: &flow)
        guard scan.ttl > 0, protocols.usesLinkState else { return true }
        for peer in audience where peer != origin.peer && peer != source {
            batch.add(text, scan, appending: nil, to: .neighbour(peer))
        }
        return true
    }

    /// A neighbour whose clock was set back counts from too low, and nobody would listen to it: it
    /// is told what its earlier life said last, and outbids that.
    private func remind(
        _ source: NodeID, of sequence: Int?, _ origin: Origin,
        into flow: inout Flow<Segment, Hop>
    ) {
        guard source == origin.peer, let known = mesh.nodes[source],
            known.info.sequence > sequence ?? 0
        else { return }
        flow.down.append(.transmit(known.line, to: .neighbour(source), count: 1))
    }

    /// Neighbours that are told news of the mesh unasked: all, as long as the mesh is told of all
    /// of them by this node's links; beyond that the leaves, who forward for nobody, hear it when
    /// they ask.
    var audience: [NodeID] {
        let isCrowd = isCrowded || neighbours.count > LinkState.maxLinksPerNode
        return neighbours.filter { !isCrowd || !$0.value.isLeaf }.keys.sorted()
    }

    /// What one connection may tell of the mesh: all of it at once, then as much as a full mesh
    /// that renews itself. Each announcement is a signature to check.
    private static let telling = (rate: 250.0, burst: 6000.0)
    /// A request for the whole map, beside an announcement.
    private static let requestCost = 100.0

    private mutating func mayTell(_ origin: Origin, at now: Instant, cost: Double = 1) -> Bool {
        guard let link = origin.link else { return true }
        let fresh = TokenBucket(
            rate: NetworkLayer.telling.rate, burst: NetworkLayer.telling.burst, at: now)
        return tellings[link, default: fresh].take(cost, at: now)
    }

    /// Merges an announcement; says why not.
    mutating func take(
        _ packet: JSONObject, _ payload: JSONObject, of source: NodeID,
        _ text: borrowing Span<UInt8>, _ origin: Origin, at now: Instant
    ) -> DropReason? {
        let sequence = payload["sequence"]?.integer ?? -1
        if source == author.node {
            // An earlier life of this node is still told: outbid it.
            if sequence > info.sequence {
                info.sequence = sequence
                plan(at: now)
            }
            return .stale
        }
        if let known = mesh.nodes[source], sequence <= known.info.sequence { return .stale }
        guard mayTell(origin, at: now) else { return .rateLimited }
        switch Packet.signatureState(of: packet, by: verifier) {
        case .ok: break
        case .bad: return .badSignature
        case .missing: if !settings.isInsecure { return .unsigned }
        }
        // Only what is signed counts against its source: others must not use it up.
        guard mesh.allows(source, at: now) else { return .rateLimited }
        var line: [UInt8] = []
        line.append(text, 0..<text.count)
        let time = Timestamp(milliseconds: Int64(packet["timestamp"]?.integer ?? 0))
        guard
            let announcement = try? LinkState.Announcement(
                payload, line: line + [0x0A], timestamp: time, heardAt: now)
        else { return .malformed }
        protocols.note(
            announcement.links.map(\.destination),
            before: mesh.nodes[source]?.links.map(\.destination))
        switch mesh.merge(announcement, of: source) {
        case .news: routes = nil
        case .stale: return .stale
        case .full: return .queueFull
        }
        return nil
    }

    /// Tells a neighbour everything: each node's announcement as it came, and how many they were.
    mutating func dump(
        to peer: NodeID, at now: Instant, into flow: inout Flow<Segment, Hop>
    ) {
        var lines: [UInt8] = []
        var count = 0
        for (node, announcement) in mesh.nodes.sorted(by: { $0.key < $1.key })
        where node != peer && (!isCrowded || announcement.info.role == .relay) {
            lines += announcement.line
            count += 1
        }
        lines += author.line(
            to: peer.text, type: Packet.Kind.routing,
            payload: .object([
                "kind": .string(Packet.Control.topology.rawValue), "count": .number(Double(count)),
            ]), at: now)
        flow.down.append(.transmit(lines, to: .neighbour(peer), count: count + 1))
    }

    /// News of this node's links goes out soon: at once when it has been quiet, else after a pause,
    /// so that a burst of changes is told once.
    mutating func plan(at now: Instant) {
        routes = nil
        let earliest = max(now + .milliseconds(5), lastAnnounced + .milliseconds(200))
        if timers.deadline(of: .announce).map({ $0 > earliest }) ?? true {
            timers.set(.announce, at: earliest)
        }
    }

    mutating func announce(
        at now: Instant, into flow: inout Flow<Segment, Hop>, to peers: [NodeID]
    ) {
        lastAnnounced = now
        info.sequence = max(info.sequence + 1, Int(author.timestamp(at: now).milliseconds))
        // Relays first: whoever is left out is told by a claim.
        let told = neighbours.filter { !isCrowded || !$0.value.isLeaf }.sorted {
            ($0.value.isLeaf ? 1 : 0, $0.key) < ($1.value.isLeaf ? 1 : 0, $1.key)
        }
        let links = told.prefix(LinkState.maxLinksPerNode).sorted { $0.key < $1.key }.map {
            LinkState.Link(
                destination: $0.key, transport: $0.value.transport, latency: $0.value.latency,
                reliability: $0.value.reliability, address: $0.value.address)
        }
        let line = author.line(
            to: Packet.broadcast, type: Packet.Kind.routing,
            payload: LinkState.Announcement.payload(info: info, links: Array(links)),
            ttl: Packet.maxTTL, at: now)
        let announcement = LinkState.Announcement(
            info: info, links: Array(links), line: line, heardAt: now,
            timestamp: author.timestamp(at: now))
        _ = mesh.merge(announcement, of: author.node)
        routes = nil
        for peer in peers {
            flow.down.append(.transmit(line, to: .neighbour(peer), count: 1))
        }
    }
}
