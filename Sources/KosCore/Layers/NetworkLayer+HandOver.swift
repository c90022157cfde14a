/// Custody between relays: what is kept for a node goes to the custodian at which the node is, and
/// when this relay leaves, to one that stays. It is let go here when the other says, signed, that
/// its journal has it.
extension NetworkLayer {
    /// A packet that is longer than this goes to its destination as it is.
    private static let maxWrapped = 256 << 10

    /// This node will leave: what it keeps for others is to go to other custodians.
    package mutating func prepareToLeave(at now: Instant) {
        isLeaving = true
        present = now
        wakeCustody()
    }

    /// Who is to keep what is for `destination`; nil where this relay is the right one.
    func heir(for destination: String) -> NodeID? {
        guard info.role == .relay, protocols.usesLinkState else { return nil }
        if let relay = home(of: destination) {
            return relay != author.node && isHeir(relay) ? relay : nil
        }
        guard isLeaving else { return nil }
        let candidates = mesh.nodes.filter { $0.value.info.role == .relay }.keys
        let known = attachments.relays.map(\.relay)
        return Set(candidates).union(known).filter { $0 != author.node && isHeir($0) }.min()
    }

    /// The relay at which a node is.
    private func home(of destination: String) -> NodeID? {
        if attachments.isHere(destination) { return author.node }
        guard let node = NodeID(destination) else { return nil }
        let told = mesh.relays(of: node)
        if told.contains(author.node) { return author.node }
        return told.first { isHeir($0) } ?? told.first
            ?? attachments.place(of: destination)?.relay
    }

    /// Whether it keeps packets for nodes that are away, and can be told of some.
    private func isHeir(_ relay: NodeID) -> Bool {
        let keeps =
            attachments.keeps(relay)
            || mesh.nodes[relay]?.info.capabilities.contains("store") ?? false
        guard keeps else { return false }
        return neighbours[relay] != nil || routes?[relay.text] != nil || isBackplaneUp
    }

    /// Whether some other relay can keep what this one keeps.
    package var hasHeir: Bool { custody?.destinations.contains { heir(for: $0) != nil } ?? false }

    mutating func handOver(
        _ items: [Custody.Item], to heir: NodeID, at now: Instant,
        into flow: inout Flow<Segment, Hop>
    ) {
        var part: [Custody.Item] = []
        var octets = 0
        for item in items {
            guard item.octets.count <= NetworkLayer.maxWrapped else {
                if let target = nextHop(to: item.destination) {
                    send([item], to: target, into: &flow)
                }
                continue
            }
            if octets + item.octets.count > NetworkLayer.maxWrapped {
                wrap(part, to: heir, at: now, into: &flow)
                part = []
                octets = 0
            }
            part.append(item)
            octets += item.octets.count
        }
        wrap(part, to: heir, at: now, into: &flow)
    }

    private mutating func wrap(
        _ items: [Custody.Item], to heir: NodeID, at now: Instant,
        into flow: inout Flow<Segment, Hop>
    ) {
        guard !items.isEmpty else { return }
        send(
            [
                "kind": .string(Packet.Control.handOver.rawValue),
                "packets": .array(
                    items.map { .string(String(decoding: $0.octets, as: UTF8.self)) }),
                "expires": .array(items.map { .number(Double($0.expires.milliseconds)) }),
            ], to: heir, at: now, into: &flow)
    }

    /// A signed word to another relay, by whatever way there is.
    mutating func send(
        _ payload: JSONObject, to relay: NodeID, at now: Instant,
        into flow: inout Flow<Segment, Hop>
    ) {
        var packet = author.packet(
            to: relay.text, type: Packet.Kind.control, payload: .object(payload), at: now)
        packet.metadata.ttl = Packet.maxTTL
        let octets = packet.signed(by: author.signer).wire
        if isBackplaneUp, meshHop(to: relay.text) == nil,
            let scan = try? PacketScan(octets.span, using: &reader)
        {
            var line: [UInt8] = []
            scan.forward(octets.span, appending: nil, into: &line)
            return request(
                .forward(
                    .init(
                        to: relay.text, isForRelay: true, line: Array(line.dropLast()),
                        original: octets)))
        }
        originate(octets, at: now, into: &flow)
    }

    /// The journal has the packet: whoever asked is told.
    mutating func acknowledge(
        _ item: Custody.Item, _ asker: Custody.Asker, at now: Instant,
        into flow: inout Flow<Segment, Hop>
    ) {
        guard let giver = asker.giver else {
            if item.wantsReceipt { say(.stored, item, back: asker.back, at: now, into: &flow) }
            return
        }
        send(
            [
                "kind": .string(Packet.Control.stored.rawValue), "ref": .string(item.name.id),
                "source": .string(item.name.source), "destination": .string(item.destination),
                "custodian": .string(author.node.text),
            ], to: giver, at: now, into: &flow)
    }

    /// Takes a word of another relay to this one; false for what is something else.
    mutating func takeWord(
        _ text: borrowing Span<UInt8>, _ scan: PacketScan, at now: Instant,
        into flow: inout Flow<Segment, Hop>
    ) -> Bool {
        guard info.role == .relay, scan.type.equals("control", in: text),
            let packet = try? JSONObject(parsing: text), let payload = packet["payload"]?.object,
            let kind = payload["kind"]?.string.flatMap(Packet.Control.init),
            let relay = NodeID(scan.source.string(in: text))
        else { return false }
        switch kind {
        case .attachedRequest:
            guard answersClaimsAt <= now else { return true }
            answersClaimsAt = now + .seconds(1)
            tellAllClaims(to: relayPeers(), at: now, into: &flow)
        case .handOver:
            guard custody != nil, isGenuine(text) else {
                flow.notices.append(.dropped(.refused, packet: "", from: relay.text))
                return true
            }
            takeOver(payload, from: relay, at: now, into: &flow)
        case .stored:
            guard let ref = payload["ref"]?.string, let source = payload["source"]?.string,
                isGenuine(text)
            else { return false }
            let name = Custody.Name(id: ref, source: source)
            guard custody?.handed(name, to: relay) == true else { return true }
            flow.notices.append(.handedOver(packet: ref, to: relay.text))
            timers.set(.custody, at: now)
        default: return false
        }
        return true
    }

    private mutating func takeOver(
        _ payload: JSONObject, from giver: NodeID, at now: Instant,
        into flow: inout Flow<Segment, Hop>
    ) {
        let origin = Origin(link: nil, peer: giver, place: giver.text)
        let expiries = payload["expires"]?.array ?? []
        for (index, text) in (payload["packets"]?.array ?? []).prefix(1024).enumerated() {
            guard let text = text.string else { continue }
            let octets = Array(text.utf8)
            guard let scan = try? PacketScan(octets.span, using: &reader) else {
                flow.notices.append(.dropped(.malformed, packet: "", from: giver.text))
                continue
            }
            let expiry = index < expiries.count ? expiries[index].integer : nil
            let left = expiry.map {
                Timestamp(milliseconds: Int64($0)) - author.timestamp(at: now)
            }
            if left.map({ $0 <= .zero }) ?? false {
                let id = scan.id.string(in: octets.span)
                flow.notices.append(.dropped(.expired, packet: id, from: giver.text))
                continue
            }
            _ = keep(
                octets.span, scan, origin, giver: giver, left: left, at: now, into: &flow)
        }
    }
}
