/// What comes in: packets, and whole messages of streams.
extension Gossip {
    mutating func receive(
        _ octets: [UInt8], _ sender: ContactAddress, _ now: Instant, _ outputs: inout [Output]
    ) {
        guard isMember else { return drop(.unexpected) }
        if case .done = departure { return }
        var bad = 0
        let messages: [GossipMessage]
        do throws(GossipEnvelope.Failure) {
            messages = try envelope.messages(of: octets, bad: &bad)
        } catch {
            return drop(envelope: error.drop)
        }
        for _ in 0..<bad { drop(.malformed) }
        for message in messages { take(message, sender, now, &outputs) }
    }

    private mutating func take(
        _ message: GossipMessage, _ sender: ContactAddress, _ now: Instant,
        _ outputs: inout [Output]
    ) {
        switch message {
        case .ping(let ping):
            guard ping.node.isEmpty || ping.node == ownName else { return drop(.notForUs) }
            send(.ack(sequence: ping.sequence), to: ping.source ?? sender, &outputs)
        case .indirectPing(let ping): relay(ping, sender, now, &outputs)
        case .ack(let sequence): acknowledged(sequence, &outputs)
        case .nack(let sequence): notAcknowledged(sequence)
        case .suspect(let word): suspect(word, now, &outputs)
        case .dead(let word): bury(word, now, &outputs)
        case .alive(let node, let incarnation): welcome(node, incarnation, now, &outputs)
        case .user(let payload): take(user: payload, now, &outputs)
        }
    }

    // MARK: Streams

    /// Answers what somebody sent on a stream.
    mutating func answer(
        _ id: Int, _ octets: [UInt8], _ sender: ContactAddress, _ now: Instant,
        _ outputs: inout [Output]
    ) {
        var reply: [UInt8] = []
        defer { outputs.append(.answer(id, reply)) }
        guard isMember else { return drop(.unexpected) }
        let body: [UInt8]
        do throws(GossipEnvelope.Failure) {
            body = try envelope.message(ofStream: octets)
        } catch {
            return drop(envelope: error.drop)
        }
        switch body.first {
        case GossipMessage.Kind.pushPull:
            guard let state = GossipPushPull(body) else { return drop(.malformed) }
            reply = envelope.stream(ownState(isJoin: false))
            merge(state, now, &outputs)
        case GossipMessage.Kind.ping:
            guard case .ping(let ping)? = GossipMessage(body[...]) else { return drop(.malformed) }
            guard ping.node.isEmpty || ping.node == ownName else { return drop(.notForUs) }
            reply = envelope.stream(GossipMessage.ack(sequence: ping.sequence).encoded)
        case GossipMessage.Kind.user:
            var reader = MessagePackReader(body, from: 1)
            guard let length = try? GossipPushPull.userLength(&reader),
                let payload = try? reader.take(length)
            else { return drop(.malformed) }
            take(user: Array(payload), now, &outputs)
        default: drop(.malformed)
        }
    }

    private func ownState(isJoin: Bool) -> [UInt8] {
        let state = GossipPushPull(
            entries: entries, isJoin: isJoin, userState: isMember ? serfState.encoded : []
        ).encoded
        return state.count > 512 ? GossipEnvelope.compressed(state) : state
    }

    /// Exchanges whole states with a member.
    mutating func exchange(
        _ purpose: Purpose, _ address: ContactAddress, _ now: Instant, _ outputs: inout [Output]
    ) {
        guard streams.count < 64 else { return drop(.tooMany) }
        var isJoin = false
        if case .join = purpose { isJoin = isMember }
        open(purpose, ownState(isJoin: isJoin), address, now, &outputs)
    }

    /// It is time to exchange states with somebody.
    mutating func exchangeStates(_ now: Instant, _ outputs: inout [Output]) {
        let pause =
            settings.isObserver
            ? settings.observeInterval : settings.pushPullPause(roster.count)
        timers.set(.exchange, at: now + pause)
        if case .done = departure { return }
        let chosen = chance(1) { roster, place in roster.standings[place].state == .alive }
        if let place = chosen.first {
            exchange(.exchange, roster.nodes[place].address, now, &outputs)
        } else if let seed = seeds.randomElement(using: &random) {
            // Alone: those who were there at first may be back.
            exchange(.exchange, seed, now, &outputs)
        }
    }

    mutating func replied(
        _ id: Int, _ octets: [UInt8], _ now: Instant, _ outputs: inout [Output]
    ) {
        guard let purpose = streams.removeValue(forKey: id) else { return drop(.unexpected) }
        timers.cancel(.stream(id))
        let body: [UInt8]
        do throws(GossipEnvelope.Failure) {
            body = try envelope.message(ofStream: octets)
        } catch {
            drop(envelope: error.drop)
            return missed(purpose, "its answer is \(error.drop.rawValue)", &outputs)
        }
        switch purpose {
        case .probe(let sequence):
            guard case .ack(sequence)? = GossipMessage(body[...]) else { return drop(.malformed) }
            if probe?.sequence == sequence { acknowledged(sequence, &outputs) }
        case .join, .exchange:
            guard let state = GossipPushPull(body) else {
                if body.first == GossipMessage.Kind.error {
                    return missed(purpose, "it refused: \(errorText(body))", &outputs)
                }
                drop(.malformed)
                return missed(purpose, "its answer cannot be read", &outputs)
            }
            if let version = strangeVersion(state) {
                return missed(purpose, "it speaks protocol \(version)", &outputs)
            }
            merge(state, now, &outputs)
            if settings.isObserver, timers.deadline(of: .exchange) == nil {
                timers.set(.exchange, at: now + settings.observeInterval)
            }
            guard case .join(let address) = purpose else { return }
            if isMember { announceJoin(now) }
            outputs.append(.joined(address, members: state.entries.count))
        }
    }

    private func errorText(_ body: [UInt8]) -> String {
        var reader = MessagePackReader(body, from: 1)
        guard let count = try? reader.map(), count == 1, (try? reader.text()) != nil,
            let text = try? reader.text()
        else { return "no reason given" }
        return String(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F })
    }

    /// The current version of a member that speaks none that we understand.
    private func strangeVersion(_ state: GossipPushPull) -> UInt8? {
        for entry in state.entries where entry.state == .alive && entry.node.versions.count == 6 {
            let current = entry.node.versions[2]
            if !(GossipNode.versions[0]...GossipNode.versions[1]).contains(current) {
                return current
            }
        }
        return nil
    }

    private mutating func missed(
        _ purpose: Purpose, _ reason: String, _ outputs: inout [Output]
    ) {
        if case .join(let address) = purpose { outputs.append(.refused(address, reason)) }
    }

    mutating func failed(_ id: Int, _ now: Instant, _ outputs: inout [Output]) {
        guard let purpose = streams.removeValue(forKey: id) else { return }
        timers.cancel(.stream(id))
        missed(purpose, "no answer", &outputs)
    }
}
