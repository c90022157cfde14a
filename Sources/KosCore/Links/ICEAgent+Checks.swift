/// Connectivity checks of a full agent (RFC 8445 §6.1.4, §7, §8).
extension ICEAgent {
    /// Pairs a candidate of the other side with each socket that could reach it.
    mutating func learn(_ candidate: ICECandidate, at now: Instant) {
        guard !settings.isLite, Set(pairs.map(\.path.remote)).count < ICEAgent.maxRemotes else {
            return
        }
        for (base, own) in bases.enumerated() {
            add(Path(base: base, remote: candidate.address), own, candidate.priority, at: now)
        }
    }

    @discardableResult
    private mutating func add(
        _ path: Path, _ own: ICECandidate, _ priority: UInt32, at now: Instant
    ) -> Int? {
        if let known = pairs.firstIndex(where: { $0.path == path }) { return known }
        guard pairs.count < ICEAgent.maxPairs,
            own.address.ip.isIPv6 == path.remote.ip.isIPv6,
            own.address.ip.isLoopback == path.remote.ip.isLoopback
        else { return nil }
        pairs.append(Pair(path: path, remotePriority: priority, localPriority: own.priority))
        if nextCheck == nil, selected == nil { nextCheck = now }
        return pairs.count - 1
    }

    /// A good request has come over a path: that way round it works (§7.3.1.3 … §7.3.1.5).
    mutating func meet(
        _ path: Path, priority: UInt32, isNominated: Bool, at now: Instant,
        into outputs: inout [Output]
    ) {
        guard let index = add(path, bases[path.base], priority, at: now) else { return }
        if isNominated, !isControlling {
            pairs[index].isNominated = true
            if pairs[index].state == .succeeded { select(path, at: now, into: &outputs) }
        }
        guard pairs[index].state != .succeeded, !triggered.contains(index), selected == nil else {
            return
        }
        if pairs[index].state == .inProgress, !isNominated { return }
        triggered.append(index)
        nextCheck = min(nextCheck ?? now, now)
    }

    mutating func sendNextCheck(at now: Instant, into outputs: inout [Output]) {
        guard let due = nextCheck, now >= due, remote != nil else { return }
        let next =
            triggered.isEmpty
            ? pairs.indices.filter { pairs[$0].state == .waiting }.max { rank($0) < rank($1) }
            : triggered.removeFirst()
        guard let next else {
            nextCheck = nil
            return
        }
        check(next, nominates: false, at: now, into: &outputs)
        nextCheck = now + settings.pace
    }

    private func rank(_ index: Int) -> UInt64 {
        pairs[index].priority(isControlling: isControlling)
    }

    private mutating func check(
        _ index: Int, nominates: Bool, at now: Instant, into outputs: inout [Output]
    ) {
        guard let remote else { return }
        let pair = pairs[index]
        if pair.state != .succeeded { pairs[index].state = .inProgress }
        let id = transaction()
        let role =
            isControlling ? STUNMessage.Name.iceControlling : STUNMessage.Name.iceControlled
        var attributes = [
            STUNMessage.Attribute(
                STUNMessage.Name.username,
                Array("\(remote.fragment):\(settings.local.fragment)".utf8)),
            STUNMessage.number(
                STUNMessage.Name.priority,
                ICECandidate.priority(.peerReflexive, rank: pair.path.base)),
            STUNMessage.number(role, settings.tieBreaker),
        ]
        if nominates {
            attributes.append(STUNMessage.Attribute(STUNMessage.Name.useCandidate, []))
        }
        let octets = STUNMessage.encode(
            .request, transaction: id, attributes,
            integrity: (remote.key, settings.authenticator))
        let wait = selected == nil ? settings.repeatAfter : settings.consentInterval
        checks[id] = Check(pair: index, octets: octets, nominates: nominates, next: now + wait)
        outputs.append(.send(octets, pair.path))
    }

    mutating func repeatChecks(at now: Instant, into outputs: inout [Output]) {
        let due = checks.filter { $0.value.next <= now }
        for (id, check) in due.sorted(by: { $0.value.pair < $1.value.pair }) {
            // One that looks after consent is followed by another one anyhow.
            guard check.tries < ICEAgent.maxTries, selected == nil else {
                checks[id] = nil
                if pairs[check.pair].state == .inProgress { pairs[check.pair].state = .failed }
                continue
            }
            checks[id]?.tries += 1
            checks[id]?.next = now + settings.repeatAfter * (1 << check.tries)
            outputs.append(.send(check.octets, pairs[check.pair].path))
        }
    }

    /// An answer (§7.2.5).
    mutating func settle(
        _ answer: STUNMessage, _ path: Path, at now: Instant, into outputs: inout [Output]
    ) {
        guard let check = checks[answer.transaction], let remote else {
            return outputs.append(.refused(.unknownTransaction, from: path.remote))
        }
        guard answer.isIntact(key: remote.key, settings.authenticator) else {
            return outputs.append(.refused(.wrongIntegrity, from: path.remote))
        }
        checks[answer.transaction] = nil
        guard pairs[check.pair].path == path else {
            // §7.2.5.2.1: such a pair is not symmetric.
            pairs[check.pair].state = .failed
            return outputs.append(.refused(.wrongSource, from: path.remote))
        }
        guard answer.kind == .success else {
            if answer.errorCode == 487 {
                settings.isControlling.toggle()
                triggered.append(check.pair)
                nextCheck = now
            } else {
                pairs[check.pair].state = .failed
            }
            return
        }
        pairs[check.pair].state = .succeeded
        if selected == path { consentUntil = now + settings.consentPatience }
        if check.nominates || pairs[check.pair].isNominated && !isControlling {
            return select(path, at: now, into: &outputs)
        }
        guard isControlling, !isNominating, selected == nil else { return }
        let isBest = pairs.indices.allSatisfy {
            pairs[$0].state == .failed || rank($0) <= rank(check.pair)
        }
        if isBest {
            nominate(at: now, into: &outputs)
        } else if nominationTime == nil {
            nominationTime = now + settings.nominationDelay
        }
    }

    /// The controlling agent chooses the best of the pairs that work (§8.1.1).
    mutating func nominate(at now: Instant, into outputs: inout [Output]) {
        nominationTime = nil
        let good = pairs.indices.filter { pairs[$0].state == .succeeded }
        guard isControlling, selected == nil, let best = good.max(by: { rank($0) < rank($1) })
        else { return }
        isNominating = true
        check(best, nominates: true, at: now, into: &outputs)
        // Until it is answered, or given up, for another try.
        nominationTime = now + settings.repeatAfter * 4
    }

    /// RFC 7675: asks whether what is sent is still wanted.
    mutating func keepConsent(at now: Instant, into outputs: inout [Output]) {
        guard let due = nextConsent, now >= due else { return }
        // 0.8 … 1.2 of the interval, so that nobody keeps step (§5.1).
        let jitter = Int64(transaction().first ?? 0) * 400 / 255 + 800
        nextConsent =
            now + .nanoseconds(settings.consentInterval.nanoseconds / 1000 * jitter)
        guard let index = pairs.firstIndex(where: { $0.path == selected }) else { return }
        check(index, nominates: isControlling, at: now, into: &outputs)
    }
}
