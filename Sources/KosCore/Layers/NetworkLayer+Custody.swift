/// Custody in the network layer: what cannot go on is kept, and goes on when there is a way.
extension NetworkLayer {
    /// News of the journal: what is due of it is said and sent when the layer is next advanced.
    package mutating func take(_ answer: Custody.Answer, at now: Instant) {
        custody?.take(answer, at: now, clock: author.timestamp(at: now))
        timers.set(.custody, at: now)
    }

    /// For the journal.
    package mutating func takeRequests() -> [Custody.Request] { custody?.takeRequests() ?? [] }

    /// Something has changed that may open a way: it is looked at in a moment, once for a burst.
    mutating func wakeCustody(for destination: String? = nil) {
        guard custody?.isEmpty == false else { return }
        custody?.stir(destination)
        let moment = present + .milliseconds(5)
        if timers.deadline(of: .custody).map({ $0 > moment }) ?? true {
            timers.set(.custody, at: moment)
        }
    }

    /// Keeps a packet that has nowhere to go; false when it is none that this node keeps.
    ///
    /// Only data with a key as its destination is kept, since nobody else could sign for it; and
    /// only if the source has signed it, since it counts against the source.
    mutating func keep(
        _ text: borrowing Span<UInt8>, _ scan: PacketScan, _ origin: Origin, at now: Instant,
        into flow: inout Flow<Segment, Hop>
    ) -> Bool {
        let lifetime = custody?.settings.lifetime
        guard let lifetime, !scan.isSourceRouted, isData(text, scan) else { return false }
        let destination = scan.destination.string(in: text)
        let source = scan.source.string(in: text)
        guard let node = NodeID(destination), node.publicKey != nil || settings.isInsecure else {
            return false
        }
        let name = Custody.Name(id: scan.id.string(in: text), source: source)
        guard isGenuine(text) else {
            flow.notices.append(.dropped(.badSignature, packet: name.id, from: origin.name))
            return true
        }
        let back = wayBack(scan, scan.route(text) ?? [])
        var octets: [UInt8] = []
        octets.append(text, 0..<text.count)
        let item = Custody.Item(
            name: name, destination: destination, priority: scan.priority,
            expires: author.timestamp(at: now) + lifetime, wantsReceipt: scan.wantsReceipt,
            octets: octets)
        switch custody?.keep(item, back: back, at: now) {
        case .kept:
            flow.notices.append(
                .queued(packet: name.id, from: origin.name, hops: scan.hops, ttl: scan.ttl))
        case .known(let isStored):
            if isStored { say(.stored, item, back: back, at: now, into: &flow) }
        case .refused(let reason):
            flow.notices.append(.dropped(reason, packet: name.id, from: origin.name))
            say(.temporaryFailure, item, back: back, reason: reason, at: now, into: &flow)
        case nil: return false
        }
        timers.set(.custody, at: now)
        return true
    }

    /// A packet of this node's own has come back. It may be that a custodian, who has it from here,
    /// finds no other way to the destination: it goes on as one that is kept. False for a copy.
    mutating func takeBack(
        _ text: borrowing Span<UInt8>, _ scan: PacketScan, _ origin: Origin, at now: Instant,
        into flow: inout Flow<Segment, Hop>
    ) -> Bool {
        guard custody != nil, !scan.destination.equals("*", in: text) else { return false }
        return keep(text, scan, origin, at: now, into: &flow)
    }

    private func isData(_ text: borrowing Span<UInt8>, _ scan: PacketScan) -> Bool {
        !["control", "probe", "routing", "discovery", "heartbeat"].contains {
            scan.type.equals($0, in: text)
        }
    }

    private func isGenuine(_ text: borrowing Span<UInt8>) -> Bool {
        guard let packet = try? JSONObject(parsing: text) else { return false }
        switch Packet.signatureState(of: packet, by: verifier) {
        case .ok: return true
        case .bad: return false
        case .missing: return settings.isInsecure
        }
    }

    /// A receipt of a destination passes by: what it is for is kept no longer.
    mutating func overhear(_ text: borrowing Span<UInt8>, _ scan: PacketScan) {
        guard scan.type.equals("control", in: text) else { return }
        let source = scan.source.string(in: text)
        guard custody?.isDestination(source) == true, let packet = try? JSONObject(parsing: text),
            let payload = packet["payload"]?.object,
            payload["kind"]?.string == Packet.Control.receipt.rawValue,
            payload["destination"]?.string == source, let ref = payload["ref"]?.string,
            isGenuine(text)
        else { return }
        custody?.release(Custody.Name(id: ref, source: scan.destination.string(in: text)))
        wakeCustody(for: source)
    }

    /// Says what is due, hands on what can go, and plans the next look.
    mutating func tendCustody(at now: Instant, into flow: inout Flow<Segment, Hop>) {
        guard custody != nil else { return }
        custody?.advance(to: now)
        for word in custody?.takeWords() ?? [] {
            if !word.isStored {
                flow.notices.append(
                    .dropped(.temporaryFailure, packet: word.item.name.id, from: "journal"))
            }
            guard word.item.wantsReceipt else { continue }
            say(
                word.isStored ? .stored : .temporaryFailure, word.item, back: word.back, at: now,
                into: &flow)
        }
        for loss in custody?.takeLosses() ?? [] {
            flow.notices.append(.dropped(loss.reason, packet: loss.item.name.id, from: nil))
            guard let scan = try? PacketScan(loss.item.octets.span, using: &reader) else {
                continue
            }
            let back = wayBack(scan, scan.route(loss.item.octets.span) ?? [])
            say(.custodyLost, loss.item, back: back, reason: loss.reason, at: now, into: &flow)
        }
        for destination in custody?.takeStirred() ?? [] {
            let target = nextHop(to: destination)
            let targets = target.map { [$0] } ?? elsewhere(for: destination, at: now, into: &flow)
            let items =
                custody?.hand(to: destination, isReachable: !targets.isEmpty, at: now) ?? []
            for target in targets { send(items, to: target, into: &flow) }
        }
        if let next = custody?.nextDeadline {
            timers.set(.custody, at: max(next, now + .milliseconds(1)))
        }
    }

    private mutating func send(
        _ items: [Custody.Item], to target: HopTarget, into flow: inout Flow<Segment, Hop>
    ) {
        var batch = Batch()
        for item in items {
            let text = item.octets.span
            guard let scan = try? PacketScan(text, using: &reader), scan.ttl > 0 else { continue }
            batch.add(text, scan, appending: quotedOwn, to: target)
        }
        batch.flush(into: &flow)
    }

    private mutating func say(
        _ kind: Packet.Control, _ item: Custody.Item, back: [String], reason: DropReason? = nil,
        at now: Instant, into flow: inout Flow<Segment, Hop>
    ) {
        var members: JSONObject = [
            "destination": .string(item.destination), "custodian": .string(author.node.text),
        ]
        if let reason { members["reason"] = .string(reason.rawValue) }
        tell(
            kind, of: item.name.id, to: item.name.source, back: back, members, at: now, into: &flow)
    }
}
