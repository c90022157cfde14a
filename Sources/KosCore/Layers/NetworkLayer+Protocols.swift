/// Routing protocols in the network layer: their messages are packets of type routing that cross
/// one link, their routes next hops; packets wait here for those that have to be asked for.
extension NetworkLayer {
    // MARK: neighbours

    /// A neighbour is there. It is taken for one that speaks until it says that it is a leaf.
    mutating func meet(
        _ peer: NodeID, at now: Instant, into flow: inout Flow<Segment, Hop>
    ) {
        guard !protocols.running.isEmpty else { return }
        let address = RouterAddress(standingFor: peer.text)
        protocols.names[address] = peer
        lastHop = nil
        tell(.neighbourUp(address), at: now, into: &flow)
        settle(peer, at: now, into: &flow)
    }

    mutating func part(
        _ peer: NodeID, at now: Instant, into flow: inout Flow<Segment, Hop>
    ) {
        guard !protocols.running.isEmpty else { return }
        let address = RouterAddress(standingFor: peer.text)
        protocols.names[address] = nil
        lastHop = nil
        let wasHost = protocols.hosts.remove(peer) != nil
        tell(wasHost ? .detached(address) : .neighbourDown(address), at: now, into: &flow)
    }

    /// What a neighbour has told of itself: for a leaf this node answers.
    mutating func settle(
        _ peer: NodeID, at now: Instant, into flow: inout Flow<Segment, Hop>
    ) {
        guard !protocols.running.isEmpty, neighbours[peer] != nil,
            mesh.nodes[peer]?.info.role == .leaf, protocols.hosts.insert(peer).inserted
        else { return }
        tell(.attached(RouterAddress(standingFor: peer.text)), at: now, into: &flow)
    }

    // MARK: messages

    /// A message of a neighbour's protocol.
    mutating func hear(
        _ packet: JSONObject, _ payload: JSONObject, _ kind: Packet.Control, of source: NodeID,
        _ origin: Origin, at now: Instant, into flow: inout Flow<Segment, Hop>
    ) {
        guard let name = RoutingProtocolName(rawValue: kind.rawValue),
            let index = protocols.index(of: name)
        else { return }
        func refuse(_ reason: DropReason) {
            let id = packet["id"]?.string ?? ""
            flow.notices.append(.dropped(reason, packet: id, from: origin.name))
        }
        guard source == origin.peer else { return refuse(.wrongPeer) }
        switch Packet.signatureState(of: packet, by: verifier) {
        case .ok: break
        case .bad: return refuse(.badSignature)
        case .missing: if !settings.isInsecure { return refuse(.unsigned) }
        }
        guard let datagram = RoutingMessage(payload)?.datagram else { return refuse(.malformed) }
        let receiver =
            packet["destination"]?.string == Packet.broadcast
            ? RouterAddress.broadcast : protocols.address
        protocols.running[index].handle(
            .received(
                HopFrame(
                    from: RouterAddress(standingFor: source.text), to: receiver, datagram)),
            at: now)
        act(on: index, at: now, into: &flow)
    }

    private mutating func transmit(
        _ frame: HopFrame, of name: RoutingProtocolName, at now: Instant,
        into flow: inout Flow<Segment, Hop>
    ) {
        guard let kind = Packet.Control(rawValue: name.rawValue) else { return }
        let peers =
            frame.isBroadcast
            ? neighbours.keys.filter { !protocols.hosts.contains($0) }.sorted()
            : [protocols.names[frame.receiver]].compactMap { $0 }
        guard !peers.isEmpty else { return }
        let line = author.line(
            to: frame.isBroadcast ? Packet.broadcast : peers[0].text, type: Packet.Kind.routing,
            payload: RoutingMessage(frame.datagram).payload(kind), at: now)
        protocols.count(messages: peers.count, octets: line.count * peers.count)
        for peer in peers {
            flow.down.append(.transmit(line, to: .neighbour(peer), count: 1))
        }
    }

    // MARK: engines

    mutating func tendProtocols(at now: Instant, into flow: inout Flow<Segment, Hop>) {
        for index in protocols.running.indices {
            protocols.running[index].advance(to: now)
            act(on: index, at: now, into: &flow)
        }
        for name in protocols.takeCurious() {
            guard let index = protocols.index(of: protocols.chosen) else { continue }
            ask(index, for: name, at: now, into: &flow)
        }
    }

