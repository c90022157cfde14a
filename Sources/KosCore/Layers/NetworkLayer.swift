/// What the network layer exchanges with the transport layer.
package enum Segment: Sendable {
    /// Down: a signed packet of this node, as wire octets without newline.
    case send([UInt8])
    /// Down: packets that are ready to go, many at a time.
    case relay(Run)
    /// Up: a packet for this node.
    case arrived([UInt8], Origin)
    /// Up: a packet of this node could not even be sent.
    case undeliverable(packet: String, DropReason)
    /// Up: a neighbour has told all it knows of the mesh.
    case topologyComplete(NodeID)
    /// Down: ask a neighbour for all it knows.
    case requestTopology(NodeID)
    /// Up: packets take another way; what was sent last may be lost.
    case rerouted
    /// Up: who is next to this node changed.
    case neighbour(NodeID, isUp: Bool)
    /// Down: tell the mesh that this node leaves.
    case depart
}

/// Segment ↔ hop: finds the next hop, counts hops and time to live, keeps the mesh's link state,
/// and answers packets that end here. A packet that is not for this node never climbs above this
/// layer.
package struct NetworkLayer: ProtocolLayer {
    package typealias Upper = Segment
    package typealias Lower = Hop

    package struct Settings: Sendable {
        package var isInsecure = false
        /// How long a packet that was seen is taken for a copy; shorter than a sender's
        /// retransmission.
        package var copyLifetime = Duration.milliseconds(400)
        /// Whether each forwarded packet is worth a notice.
        package var tellsForwarding = false
        /// What may be kept for nodes that are away; nil to keep nothing.
        package var custody: Custody.Settings?
        package var routing = MeshRouting.linkstate
        package init() {}
    }

    enum Timer: Hashable { case announce, refresh, age, custody, choice }

    package var info: NodeInfo
    package internal(set) var mesh = LinkState()
    package internal(set) var protocols: MeshProtocols
    var author: Author
    let verifier: any Verifier
    let settings: Settings
    let own: [UInt8]
    let quotedOwn: [UInt8]
    package internal(set) var custody: Custody?
    private let seed: UInt64
    var neighbours: [NodeID: Measure] = [:]
    /// Connections that brought packets of nodes which do not announce themselves.
    var learnt: [String: LinkID] = [:]
    var learntBy: [LinkID: [String]] = [:]
    /// What each connection may tell of the mesh still.
    var tellings: [LinkID: TokenBucket] = [:]
    /// Those of the connections above that are the air.
    private(set) var overheard: Set<LinkID> = []
    private var seen: SeenCache<OctetHash>
    /// Next hops as they were worked out last; nil when something has changed since.
    var routes: [String: NodeID]? {
        didSet {
            guard routes == nil else { return }
            lastHop = nil
            wakeCustody()
        }
    }
    var lastHop: (destination: [UInt8], target: HopTarget)?
    var lastLearnt: (source: [UInt8], link: LinkID)?
    var timers = Timers<Timer>()
    /// The time of the call that is being handled.
    var present: Instant
    var reader = JSONReader()
    private var complaints: TokenBucket
    var lastAnnounced = Instant(nanoseconds: -1_000_000_000)

    package init(
        info: NodeInfo, author: Author, verifier: any Verifier, settings: Settings, at now: Instant
    ) {
        self.info = info
        self.author = author
        self.verifier = verifier
        self.settings = settings
        own = Array(author.node.text.utf8)
        quotedOwn = Array(JSONValue.string(author.node.text).text.utf8)
        seed = self.author.roll()
        seen = SeenCache(capacity: 1 << 16, lifetime: settings.copyLifetime, at: now)
        complaints = TokenBucket(rate: 50, burst: 100, at: now)
        custody = settings.custody.map { Custody($0) }
        present = now
        protocols = MeshProtocols(
            settings.routing, of: author.node, seed: self.author.roll(),
            clock: author.timestamp(at: now), at: now)
        timers.set(.announce, at: now)
        if settings.routing == .auto { timers.set(.choice, at: now + MeshProtocols.choicePeriod) }
        timers.set(.refresh, at: now + LinkState.refresh)
        timers.set(.age, at: now + .seconds(10))
    }

    package var nextDeadline: Instant? {
        Instant.earlier(timers.next, protocols.nextDeadline)
    }

    // MARK: Outbound

    package mutating func processOutbound(
        _ unit: Segment, at now: Instant, into flow: inout Flow<Segment, Hop>
    ) {
        present = now
        switch unit {
        case .send(let octets): originate(octets, at: now, into: &flow)
        case .relay(let run): originate(run, at: now, into: &flow)
        case .requestTopology(let neighbour):
            let line = author.line(
                to: neighbour.text, type: Packet.Kind.routing,
                payload: .object(["kind": .string(Packet.Control.topologyRequest.rawValue)]),
                at: now)
            flow.down.append(.transmit(line, to: .neighbour(neighbour), count: 1))
        case .depart:
            let peers = neighbours.keys.sorted()
            neighbours = [:]
            announce(at: now, into: &flow, to: peers)
        case .arrived, .undeliverable, .topologyComplete, .neighbour, .rerouted: break
        }
    }

    mutating func originate(
        _ octets: [UInt8], at now: Instant, into flow: inout Flow<Segment, Hop>
    ) {
        guard let scan = try? PacketScan(octets.span, using: &reader) else {
            return flow.notices.append(.dropped(.malformed, packet: "", from: "self"))
        }
        let destination = scan.destination.string(in: octets.span)
        if scan.destination.equals(octets: own, in: octets.span) {
            return flow.up.append(.arrived(octets, .local))
        }
        let kind = TrafficClass(priority: scan.priority)
        var line: [UInt8] = []
        scan.forward(octets.span, appending: nil, into: &line)
        if destination == Packet.broadcast {
            for peer in neighbours.keys.sorted() {
                flow.down.append(.transmit(line, to: .neighbour(peer), count: 1, kind))
            }
            return
        }
        var target: HopTarget?
        if scan.isSourceRouted, let names = scan.route(octets.span), names.count > 1 {
            target = hop(named: names[1])
        } else {
            target = nextHop(to: destination) ?? defaultHop
        }
        guard let target else {
            if detour(octets.span, scan, .local, at: now, into: &flow) { return }
            let id = scan.id.string(in: octets.span)
            return flow.up.append(.undeliverable(packet: id, .noRoute))
        }
        flow.down.append(.transmit(line, to: target, count: 1, kind))
    }

    // MARK: Inbound

    package mutating func processInbound(
        _ unit: Hop, at now: Instant, into flow: inout Flow<Segment, Hop>
    ) {
        present = now
        switch unit {
        case .neighbourUp(let peer, let measure):
            neighbours[peer] = measure
            plan(at: now)
            flow.up.append(.neighbour(peer, isUp: true))
            flow.up.append(.rerouted)
            dump(to: peer, at: now, into: &flow)
            meet(peer, at: now, into: &flow)
        case .neighbourDown(let peer):
            neighbours[peer] = nil
            plan(at: now)
            flow.up.append(.neighbour(peer, isUp: false))
            part(peer, at: now, into: &flow)
        case .neighbourChanged(let peer, let measure):
            guard neighbours[peer] != nil else { return }
            neighbours[peer] = measure
            plan(at: now)
        case .linkGone(let link):
            for name in learntBy.removeValue(forKey: link) ?? [] where learnt[name] == link {
                learnt[name] = nil
            }
            overheard.remove(link)
            tellings[link] = nil
            lastHop = nil
            lastLearnt = nil
        case .rerouted: flow.up.append(.rerouted)
        case .received(let run): receive(run, at: now, into: &flow)
        case .transmit: break
        }
    }

    private mutating func receive(
        _ run: Run, at now: Instant, into flow: inout Flow<Segment, Hop>
    ) {
        var batch = Batch(room: run.octets.count + run.packets.count * (quotedOwn.count + 4))
        let octets = run.octets.span
        for packet in run.packets {
            let text = octets.extracting(packet.range)
            let scan = packet.scan
            if run.origin.peer == nil, let link = run.origin.link {
                if run.origin.isOverheard { overheard.insert(link) }
                learn(text, scan, on: link)
            }
            if settings.tellsForwarding {
                flow.notices.append(
                    .received(
                        packet: scan.id.string(in: text), from: run.origin.name, hops: scan.hops,
                        ttl: scan.ttl))
            }
            if scan.type.equals("routing", in: text) {
                // The same word by another way: only what was taken counts as seen.
                guard !seen.contains(key(text, scan)) else { continue }
                if route(text, scan, run.origin, at: now, &batch, into: &flow) {
                    _ = isCopy(text, scan, at: now)
                }
            } else if scan.destination.equals(octets: own, in: text) {
                flow.up.append(.arrived(Array(run.octets[packet.range]), run.origin))
            } else if isCopy(text, scan, at: now)
                || scan.source.equals(octets: own, in: text)
                    && !takeBack(text, scan, run.origin, at: now, into: &flow)
            {
                flow.notices.append(
                    .duplicate(
                        packet: scan.id.string(in: text), from: run.origin.name, hops: scan.hops,
                        ttl: scan.ttl))
            } else if scan.source.equals(octets: own, in: text) {
                continue
            } else if scan.destination.equals("*", in: text) {
                flow.up.append(.arrived(Array(run.octets[packet.range]), run.origin))
                spread(text, scan, run.origin, &batch)
            } else {
                if custody?.isEmpty == false { overhear(text, scan) }
                forward(text, scan, run.origin, at: now, &batch, into: &flow)
            }
        }
        batch.flush(into: &flow)
        if batch.isFlooding {
            let peers = neighbours.keys.filter { $0 != run.origin.peer }.sorted()
            batch.flush(to: peers, into: &flow)
        }
    }

    private mutating func isCopy(
        _ text: borrowing Span<UInt8>, _ scan: PacketScan, at now: Instant
    ) -> Bool {
        !seen.insert(key(text, scan), at: now)
    }

    private func key(_ text: borrowing Span<UInt8>, _ scan: PacketScan) -> OctetHash {
        var key = OctetHash(seed: seed)
        key.add(text, scan.id.range)
        key.add(text, scan.source.range)
        return key
    }

    // MARK: Forwarding

    private mutating func spread(
        _ text: borrowing Span<UInt8>, _ scan: PacketScan, _ origin: Origin, _ batch: inout Batch
    ) {
        guard scan.ttl > 0, info.role == .relay else { return }
        batch.flood(text, scan, appending: quotedOwn)
    }

    mutating func forward(
        _ text: borrowing Span<UInt8>, _ scan: PacketScan, _ origin: Origin, at now: Instant,
        _ batch: inout Batch, into flow: inout Flow<Segment, Hop>
    ) {
        if origin.isOverheard, !isNeeded(text, scan) { return }
        guard scan.ttl > 0 else {
            return refuse(text, scan, origin, .ttlExceeded, .ttlExceeded, at: now, into: &flow)
        }
        var target: HopTarget?
        var isPlanned = false
        if scan.isSourceRouted {
            guard let names = scan.route(text), let place = names.firstIndex(of: author.node.text)
            else {
                return refuse(text, scan, origin, .routingError, .badRoute, at: now, into: &flow)
            }
            isPlanned = true
            target = place + 1 < names.count ? hop(named: names[place + 1]) : nil
        } else {
            target = nextHop(text, scan) ?? (origin.isOverheard ? nil : airHop)
            // Sending it back where it came from would only make it circle.
            if let peer = origin.peer, target == .neighbour(peer) { target = nil }
        }
        guard let target else {
            if detour(text, scan, origin, at: now, into: &flow) { return }
            if keep(text, scan, origin, at: now, into: &flow) { return }
            return refuse(
                text, scan, origin, .destinationUnreachable, .noRoute, at: now, into: &flow)
        }
        batch.add(text, scan, appending: isPlanned ? nil : quotedOwn, to: target)
        if protocols.wantsUse, !isPlanned {
            use(text, scan, origin, by: target, at: now, into: &flow)
        }
        guard settings.tellsForwarding else { return }
        let name =
            switch target {
            case .neighbour(let peer): peer.text
            case .link(let link): "link \(link.number)"
            }
        flow.notices.append(
            .forwarded(
                packet: scan.id.string(in: text), from: origin.name, to: name, hops: scan.hops + 1,
                ttl: scan.ttl - 1))
    }

    /// Drops a packet and tells its source why, over the way that it came: rate-limited, and never
    /// about anything but data, so that errors cannot breed.
    mutating func refuse(
        _ text: borrowing Span<UInt8>, _ scan: PacketScan, _ origin: Origin,
        _ kind: Packet.Control, _ reason: DropReason, at now: Instant,
        into flow: inout Flow<Segment, Hop>
    ) {
        let id = scan.id.string(in: text)
        flow.notices.append(.dropped(reason, packet: id, from: origin.name))
        let isControl = scan.type.equals("control", in: text)
        guard !isControl, complaints.take(at: now), let names = scan.route(text) else { return }
        tell(
            kind, of: id, to: scan.source.string(in: text),
            back: wayBack(scan, names),
            [
                "destination": .string(scan.destination.string(in: text)),
                "hops": .number(Double(scan.hops)),
            ], at: now, into: &flow)
    }

    /// The nodes from here back to the source of a packet with this route.
    func wayBack(_ scan: PacketScan, _ names: [String]) -> [String] {
        // A planned way that this node is not on was travelled as far as the hops tell.
        let isOnIt = scan.isSourceRouted && names.contains(author.node.text)
        let travelled =
            isOnIt
            ? Array(names.prefix { $0 != author.node.text })
            : scan.isSourceRouted ? Array(names.prefix(max(1, scan.hops))) : names
        return travelled.reversed().filter { $0 != author.node.text }
    }

    /// A signed word about the packet `id`, over the way that it came.
    mutating func tell(
        _ kind: Packet.Control, of id: String, to source: String, back: [String],
        _ members: JSONObject, at now: Instant, into flow: inout Flow<Segment, Hop>
    ) {
        var payload: JSONObject = ["kind": .string(kind.rawValue), "ref": .string(id)]
        for member in members.members { payload[member.name] = member.value }
        var packet = author.packet(
            to: source, type: Packet.Kind.control, payload: .object(payload), at: now)
        packet.metadata.priority = 0
        packet.metadata.flags = [Packet.routeFlag]
        packet.route = [author.node.text] + back
        originate(packet.signed(by: author.signer).wire, at: now, into: &flow)
    }

    package mutating func advance(to now: Instant, into flow: inout Flow<Segment, Hop>) {
        present = now
        tendProtocols(at: now, into: &flow)
        while let timer = timers.popDue(at: now) {
            switch timer {
            case .custody: tendCustody(at: now, into: &flow)
            case .announce: announce(at: now, into: &flow, to: audience)
            case .refresh:
                announce(at: now, into: &flow, to: audience)
                timers.set(.refresh, at: now + LinkState.refresh)
            case .age:
                if mesh.age(to: now, keeping: author.node) { routes = nil }
                // Nobody tells of nodes that come back where there is no map of the mesh.
                if !protocols.usesLinkState { wakeCustody() }
                timers.set(.age, at: now + .seconds(10))
            case .choice:
                choose(at: now, into: &flow)
                timers.set(.choice, at: now + MeshProtocols.choicePeriod)
            }
        }
    }
}
