/// Deadlines keyed by name: one a key, a later `set` replaces the earlier.
///
/// A binary heap with lazy deletion; a key that was cancelled or moved leaves a stale entry that is
/// skipped when it surfaces. Stale entries are swept when they outnumber the live ones.
package struct Timers<Key: Hashable & Sendable>: Sendable {
    private struct Entry: Sendable {
        let deadline: Instant
        let key: Key
        let serial: UInt64
    }
    private var heap: [Entry] = []
    private var live: [Key: (deadline: Instant, serial: UInt64)] = [:]
    private var serial: UInt64 = 0

    package init() {}

    package var count: Int { live.count }
    package var next: Instant? { heap.first?.deadline }

    package func deadline(of key: Key) -> Instant? { live[key]?.deadline }

    package mutating func set(_ key: Key, at deadline: Instant) {
        serial &+= 1
        live[key] = (deadline, serial)
        push(Entry(deadline: deadline, key: key, serial: serial))
        if heap.count > 64, heap.count > 2 * live.count { sweep() }
        dropStale()
    }

    package mutating func cancel(_ key: Key) {
        guard live.removeValue(forKey: key) != nil else { return }
        dropStale()
    }

    /// Takes out and returns one key whose deadline is at or before `now`, the earliest first
    /// (of equal deadlines the one that was set first).
    package mutating func popDue(at now: Instant) -> Key? {
        dropStale()
        guard let first = heap.first, first.deadline <= now else { return nil }
        live.removeValue(forKey: first.key)
        popFirst()
        dropStale()
        return first.key
    }

    private func isStale(_ entry: Entry) -> Bool { live[entry.key]?.serial != entry.serial }

    private mutating func dropStale() {
        while let first = heap.first, isStale(first) { popFirst() }
    }

    private mutating func sweep() {
        let kept = heap.filter { !isStale($0) }
        heap = []
        heap.reserveCapacity(kept.count)
        for entry in kept { push(entry) }
    }

    private func precedes(_ left: Entry, _ right: Entry) -> Bool {
        (left.deadline, left.serial) < (right.deadline, right.serial)
    }

    private mutating func push(_ entry: Entry) {
        heap.append(entry)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard precedes(heap[child], heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func popFirst() {
        guard let last = heap.popLast(), !heap.isEmpty else { return }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if precedes(heap[child], heap[least]) { least = child }
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
