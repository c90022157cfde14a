package import KosCore

/// A server of subjects with a key-value bucket, as relays use NATS: delivers to who has
/// subscribed, says when nobody has, keeps the last value of a key for a while. What it holds is
/// gone when it stops.
package struct SimulatedBroker: Sendable {
    package private(set) var isRunning = true
    private var connected: Set<Int> = []
    private var subjects: [String: Set<Int>] = [:]
    private var bucket: [String: (octets: [UInt8], until: Instant)] = [:]

    package init() {}

    package mutating func connect(_ member: Int) -> Bool {
        guard isRunning else { return false }
        return connected.insert(member).inserted
    }

    package mutating func disconnect(_ member: Int) {
        connected.remove(member)
        for subject in subjects.keys { subjects[subject]?.remove(member) }
    }

    /// It stops; those who lose their connections.
    package mutating func stop() -> [Int] {
        defer { self = SimulatedBroker(isRunning: false) }
        return connected.sorted()
    }

    package mutating func start() { isRunning = true }

    private init(isRunning: Bool) { self.isRunning = isRunning }

    /// Does what a member wants; who gets what of it.
    package mutating func take(
        _ output: BackplaneSession.Output, from member: Int, at now: Instant
    ) -> [(member: Int, message: BackplaneSession.Message)] {
        guard connected.contains(member) else { return [] }
        switch output {
        case .subscribe(let subject): subjects[subject, default: []].insert(member)
        case .unsubscribe(let subject): subjects[subject]?.remove(member)
        case .publish(let subject, let reply, let isDeletion, let octets):
            if subject.hasPrefix("$JS.API.") {
                return answer(subject, reply, to: member, at: now)
            }
            if subject.hasPrefix("$KV.") {
                bucket[subject] = isDeletion ? nil : (octets, now + Attachments.lifetime)
            }
            return deliver(
                .init(subject: subject, reply: reply, isDeletion: isDeletion, octets: octets),
                from: member)
        case .event, .note, .listed: break
        }
        return []
    }

    private func deliver(
        _ message: BackplaneSession.Message, from member: Int
    ) -> [(member: Int, message: BackplaneSession.Message)] {
        let others = (subjects[message.subject] ?? []).subtracting([member])
        if others.isEmpty, let reply = message.reply {
            return [(member, .init(subject: reply, status: 503, octets: []))]
        }
        return others.sorted().map { ($0, message) }
    }

    private func answer(
        _ subject: String, _ reply: String?, to member: Int, at now: Instant
    ) -> [(member: Int, message: BackplaneSession.Message)] {
        guard let reply else { return [] }
        let prefix = "$JS.API.DIRECT.GET.KV_\(BackplaneSubjects.bucket)."
        guard subject.hasPrefix(prefix) else {
            return [(member, .init(subject: reply, octets: Array("{}".utf8)))]
        }
        let entry = bucket[String(subject.dropFirst(prefix.utf8.count))]
        guard let entry, entry.until > now else {
            return [(member, .init(subject: reply, status: 404, octets: []))]
        }
        return [(member, .init(subject: reply, octets: entry.octets))]
    }
}