    private mutating func tell(
        _ input: RoutingInput, at now: Instant, into flow: inout Flow<Segment, Hop>
    ) {
        for index in protocols.running.indices {
            protocols.running[index].handle(input, at: now)
            act(on: index, at: now, into: &flow)
        }
    }

    private mutating func act(
        on index: Int, at now: Instant, into flow: inout Flow<Segment, Hop>
    ) {
        let name = protocols.running[index].name
        var isReady: Set<RouterAddress> = []
        for output in protocols.running[index].takeOutputs() {
            switch output {
            case .transmit(let frame): transmit(frame, of: name, at: now, into: &flow)
            case .install(let entry):
                lastHop = nil
                isReady.insert(entry.destination)
            case .withdraw: lastHop = nil
            case .discovered(let node, let hops, let wait):
                guard let text = protocols.asked.removeValue(forKey: node) else { continue }
                protocols.noteDiscovery(after: wait)
                flow.notices.append(.discovered(node: text, hops: hops, after: wait))
            case .undiscovered(let node):
                protocols.asked[node] = nil
                protocols.noteDiscovery(after: nil)
                giveUp(node, at: now, into: &flow)
            case .rejected(let error, let sender):
                let peer = protocols.names[sender]?.text
                flow.notices.append(.dropped(DropReason(error), packet: "", from: peer))
            case .deliver, .dropped: break
            }
        }
        if !isReady.isEmpty { wakeCustody() }
        for node in isReady.sorted() { release(node, at: now, into: &flow) }
    }

    // MARK: packets

    /// Where the protocol in use would send a packet.
    mutating func protocolHop(to destination: String) -> HopTarget? {
        guard let index = protocols.index(of: protocols.chosen) else { return nil }
        if let node = NodeID(destination), neighbours[node] != nil { return .neighbour(node) }
        let address = RouterAddress(standingFor: destination)
        while let hop = protocols.running[index].nextHop(to: address, at: present) {
            if let peer = protocols.names[hop], neighbours[peer] != nil { return .neighbour(peer) }
            // What others told of links that this node has no more.
            guard protocols.chosen == .dsr else { return nil }
            protocols.running[index].handle(.neighbourDown(hop), at: present)
        }
        if protocols.running[index].isReactive { protocols.wonder(about: destination) }
        return nil
    }

    /// What else can be done with a packet that has no next hop: it goes to all, or waits while its
    /// destination is asked for. False when nothing can.
    mutating func detour(
        _ text: borrowing Span<UInt8>, _ scan: PacketScan, _ origin: Origin, at now: Instant,
        into flow: inout Flow<Segment, Hop>
    ) -> Bool {
        guard !scan.isSourceRouted else { return false }
        if protocols.isFlooding {
            let peers = neighbours.keys.filter { $0 != origin.peer }.sorted()
            guard !peers.isEmpty else { return false }
            var batch = Batch()
            // This node's own packets have its name in their route already.
            batch.flood(text, scan, appending: origin == .local ? nil : quotedOwn)
            batch.flush(to: peers, into: &flow)
            return true
        }
        guard let index = protocols.index(of: protocols.chosen),
            protocols.running[index].isReactive
        else { return false }
        let name = scan.destination.string(in: text)
        let destination = RouterAddress(standingFor: name)
        if let peer = origin.peer, !protocols.hosts.contains(peer), protocols.chosen == .aodv {
            // It came from one who thought that we had a way: that is an error, not a question.
            protocols.running[index].handle(
                .unroutable(
                    destination: destination,
                    previousHop: RouterAddress(standingFor: peer.text)), at: now)
            act(on: index, at: now, into: &flow)
            return false
        }
        guard protocols.asked[destination] != nil || protocols.asked.count < 1024,
            protocols.hold(text.indices.map { text[$0] }, origin, for: destination)
        else { return false }
        ask(index, for: name, at: now, into: &flow)
        return true
    }

    private mutating func ask(
        _ index: Int, for name: String, at now: Instant, into flow: inout Flow<Segment, Hop>
    ) {
        let destination = RouterAddress(standingFor: name)
        guard protocols.asked[destination] == nil, protocols.asked.count < 1024 else { return }
        protocols.asked[destination] = name
        protocols.running[index].handle(.wanted(destination), at: now)
        act(on: index, at: now, into: &flow)
    }

