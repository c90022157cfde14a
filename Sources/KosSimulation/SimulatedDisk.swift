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

    /// The power goes: what remains, in the order in which it came. The tail of what was being
    /// written is torn off somewhere: of writes that nobody was told of the first few may be there.
    package mutating func crash(at now: Instant) -> [Custody.Item] {
        var items: [Custody.Name: Custody.Item] = [:]
        var order: [Custody.Name] = []
        let settled = log.prefix { $0.at <= now }.count
        let left = Int.random(in: settled...log.count, using: &random)
        for entry in log.prefix(left) {
            switch entry.request {
            case .store(let item):
                if items.updateValue(item, forKey: item.name) == nil { order.append(item.name) }
            case .remove(let name): items[name] = nil
            }
        }
        let remains = order.compactMap { items.removeValue(forKey: $0) }
        log = remains.map { (now, .store($0)) }
        busyUntil = now
        return remains
    }
}
