/// What is believed of whom: memberlist's rules of precedence.
extension Gossip {
    private var isLeaving: Bool {
        if case .no = departure { false } else { true }
    }

    // MARK: Alive

    mutating func welcome(
        _ node: GossipNode, _ incarnation: UInt32, _ now: Instant, _ outputs: inout [Output]
    ) {
        guard node.name != ownName || settings.isObserver else {
            return heardOfSelf(node, incarnation, now, &outputs)
        }
        guard let place = roster.place(of: node.name) else {
            guard roster.count < settings.maxMembers else { return drop(.tooMany) }
            let standing = GossipRoster.Standing(
                state: .alive, incarnation: incarnation, changed: now)
            let place = roster.add(node, standing)
            if isMember { enlist(place) }
            pass(node, incarnation, now)
            return outputs.append(.member(member(place)))
        }
        let known = roster.nodes[place]
        var standing = roster.standings[place]
        let isMoved = known.address != node.address
        if isMoved, standing.state != .left, !serf.isLeaving(node.name) || standing.isLive {
            // Two nodes by one name: the first one keeps it.
            drop(.conflict)
            return outputs.append(.conflict(node))
        }
        guard incarnation > standing.incarnation || isMoved else { return }
        clearSuspicion(node.name)
        let wasLive = standing.isLive
        standing.incarnation = incarnation
        if standing.state != .alive {
            standing.state = .alive
            standing.changed = now
        }
        roster.set(place, standing)
        if !wasLive { serf.returned(node.name) }
        pass(node, incarnation, now)
        guard !wasLive || known != node else { return }
        roster.set(place, node)
        outputs.append(.member(member(place)))
    }

    private mutating func pass(_ node: GossipNode, _ incarnation: UInt32, _ now: Instant) {
        broadcast(
            "member " + node.name, GossipMessage.alive(node, incarnation: incarnation).encoded, now)
    }

    /// Somebody tells of a node by our name: an older self is refuted, another one is a conflict.
    private mutating func heardOfSelf(
        _ node: GossipNode, _ incarnation: UInt32, _ now: Instant, _ outputs: inout [Output]
    ) {
        guard !isLeaving, let place = roster.place(of: ownName) else { return }
        let own = roster.nodes[place]
        guard node.address == own.address else {
            drop(.conflict)
            return outputs.append(.conflict(node))
        }
        let known = roster.standings[place].incarnation
        guard incarnation >= known, incarnation > known || node.meta != own.meta else { return }
        refute(incarnation, now)
    }

    /// Says that this node is alive, louder than `incarnation`.
    mutating func refute(_ incarnation: UInt32, _ now: Instant) {
        guard let place = roster.place(of: ownName) else { return }
        var standing = roster.standings[place]
        let next = max(standing.incarnation, incarnation)
        standing.incarnation = next == .max ? next : next + 1
        roster.set(place, standing)
        raiseAwareness(1)
        pass(roster.nodes[place], standing.incarnation, now)
    }

    mutating func retag(_ tags: [String: String], _ now: Instant, _ outputs: inout [Output]) {
        guard let place = roster.place(of: ownName), isMember else { return }
        var node = roster.nodes[place]
        node.meta = SerfTags.meta(tags)
        guard node.isSound, node != roster.nodes[place] else { return }
        roster.set(place, node)
        var standing = roster.standings[place]
        standing.incarnation = standing.incarnation == .max ? .max : standing.incarnation + 1
        roster.set(place, standing)
        pass(node, standing.incarnation, now)
    }

    // MARK: Suspect

    mutating func suspect(
        _ word: GossipMessage.Accusation, _ now: Instant, _ outputs: inout [Output]
    ) {
        guard let place = roster.place(of: word.node) else { return }
        var standing = roster.standings[place]
        guard word.incarnation >= standing.incarnation else { return }
        let message = GossipMessage.suspect(word).encoded
        if suspicions[word.node] != nil {
            if confirm(word.node, word.from, now) { broadcast("member " + word.node, message, now) }
            return
        }
        guard standing.state == .alive else { return }
        guard word.node != ownName else {
            if !isLeaving { refute(word.incarnation, now) }
            return
        }
        standing.state = .suspect
        standing.incarnation = word.incarnation
        standing.changed = now
        roster.set(place, standing)
        broadcast("member " + word.node, message, now)
        if isMember { beginSuspicion(word, now) }
    }

    private mutating func clearSuspicion(_ name: String) {
        guard suspicions.removeValue(forKey: name) != nil else { return }
        timers.cancel(.suspicion(name))
    }

    // MARK: Dead

    /// Believes that a node is gone: failed, or left when it says so itself.
    mutating func bury(
        _ word: GossipMessage.Accusation, _ now: Instant, _ outputs: inout [Output]
    ) {
        guard let place = roster.place(of: word.node) else { return }
        var standing = roster.standings[place]
        guard word.incarnation >= standing.incarnation else { return }
        clearSuspicion(word.node)
        guard standing.isLive else { return }
        if word.node == ownName, !isLeaving { return refute(word.incarnation, now) }
        broadcast("member " + word.node, GossipMessage.dead(word).encoded, now)
        standing.state = word.from == word.node ? .left : .dead
        standing.incarnation = word.incarnation
        standing.changed = now
        roster.set(place, standing)
        if word.node != ownName { outputs.append(.member(member(place))) }
    }

    // MARK: Whole states

    var entries: [GossipPushPull.Entry] {
        guard isMember else { return [] }
        return roster.nodes.indices.map { place in
            let standing = roster.standings[place]
            return GossipPushPull.Entry(
                node: roster.nodes[place], incarnation: standing.incarnation, state: standing.state)
        }
    }

    mutating func merge(
        _ state: GossipPushPull, _ now: Instant, _ outputs: inout [Output]
    ) {
        for _ in 0..<state.bad { drop(.malformed) }
        // Serf's part first: who has left is then told apart from who has failed.
        if let user = SerfState(state.userState) { learn(user, now, &outputs) }
        for entry in state.entries {
            let name = entry.node.name
            switch entry.state {
            case .alive: welcome(entry.node, entry.incarnation, now, &outputs)
            case .left:
                bury(
                    GossipMessage.Accusation(
                        incarnation: entry.incarnation, node: name, from: name), now, &outputs)
            case .dead where settings.isObserver:
                // An onlooker cannot find out by itself.
                bury(
                    GossipMessage.Accusation(incarnation: entry.incarnation, node: name, from: ""),
                    now, &outputs)
            case .suspect where settings.isObserver:
                welcome(entry.node, entry.incarnation, now, &outputs)
            case .dead, .suspect:
                suspect(
                    GossipMessage.Accusation(
                        incarnation: entry.incarnation, node: name, from: ownName), now, &outputs)
            }
        }
    }
}
