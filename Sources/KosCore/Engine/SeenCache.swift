/// Remembers the last `capacity` to 2 × `capacity` keys: two generations, the older one forgotten
/// when the younger is full or `lifetime` has passed. Bounded, with no work per key beyond one
/// insertion.
package struct SeenCache<Key: Hashable & Sendable>: Sendable {
    package let capacity: Int
    package let lifetime: Duration
    private var young: Set<Key> = []
    private var old: Set<Key> = []
    private var turned: Instant

    package init(capacity: Int, lifetime: Duration, at now: Instant) {
        self.capacity = max(1, capacity)
        self.lifetime = lifetime
        turned = now
    }

    /// True when `key` was not there; it is from now on, for `lifetime` at least unless the cache
    /// is overrun with more than `capacity` keys within it.
    package mutating func insert(_ key: Key, at now: Instant) -> Bool {
        if young.count >= capacity || now - turned > lifetime {
            swap(&young, &old)
            young.removeAll(keepingCapacity: true)
            // After two silent lifetimes the younger generation is stale as well.
            if now - turned > lifetime * 2 { old.removeAll(keepingCapacity: true) }
            turned = now
        }
        guard !old.contains(key) else { return false }
        return young.insert(key).inserted
    }

    package func contains(_ key: Key) -> Bool { young.contains(key) || old.contains(key) }
}
