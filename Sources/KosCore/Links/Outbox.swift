/// What waits for one link whose other end does not read fast enough: a queue for each class,
/// bounded in octets and in time.
///
/// Control goes first; the others share by deficit round robin (Shreedhar and Varghese 1996). Data
/// that has waited too long for too long is dropped from the front, ever faster (CoDel, RFC 8289):
/// a queue that only ever stands full helps nobody.
package struct Outbox: Sendable {
    package struct Settings: Sendable, Hashable {
        /// Octets that may wait for one link.
        package var maxOctets = 1 << 20
        /// Waiting time that is borne at any time.
        package var target = Duration.milliseconds(50)
        /// How long more than that is borne.
        package var interval = Duration.milliseconds(500)
        package init() {}
    }

    /// Whole lines that came together.
    package struct Parcel: Sendable {
        package let octets: [UInt8]
        package let count: Int
        let since: Instant
    }

    /// Packets that were dropped, by reason.
    package struct Drops: Sendable {
        package var overflow = 0
        package var delayed = 0
    }

    private struct Lane: Sendable {
        var parcels: [Parcel] = []
        var head = 0
        var deficit = 0
        /// CoDel: since when the wait has been above the target; when the next one is dropped.
        var aboveUntil: Instant?
        var dropNext: Instant = .zero
        var dropCount = 0
        var isDropping = false

        var isEmpty: Bool { head == parcels.count }
        var first: Parcel? { isEmpty ? nil : parcels[head] }

        mutating func popFirst() -> Parcel? {
            guard !isEmpty else { return nil }
            let parcel = parcels[head]
            head += 1
            if head == parcels.count || head > 64 && head > parcels.count / 2 {
                parcels.removeFirst(head)
                head = 0
            }
            return parcel
        }
    }

    private let settings: Settings
    private var lanes = TrafficClass.allCases.map { _ in Lane() }
    /// Whose turn it is.
    private var turn = TrafficClass.urgent.rawValue
    /// Octets that wait.
    package private(set) var octets = 0
    /// Packets that wait.
    package var count: Int {
        lanes.reduce(0) { $0 + $1.parcels[$1.head...].reduce(0) { $0 + $1.count } }
    }
    /// Whether the link takes nothing for now.
    package var isBlocked = false
    package private(set) var drops = Drops()

    package init(_ settings: Settings) { self.settings = settings }

    package var isEmpty: Bool { octets == 0 }

    package mutating func takeDrops() -> Drops {
        defer { drops = Drops() }
        return drops
    }

    /// Queues lines; where room is short the oldest of the least urgent class goes.
    package mutating func append(
        _ lines: [UInt8], count: Int, _ kind: TrafficClass, at now: Instant
    ) {
        while octets + lines.count > settings.maxOctets {
            // What is coming is the least urgent itself, and nothing less urgent is there.
            guard let victim = lanes.lastIndex(where: { !$0.isEmpty }), victim >= kind.rawValue,
                let parcel = lanes[victim].popFirst()
            else {
                drops.overflow += count
                return
            }
            octets -= parcel.octets.count
            drops.overflow += parcel.count
        }
        octets += lines.count
        lanes[kind.rawValue].parcels.append(Parcel(octets: lines, count: count, since: now))
    }

    /// Takes out what goes next, up to about `budget` octets.
    package mutating func take(_ budget: Int, at now: Instant) -> [Parcel] {
        var taken: [Parcel] = []
        var left = budget
        func give(_ parcel: Parcel) {
            taken.append(parcel)
            left -= parcel.octets.count
        }
        while left > 0, let parcel = lanes[0].popFirst() {
            octets -= parcel.octets.count
            give(parcel)
        }
        var idle = 0
        while left > 0, octets > 0, idle < 256 {
            idle += 1
            if !lanes[turn].isEmpty { lanes[turn].deficit += TrafficClass.allCases[turn].quantum }
            while left > 0, let first = lanes[turn].first,
                first.octets.count <= lanes[turn].deficit
            {
                idle = 0
                guard let parcel = next(of: turn, at: now) else { break }
                lanes[turn].deficit -= parcel.octets.count
                give(parcel)
            }
            if lanes[turn].isEmpty { lanes[turn].deficit = 0 }
            // With the budget used up the class goes on with what is left of its share.
            guard left > 0 else { break }
            turn = turn == lanes.count - 1 ? TrafficClass.urgent.rawValue : turn + 1
        }
        return taken
    }

    /// The first of a class that has not waited too long (RFC 8289 §5.3).
    private mutating func next(of lane: Int, at now: Instant) -> Parcel? {
        guard var parcel = pop(lane) else { return nil }
        guard isLate(parcel, lane, at: now) else {
            lanes[lane].isDropping = false
            return parcel
        }
        if !lanes[lane].isDropping {
            lanes[lane].isDropping = true
            // Dropping again soon after: go on at about the rate that was right.
            let isRecent = now - lanes[lane].dropNext < settings.interval * 16
            lanes[lane].dropCount =
                isRecent && lanes[lane].dropCount > 2 ? lanes[lane].dropCount - 2 : 0
            lanes[lane].dropNext = now
        }
        while lanes[lane].isDropping, lanes[lane].dropNext <= now {
            drops.delayed += parcel.count
            lanes[lane].dropCount += 1
            let root = Double(lanes[lane].dropCount).squareRoot()
            let pause = Int64(Double(settings.interval.nanoseconds) / root)
            lanes[lane].dropNext = lanes[lane].dropNext + .nanoseconds(pause)
            guard let following = pop(lane) else {
                lanes[lane].isDropping = false
                return nil
            }
            parcel = following
            if !isLate(parcel, lane, at: now) { lanes[lane].isDropping = false }
        }
        return parcel
    }

    private mutating func pop(_ lane: Int) -> Parcel? {
        guard let parcel = lanes[lane].popFirst() else { return nil }
        octets -= parcel.octets.count
        return parcel
    }

    /// Whether waits have been above the target for a whole interval.
    private mutating func isLate(_ parcel: Parcel, _ lane: Int, at now: Instant) -> Bool {
        guard now - parcel.since > settings.target, !lanes[lane].isEmpty else {
            lanes[lane].aboveUntil = nil
            return false
        }
        guard let until = lanes[lane].aboveUntil else {
            lanes[lane].aboveUntil = now + settings.interval
            return false
        }
        return now >= until
    }
}
