/// The sending half of fragmentation, for every link whose frames are shorter than a packet: what
/// the pieces are, and which of them the other end has confirmed (selective repeat). When to send
/// what is the link's affair.
package struct FragmentedBody: Sendable {
    private let whole: [UInt8]
    private let room: Int
    package private(set) var confirmed: FragmentSet

    /// Nil when `body` does not fit into `limit` fragments of `room` octets.
    package init?(_ body: [UInt8], room: Int, limit: Int) {
        guard room > 0, body.count + 4 <= room * limit else { return nil }
        let sum = CRC32.sum(body)
        whole = body + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: sum >> $0) }
        self.room = room
        confirmed = FragmentSet(count: (whole.count + room - 1) / room)
    }

    package var count: Int { confirmed.count }
    package var octets: Int { whole.count }

    package func fragment(_ index: Int) -> ArraySlice<UInt8> {
        let start = min(whole.count, max(0, index) * room)
        return whole[start..<min(whole.count, start + room)]
    }

    /// Takes an acknowledgement; the indices that it confirmed for the first time.
    package mutating func confirm(_ received: FragmentSet) -> [Int] {
        guard received.count == count else { return [] }
        return confirmed.missing.filter { received.contains($0) && confirmed.insert($0) }
    }
}

/// The receiving half: transfers that are half done, bounded in number, octets and time.
package struct FragmentReceiver: Sendable {
    private struct Transfer: Sendable {
        var parts: [[UInt8]]
        var received: FragmentSet
        var touched: Instant
        var octets = 0
    }
    private struct Name: Hashable, Sendable {
        let transfer: UInt32
        let count: Int
    }
    package struct Limits: Sendable {
        package var transfers = 16
        package var octets = 65_536
        /// Complete transfers that are remembered: a late fragment or request is answered with all
        /// bits set.
        package var done = 64
        package init() {}
    }

    private let limits: Limits
    private var open: [UInt32: Transfer] = [:]
    private var waiting = 0
    private var done: SeenCache<Name>
    private var swept = Instant.zero
    /// Transfers that were dropped half done, and complete ones with a wrong checksum.
    package private(set) var dropped = 0
    package private(set) var damaged = 0
    package let lifetime: Duration

    package init(lifetime: Duration, limits: Limits = Limits()) {
        self.lifetime = lifetime
        self.limits = limits
        done = SeenCache(capacity: limits.done, lifetime: lifetime * 4, at: .zero)
    }

    /// The packet, when this fragment completes it.
    package mutating func take(
        transfer: UInt32, index: Int, count: Int, data: [UInt8], at now: Instant
    ) -> [UInt8]? {
        expire(at: now)
        let name = Name(transfer: transfer, count: count)
        guard (0..<count).contains(index), !done.contains(name) else { return nil }
        guard count > 1 else { return finish(data, name, at: now) }
        if let old = open[transfer], old.received.count != count { drop(transfer) }
        if open[transfer] == nil {
            if open.count >= limits.transfers { dropOldest() }
            open[transfer] = Transfer(
                parts: Array(repeating: [], count: count), received: FragmentSet(count: count),
                touched: now)
        }
        open[transfer]?.touched = now
        guard open[transfer]?.received.insert(index) == true else { return nil }
        open[transfer]?.parts[index] = data
        open[transfer]?.octets += data.count
        waiting += data.count
        guard open[transfer]?.received.isComplete == true else {
            while waiting > limits.octets { dropOldest() }
            return nil
        }
        guard let entry = open.removeValue(forKey: transfer) else { return nil }
        waiting -= entry.octets
        return finish(entry.parts.flatMap { $0 }, name, at: now)
    }

    private mutating func finish(_ whole: [UInt8], _ name: Name, at now: Instant) -> [UInt8]? {
        let sum = whole.suffix(4).reduce(0) { $0 << 8 | UInt32($1) }
        let body = Array(whole.dropLast(4))
        guard whole.count > 4, CRC32.sum(body) == sum else {
            damaged += 1
            return nil
        }
        _ = done.insert(name, at: now)
        return body
    }

    /// What has arrived of a transfer; nil when nothing is known of it.
    package func received(_ transfer: UInt32, _ count: Int) -> FragmentSet? {
        if done.contains(Name(transfer: transfer, count: count)) { return .all(count) }
        guard let entry = open[transfer], entry.received.count == count else { return nil }
        return entry.received
    }

    private mutating func expire(at now: Instant) {
        guard !open.isEmpty, now - swept >= lifetime * 0.25 else { return }
        swept = now
        for (transfer, entry) in open where now - entry.touched >= lifetime { drop(transfer) }
    }

    private mutating func drop(_ transfer: UInt32) {
        guard let entry = open.removeValue(forKey: transfer) else { return }
        waiting -= entry.octets
        dropped += 1
    }

    private mutating func dropOldest() {
        guard let oldest = open.min(by: { $0.value.touched < $1.value.touched }) else { return }
        drop(oldest.key)
    }
}
