/// Failure detection: pings, indirect pings, suspicion.
extension Gossip {
    /// Begins with the next member of the round, unless the last one is still out.
    mutating func probeNext(_ now: Instant, _ outputs: inout [Output]) {
        timers.set(.probe, at: now + settings.probeInterval)
        if case .done = departure { return }
        guard probe == nil, let place = nextPlace(now) else { return }
        let node = roster.nodes[place]
        let standing = roster.standings[place]
        let sequence = nextSequence()
        probe = Probe(sequence: sequence, name: node.name, incarnation: standing.incarnation)
        // A suspect is told so at once: it alone can refute it.
        let accusation = GossipMessage.Accusation(
            incarnation: standing.incarnation, node: node.name, from: ownName)
        send(
            .ping(GossipMessage.Ping(sequence: sequence, node: node.name)), to: node.address,
            maxVersion: node.maxVersion,
            with: standing.state == .suspect ? .suspect(accusation) : nil, &outputs)
        timers.set(.indirect(sequence), at: now + settings.probeTimeout)
        timers.set(
            .judgement(sequence), at: now + settings.probeInterval * (awareness + 1))
    }

    private mutating func nextPlace(_ now: Instant) -> Int? {
        for _ in 0...order.count {
            if turn >= order.count { beginRound(now) }
            guard turn < order.count else { return nil }
            let place = Int(order[turn])
            turn += 1
            if roster.standings[place].isLive, roster.nodes[place].name != ownName { return place }
        }
        return nil
    }

    /// A new round: the long dead are forgotten, the order is chance.
    private mutating func beginRound(_ now: Instant) {
        let limit = Instant(nanoseconds: now.nanoseconds &- settings.gossipToDead.nanoseconds)
        for name in roster.reap(before: limit) { serf.forget(name) }
        order = (0..<roster.count).map { Int32(truncatingIfNeeded: $0) }
        order.shuffle(using: &random)
        turn = 0
    }

    /// A new member is probed at a random point of what is left of the round.
    mutating func enlist(_ place: Int) {
        let at = Int.random(in: min(turn, order.count)...order.count, using: &random)
        order.insert(Int32(truncatingIfNeeded: place), at: at)
    }

    /// The member was silent: others ping it, and we ask it over a stream.
    mutating func askOthers(_ sequence: UInt32, _ now: Instant, _ outputs: inout [Output]) {
        guard let probe, probe.sequence == sequence, let place = roster.place(of: probe.name)
        else { return }
        let node = roster.nodes[place]
        let others = chance(settings.indirectChecks) { roster, other in
            other != place && roster.standings[other].state == .alive
        }
        for other in others {
            let asked = roster.nodes[other]
            let wantsNack = asked.maxVersion >= 4
            if wantsNack { self.probe?.expectedNacks += 1 }
            let ping = GossipMessage.IndirectPing(
                sequence: sequence, target: node.address, node: node.name, wantsNack: wantsNack)
            send(
                .indirectPing(ping), to: asked.address, maxVersion: asked.maxVersion, &outputs)
        }
        guard node.maxVersion >= 3, streams.count < 64 else { return }
        let ping = GossipMessage.ping(GossipMessage.Ping(sequence: sequence, node: node.name))
        open(.probe(sequence), ping.encoded, node.address, now, &outputs)
    }

    /// The member is there.
    mutating func acknowledged(_ sequence: UInt32, _ outputs: inout [Output]) {
        if let probe, probe.sequence == sequence {
            timers.cancel(.indirect(sequence))
            timers.cancel(.judgement(sequence))
            self.probe = nil
            awareness = max(0, awareness - 1)
        } else if let relay = relays.removeValue(forKey: sequence) {
            timers.cancel(.relay(sequence))
            send(.ack(sequence: relay.sequence), to: relay.asker, &outputs)
        } else {
            drop(.unexpected)
        }
    }

    mutating func notAcknowledged(_ sequence: UInt32) {
        if probe?.sequence == sequence { probe?.nacks += 1 }
    }

    /// Nobody reached the member within the time that it had: it is suspected.
    mutating func judge(_ sequence: UInt32, _ now: Instant, _ outputs: inout [Output]) {
        guard let probe, probe.sequence == sequence else { return }
        self.probe = nil
        // Whose helpers do not even say no is perhaps itself the one that is cut off.
        let missing = probe.expectedNacks - probe.nacks
        raiseAwareness(probe.expectedNacks > 0 ? max(0, missing) : 1)
        suspect(
            GossipMessage.Accusation(
                incarnation: probe.incarnation, node: probe.name, from: ownName), now, &outputs)
    }

    mutating func raiseAwareness(_ amount: Int) {
        awareness = min(settings.maxAwareness - 1, awareness + amount)
    }

    // MARK: Pings for others

    mutating func relay(
        _ ping: GossipMessage.IndirectPing, _ sender: ContactAddress, _ now: Instant,
        _ outputs: inout [Output]
    ) {
        guard relays.count < settings.maxRelays else { return drop(.tooMany) }
        let sequence = nextSequence()
        relays[sequence] = Relay(
            sequence: ping.sequence, asker: ping.source ?? sender, wantsNack: ping.wantsNack)
        timers.set(.relay(sequence), at: now + settings.probeTimeout)
        send(
            .ping(GossipMessage.Ping(sequence: sequence, node: ping.node)), to: ping.target,
            &outputs)
    }

    /// The target of somebody's indirect ping was silent. An answer may still come a little late.
    mutating func giveUp(_ sequence: UInt32, _ now: Instant, _ outputs: inout [Output]) {
        guard let relay = relays[sequence] else { return }
        guard relay.wantsNack else {
            relays.removeValue(forKey: sequence)
            return
        }
        relays[sequence] = Relay(
            sequence: relay.sequence, asker: relay.asker, wantsNack: false)
        timers.set(.relay(sequence), at: now + settings.probeInterval)
        send(.nack(sequence: relay.sequence), to: relay.asker, &outputs)
    }

    // MARK: Suspicion

    /// The suspect did not refute in time.
    mutating func convict(_ name: String, _ now: Instant, _ outputs: inout [Output]) {
        guard suspicions.removeValue(forKey: name) != nil, let place = roster.place(of: name),
            roster.standings[place].state == .suspect
        else { return }
        let incarnation = roster.standings[place].incarnation
        bury(
            GossipMessage.Accusation(incarnation: incarnation, node: name, from: ownName), now,
            &outputs)
    }

    mutating func beginSuspicion(_ word: GossipMessage.Accusation, _ now: Instant) {
        let count = roster.count
        let suspicion = Suspicion(
            started: now, least: settings.minSuspicion(count), most: settings.maxSuspicion(count),
            wanted: settings.confirmations(count), accusers: [word.from])
        suspicions[word.node] = suspicion
        timers.set(
            .suspicion(word.node),
            at: now
                + GossipSettings.suspicion(
                    min: suspicion.least, max: suspicion.most, confirmed: 0,
                    wanted: suspicion.wanted))
    }

    /// One more accuser shortens the time; true when it was news.
    mutating func confirm(_ name: String, _ accuser: String, _ now: Instant) -> Bool {
        guard var suspicion = suspicions[name], suspicion.confirmed < suspicion.wanted,
            suspicion.accusers.insert(accuser).inserted
        else { return false }
        suspicion.confirmed += 1
        suspicions[name] = suspicion
        let time = GossipSettings.suspicion(
            min: suspicion.least, max: suspicion.most, confirmed: suspicion.confirmed,
            wanted: suspicion.wanted)
        timers.set(.suspicion(name), at: max(now, suspicion.started + time))
        return true
    }
}