    /// Where packets in custody go that have no next hop: to all, or nowhere until an answer comes.
    mutating func elsewhere(
        for destination: String, at now: Instant, into flow: inout Flow<Segment, Hop>
    ) -> [HopTarget] {
        if protocols.isFlooding { return neighbours.keys.sorted().map { .neighbour($0) } }
        if let index = protocols.index(of: protocols.chosen), protocols.running[index].isReactive {
            ask(index, for: destination, at: now, into: &flow)
        }
        return []
    }

    /// A route is there: what waited for it goes on.
    private mutating func release(
        _ destination: RouterAddress, at now: Instant, into flow: inout Flow<Segment, Hop>
    ) {
        protocols.asked[destination] = nil
        for packet in protocols.takeHeld(for: destination) {
            let text = packet.octets.span
            guard let scan = try? PacketScan(text, using: &reader),
                let target = nextHop(to: scan.destination.string(in: text)),
                packet.origin.peer.map({ .neighbour($0) != target }) ?? true
            else {
                flow.notices.append(.dropped(.noRoute, packet: "", from: packet.origin.name))
                continue
            }
            var batch = Batch()
            let isOwn = packet.origin == .local
            batch.add(text, scan, appending: isOwn ? nil : quotedOwn, to: target)
            batch.flush(into: &flow)
            guard settings.tellsForwarding, !isOwn, case .neighbour(let peer) = target else {
                continue
            }
            flow.notices.append(
                .forwarded(
                    packet: scan.id.string(in: text), from: packet.origin.name, to: peer.text,
                    hops: scan.hops + 1, ttl: scan.ttl - 1))
        }
    }

    /// Nobody knows the way: what waited for it is kept by a custodian or refused.
    private mutating func giveUp(
        _ destination: RouterAddress, at now: Instant, into flow: inout Flow<Segment, Hop>
    ) {
        for packet in protocols.takeHeld(for: destination) {
            let text = packet.octets.span
            guard let scan = try? PacketScan(text, using: &reader) else { continue }
            if packet.origin == .local {
                let id = scan.id.string(in: text)
                flow.up.append(.undeliverable(packet: id, .noRoute))
            } else if !keep(text, scan, packet.origin, at: now, into: &flow) {
                refuse(
                    text, scan, packet.origin, .destinationUnreachable, .noRoute, at: now,
                    into: &flow)
            }
        }
    }

    /// Tells the protocols that a route is in use, now and then.
    mutating func use(
        _ text: borrowing Span<UInt8>, _ scan: PacketScan, _ origin: Origin,
        by target: HopTarget, at now: Instant, into flow: inout Flow<Segment, Hop>
    ) {
        guard case .neighbour(let next) = target else { return }
        let destination = RouterAddress(standingFor: scan.destination.string(in: text))
        let author = RouterAddress(standingFor: scan.source.string(in: text))
        let key = UInt64(destination.bits) << 32 | UInt64(author.bits)
        if let last = protocols.used[key], now - last < MeshProtocols.usePeriod { return }
        if protocols.used.count >= 1024 { protocols.used = [:] }
        protocols.used[key] = now
        // The first node on the way that speaks stands for a leaf that does not.
        let first = scan.route(text)?.first { $0 != self.author.node.text }
        let source = first.map { RouterAddress(standingFor: $0) } ?? protocols.address
        tell(
            .forwarded(
                source: source, destination: destination,
                previousHop: origin.peer.map { RouterAddress(standingFor: $0.text) },
                nextHop: RouterAddress(standingFor: next.text)), at: now, into: &flow)
    }

    // MARK: auto

    /// Looks whether the specification's rule names another protocol than the one in use.
    mutating func choose(at now: Instant, into flow: inout Flow<Segment, Hop>) {
        let (name, reason) = protocols.choice(density: mesh.density, at: now)
        guard name != protocols.chosen else { return }
        if protocols.chosen == .olsr { protocols.end(.olsr) }
        protocols.chosen = name
        lastHop = nil
        if let name { protocols.start(name, at: now) }
        flow.notices.append(.switched(to: name?.rawValue ?? "linkstate", reason: reason))
    }
}

extension DropReason {
    fileprivate init(_ error: RoutingError) {
        switch error {
        case .untrustedSender: self = .denied
        case .tableFull: self = .queueFull
        case .truncated, .wrongLength, .unknownType, .unsupportedOption, .badField:
            self = .malformed
        }
    }
}
