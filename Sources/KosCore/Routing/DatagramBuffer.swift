/// Datagrams that wait for a route, first in, first out, bounded in number and time.
package struct DatagramBuffer: Sendable {
    package struct Held: Sendable {
        package let datagram: Datagram
        package let until: Instant
    }

    package let capacity: Int
    package let capacityEach: Int
    private var waiting: [RouterAddress: [Held]] = [:]
    package private(set) var count = 0

    package init(capacity: Int = 256, each: Int = 64) {
        self.capacity = capacity
        capacityEach = each
    }

    /// False when there is no room: the newest is refused, so that order is kept.
    package mutating func hold(_ datagram: Datagram, until: Instant) -> Bool {
        guard count < capacity, waiting[datagram.destination, default: []].count < capacityEach
        else {
            return false
        }
        waiting[datagram.destination, default: []].append(Held(datagram: datagram, until: until))
        count += 1
        return true
    }

    package func isWaiting(for destination: RouterAddress) -> Bool { waiting[destination] != nil }

    /// Takes out everything for `destination`.
    package mutating func take(_ destination: RouterAddress) -> [Datagram] {
        let held = waiting.removeValue(forKey: destination) ?? []
        count -= held.count
        return held.map(\.datagram)
    }

    /// Takes out what has waited too long, oldest destination first by address.
    package mutating func takeExpired(at now: Instant) -> [Datagram] {
        var expired: [Datagram] = []
        for destination in waiting.keys.sorted() {
            guard let held = waiting[destination], held.contains(where: { $0.until <= now }) else {
                continue
            }
            expired += held.filter { $0.until <= now }.map(\.datagram)
            let kept = held.filter { $0.until > now }
            waiting[destination] = kept.isEmpty ? nil : kept
        }
        count -= expired.count
        return expired
    }

    package var nextExpiry: Instant? {
        waiting.values.compactMap { $0.map(\.until).min() }.min()
    }

    package var destinations: [RouterAddress] { waiting.keys.sorted() }
}
