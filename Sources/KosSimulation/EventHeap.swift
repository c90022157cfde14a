package import KosCore

/// What is going to happen, earliest first; of equal times, what was scheduled first.
///
/// A four-way heap of plain 24-octet entries: what an event carries lies in the caller's tables, so
/// that sifting moves no references.
package struct EventHeap: Sendable {
    package struct Entry: Hashable, Sendable {
        package let time: Instant
        package let serial: UInt64
        /// The caller's kind of event, and which of that kind.
        package let kind: UInt32
        package let index: UInt32

        @inline(__always)
        fileprivate func precedes(_ other: Entry) -> Bool {
            time.nanoseconds == other.time.nanoseconds
                ? serial < other.serial : time.nanoseconds < other.time.nanoseconds
        }
    }

    private var entries: [Entry] = []
    private var serial: UInt64 = 0

    package init() {}

    package var count: Int { entries.count }
    package var next: Instant? { entries.first?.time }

    package mutating func push(_ time: Instant, kind: UInt32, index: UInt32) {
        serial &+= 1
        let entry = Entry(time: time, serial: serial, kind: kind, index: index)
        entries.append(entry)
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 4
            guard entry.precedes(entries[parent]) else { break }
            entries[child] = entries[parent]
            child = parent
        }
        entries[child] = entry
    }

    /// The earliest entry, if it is not later than `limit`.
    package mutating func pop(until limit: Instant) -> Entry? {
        guard let first = entries.first, first.time <= limit, let last = entries.popLast() else {
            return nil
        }
        if !entries.isEmpty { sink(last) }
        return first
    }

    /// Puts `entry` where the root was and lets it sink.
    private mutating func sink(_ entry: Entry) {
        let count = entries.count
        var parent = 0
        while true {
            let start = 4 * parent + 1
            guard start < count else { break }
            var least = start
            var child = start + 1
            let end = min(start + 4, count)
            while child < end {
                if entries[child].precedes(entries[least]) { least = child }
                child += 1
            }
            guard entries[least].precedes(entry) else { break }
            entries[parent] = entries[least]
            parent = least
        }
        entries[parent] = entry
    }
}
