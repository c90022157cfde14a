/// Serf's knowledge: Lamport clocks, who said that it leaves, what was told already.
struct SerfLedger: Sendable {
    struct Status: Hashable, Sendable {
        var time: UInt64
        var isLeaving: Bool
    }
    /// Events and queries that are remembered, so that each is told once.
    static let remembered = 512

    private(set) var clock: UInt64 = 1
    private(set) var eventClock: UInt64 = 1
    private(set) var queryClock: UInt64 = 1
    private(set) var statuses: [String: Status] = [:]
    private var events = SeenCache<SerfEvent>(
        capacity: SerfLedger.remembered, lifetime: .seconds(3600), at: .zero)
    private var queries = SeenCache<[UInt64]>(
        capacity: SerfLedger.remembered, lifetime: .seconds(3600), at: .zero)

    func isLeaving(_ name: String) -> Bool { statuses[name]?.isLeaving == true }

    mutating func forget(_ name: String) { statuses.removeValue(forKey: name) }

    /// A member that had gone is back.
    mutating func returned(_ name: String) { statuses[name]?.isLeaving = false }

    /// The next time of the clock of intents.
    mutating func tick() -> UInt64 {
        clock = SerfLedger.after(clock)
        return clock
    }

    mutating func eventTick() -> UInt64 {
        defer { eventClock = SerfLedger.after(eventClock) }
        return eventClock
    }

    /// A clock is never behind what was seen. One that would run over stands still.
    private static func after(_ time: UInt64) -> UInt64 { time >= .max - 1 ? time : time + 1 }

    mutating func witness(_ time: UInt64) {
        if time >= clock { clock = SerfLedger.after(time) }
    }

    mutating func witness(eventTime time: UInt64) {
        if time >= eventClock { eventClock = SerfLedger.after(time) }
    }

    mutating func witness(queryTime time: UInt64) {
        if time >= queryClock { queryClock = SerfLedger.after(time) }
    }

    /// Takes an intent; false when it is not newer than what is known, or there are too many.
    mutating func take(_ name: String, _ status: Status, limit: Int) -> Bool {
        if let known = statuses[name] {
            guard status.time > known.time else { return false }
        } else if statuses.count >= limit {
            return false
        }
        statuses[name] = status
        return true
    }

    /// True when an event is news, and not from too long ago to know.
    mutating func isNews(_ event: SerfEvent, at now: Instant) -> Bool {
        guard event.time &+ UInt64(SerfLedger.remembered) >= eventClock else { return false }
        return events.insert(event, at: now)
    }

    mutating func isNews(_ query: SerfQuery, at now: Instant) -> Bool {
        guard query.time &+ UInt64(SerfLedger.remembered) >= queryClock else { return false }
        return queries.insert([query.time, query.id], at: now)
    }
}

/// The Serf layer: intents, events, queries, and taking leave.
extension Gossip {
    mutating func take(user octets: [UInt8], _ now: Instant, _ outputs: inout [Output]) {
        guard let message = SerfMessage(octets) else { return drop(.malformed) }
        let key = "user \(message.key)"
        switch message {
        case .leave(let time, let node):
            guard takeLeave(of: node, time, now, &outputs) else { return }
            broadcast(key, [GossipMessage.Kind.user] + octets, now)
        case .join(let time, let node):
            guard takeJoin(of: node, time) else { return }
            broadcast(key, [GossipMessage.Kind.user] + octets, now)
        case .event(let event):
            serf.witness(eventTime: event.time)
            guard serf.isNews(event, at: now) else { return }
            outputs.append(.event(event))
            broadcast(key, [GossipMessage.Kind.user] + octets, now)
        case .query(let query):
            serf.witness(queryTime: query.time)
            guard serf.isNews(query, at: now) else { return }
            if query.isRebroadcast { broadcast(key, [GossipMessage.Kind.user] + octets, now) }
            guard !query.isFiltered, let asker = query.asker, asker.isUsable else { return }
            if query.wantsAcknowledgement {
                send(.user(query.acknowledgement(from: ownName)), to: asker, &outputs)
            }
            guard let request = SerfKeyRequest(query) else { return }
            let answer = rotate(request, &outputs)
            send(.user(query.answer(answer, from: ownName)), to: asker, &outputs)
        case .other: return
        }
    }

