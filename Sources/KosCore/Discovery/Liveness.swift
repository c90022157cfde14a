/// Whether peers that never take leave are still there: each is asked at 80 % of its time to live
/// unless it was heard again, and once more at 90 % (RFC 6762 §5.2); at 100 % it is unreachable.
///
/// Who is unreachable is asked on, with growing pauses, until the method itself forgets it: its
/// name may stay listed for 75 minutes, and it may be back before. Asking is the driver's: the
/// outcome of an `ask` comes back as `answered` or as nothing.
package struct Liveness: Engine {
    package enum Input: Sendable {
        /// Heard of, or heard again.
        case heard(Sighting)
        /// One of its addresses answered what was asked last.
        case answered(Sighting.Source)
        /// The method itself says that it is gone.
        case gone(Sighting.Source)
        /// Everything is asked now: the network is another one, or this host slept.
        case disturbed
    }
    package enum Output: Hashable, Sendable {
        case ask(Sighting.Source, [PeerAddress])
        case unreachable(Sighting.Source)
        /// It was unreachable and answers again.
        case back(Sighting)
    }
    private enum Phase: Sendable {
        case fresh, asked, askedAgain, unreachable
    }
    private struct Entry: Sendable {
        var sighting: Sighting
        var phase = Phase.fresh
        var end: Instant
        var backoff = Backoff(first: .seconds(10), cap: .seconds(300))
    }
    /// Those beyond are not asked.
    private static let maxEntries = 4096
    /// Of one source's addresses.
    private static let maxAddresses = 4
    /// From the question to the verdict, at least.
    private static let patience = Duration.seconds(2)

    private let lifetime: Duration
    private let isFixed: Bool
    private var entries: [Sighting.Source: Entry] = [:]
    private var timers = Timers<Sighting.Source>()
    private var random: SplitMix64

    /// `lifetime` is that of peers that say none themselves, or with `isFixed` of all, also of
    /// those that cannot be asked.
    package init(lifetime: Duration, isFixed: Bool, seed: UInt64) {
        self.lifetime = lifetime
        self.isFixed = isFixed
        random = SplitMix64(seed: seed)
    }

    package var nextDeadline: Instant? { timers.next }

    package mutating func handle(_ input: Input, at now: Instant, into outputs: inout [Output]) {
        switch input {
        case .heard(let sighting):
            guard isFixed || sighting.addresses.contains(where: Liveness.canAsk) else { return }
            guard entries[sighting.source] != nil || entries.count < Liveness.maxEntries else {
                return
            }
            renew(sighting, now)
        case .answered(let source):
            guard let entry = entries[source], entry.phase != .fresh else { return }
            if entry.phase == .unreachable { outputs.append(.back(entry.sighting)) }
            renew(entry.sighting, now)
        case .gone(let source):
            entries[source] = nil
            timers.cancel(source)
        case .disturbed:
            for (source, entry) in entries.sorted(by: { $0.key < $1.key })
            where entry.phase == .fresh {
                // Over two seconds, so that a full list does not go out at once.
                let wait = Int64.random(in: 0...2_000_000_000, using: &random)
                entries[source]?.end = now + Liveness.patience * 3
                timers.set(source, at: now + .nanoseconds(wait))
            }
        }
    }

    package mutating func advance(to now: Instant, into outputs: inout [Output]) {
        while let source = timers.popDue(at: now) {
            guard var entry = entries[source] else { continue }
            let left = entry.end - now
            switch entry.phase {
            case .fresh:
                entry.phase = .asked
                timers.set(source, at: now + max(Liveness.patience, left * 0.5))
                ask(entry.sighting, &outputs)
            case .asked:
                entry.phase = .askedAgain
                timers.set(source, at: now + max(Liveness.patience, left))
                ask(entry.sighting, &outputs)
            case .askedAgain:
                entry.phase = .unreachable
                timers.set(source, at: now + entry.backoff.next(using: &random))
                outputs.append(.unreachable(source))
            case .unreachable:
                timers.set(source, at: now + entry.backoff.next(using: &random))
                ask(entry.sighting, &outputs)
            }
            entries[source] = entry
        }
    }

    private func ask(_ sighting: Sighting, _ outputs: inout [Output]) {
        let addresses = sighting.addresses.filter(Liveness.canAsk).prefix(Liveness.maxAddresses)
        if !addresses.isEmpty { outputs.append(.ask(sighting.source, Array(addresses))) }
    }

    /// Only a connection tells a host that is silent from one that has nothing to say.
    private static func canAsk(_ address: PeerAddress) -> Bool {
        [.tcp, .tls, .ws, .wss, .http, .https].contains(address.type) && address.port != nil
    }

    private mutating func renew(_ sighting: Sighting, _ now: Instant) {
        let own = sighting.ttlMs.map { Duration.milliseconds($0) }
        let whole = isFixed ? lifetime : own ?? lifetime
        entries[sighting.source] = Entry(sighting: sighting, end: now + whole)
        timers.set(sighting.source, at: now + whole * 0.8)
    }
}
