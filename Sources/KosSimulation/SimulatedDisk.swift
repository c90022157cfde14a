package import KosCore

/// The disk under a journal: what was committed outlives a crash, what was not is gone.
package struct SimulatedDisk: Sendable {
    private var log: [(at: Instant, request: Custody.Request)] = []
    private var busyUntil = Instant.zero
    private var random: SplitMix64
    /// Share of the commits that fail, as on a full disk.
    private let failure: Double

    package init(seed: UInt64, failure: Double) {
        random = SplitMix64(seed: seed)
        self.failure = failure
    }

    /// Begins to write; the answer is due at the time beside it. Commits end in their order.
    package mutating func take(
        _ request: Custody.Request, at now: Instant
    ) -> (answer: Custody.Answer, at: Instant)? {
        busyUntil = max(now, busyUntil) + .microseconds(Int.random(in: 200...8000, using: &random))
        switch request {
        case .remove:
            log.append((busyUntil, request))
            return nil
        case .store(let item):
            guard random.unit() >= failure else { return (.failed([item.name]), busyUntil) }
            log.append((busyUntil, request))
            return (.stored([item.name]), busyUntil)
        }
    }

    /// The power goes: what remains, in the order in which it came.
    package mutating func crash(at now: Instant) -> [Custody.Item] {
        var items: [Custody.Name: Custody.Item] = [:]
        var order: [Custody.Name] = []
        for entry in log where entry.at <= now {
            switch entry.request {
            case .store(let item):
                if items.updateValue(item, forKey: item.name) == nil { order.append(item.name) }
            case .remove(let name): items[name] = nil
            }
        }
        let left = order.compactMap { items.removeValue(forKey: $0) }
        log = left.map { (now, .store($0)) }
        busyUntil = now
        return left
    }
}