    private mutating func takeLeave(
        of node: String, _ time: UInt64, _ now: Instant, _ outputs: inout [Output]
    ) -> Bool {
        serf.witness(time)
        if node == ownName, isMember {
            // Somebody remembers an earlier self that left.
            guard case .no = departure else { return false }
            announceJoin(now)
            return false
        }
        let status = SerfLedger.Status(time: time, isLeaving: true)
        guard serf.take(node, status, limit: 2 * settings.maxMembers) else { return false }
        // A node that had failed has left after all.
        if let place = roster.place(of: node), roster.standings[place].state == .dead {
            outputs.append(.member(member(place)))
        }
        return true
    }

    private mutating func takeJoin(of node: String, _ time: UInt64) -> Bool {
        serf.witness(time)
        return serf.take(
            node, SerfLedger.Status(time: time, isLeaving: false), limit: 2 * settings.maxMembers)
    }

    var serfState: SerfState {
        var times: [String: UInt64] = [:]
        var left: [String] = []
        for node in roster.nodes { times[node.name] = serf.statuses[node.name]?.time ?? 0 }
        for place in roster.nodes.indices
        where !roster.standings[place].isLive && member(place).status == .left {
            left.append(roster.nodes[place].name)
        }
        return SerfState(
            time: serf.clock, eventTime: serf.eventClock, queryTime: serf.queryClock,
            statusTimes: times, left: left)
    }

    mutating func learn(_ state: SerfState, _ now: Instant, _ outputs: inout [Output]) {
        // A state tells the next time of its clocks.
        if state.time > 0 { serf.witness(state.time - 1) }
        if state.eventTime > 0 { serf.witness(eventTime: state.eventTime - 1) }
        if state.queryTime > 0 { serf.witness(queryTime: state.queryTime - 1) }
        let left = Set(state.left)
        for (name, time) in state.statusTimes.sorted(by: { $0.key < $1.key }) {
            if left.contains(name) {
                _ = takeLeave(of: name, time, now, &outputs)
            } else if name != ownName {
                _ = takeJoin(of: name, time)
            }
        }
    }

    mutating func announceJoin(_ now: Instant) {
        let time = serf.clock
        _ = serf.take(
            ownName, SerfLedger.Status(time: time, isLeaving: false),
            limit: 2 * settings.maxMembers)
        let message = SerfMessage.join(time: time, node: ownName)
        broadcast("intent", GossipMessage.user(message.encoded).encoded, now)
    }

    mutating func tell(_ name: String, _ payload: [UInt8], _ now: Instant) {
        let event = SerfEvent(time: serf.eventTick(), name: name, payload: payload)
        _ = serf.isNews(event, at: now)
        let message = SerfMessage.event(event)
        broadcast(
            "user \(message.key)", GossipMessage.user(message.encoded).encoded, now)
    }

    // MARK: Leave

    /// Longest that each half of a departure waits for its message to go round.
    private var patience: Duration { .seconds(5) }

    mutating func takeLeave(_ now: Instant, _ outputs: inout [Output]) {
        guard case .no = departure else { return }
        guard isMember, roster.liveCount > 1 else {
            departure = .done
            return outputs.append(.departed)
        }
        let message = SerfMessage.leave(time: serf.tick(), node: ownName)
        departure = .announced(until: now + patience)
        broadcast("intent", GossipMessage.user(message.encoded).encoded, now)
        timers.set(.departure, at: now + settings.gossipInterval)
    }

    /// First the intent, then the word of one's own end, then silence: each when it went round.
    mutating func proceedDeparture(_ now: Instant, _ outputs: inout [Output]) {
        switch departure {
        case .no, .done: return
        case .announced(let until):
            if now < until, broadcasts.contains("intent") { break }
            guard let place = roster.place(of: ownName) else { return }
            departure = .dead(until: now + patience)
            bury(
                GossipMessage.Accusation(
                    incarnation: roster.standings[place].incarnation, node: ownName, from: ownName),
                now, &outputs)
        case .dead(let until):
            if now < until, broadcasts.contains("member " + ownName) { break }
            departure = .done
            return outputs.append(.departed)
        }
        timers.set(.departure, at: now + settings.gossipInterval)
    }
}

extension SerfMessage {
    /// A text that tells user messages apart; equal ones replace each other while they wait.
    fileprivate var key: String {
        switch self {
        case .leave(let time, let node): "leave \(time) \(node)"
        case .join(let time, let node): "join \(time) \(node)"
        case .event(let event): "event \(event.time) \(event.name) \(event.payload)"
        case .query(let query): "query \(query.time) \(query.id)"
        case .other(let kind): "other \(kind)"
        }
    }
}
