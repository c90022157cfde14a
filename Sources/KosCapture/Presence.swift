/// Whether a node was there, judged by what its protocol promises: how often it says hello. A node
/// that lets three intervals pass is away until it is heard again (three lost hellos are what OLSR
/// and Babel wait for, too).
package struct Presence: Sendable {
    private var first: Int64?
    package private(set) var last: Int64?
    /// Between its words, where no protocol says how long that is: smoothed.
    private var usual: Int64 = 0
    private var words = 0
    private var promised: Int64?
    private var away: Int64 = 0

    package init() {}

    /// It was heard; `interval` is what its protocol promises, nanoseconds.
    package mutating func note(_ time: Int64, interval: Int64? = nil) {
        if let interval, interval > 0 { promised = interval }
        guard let before = last else {
            (first, last, words) = (time, time, 1)
            return
        }
        guard time > before else { return }
        let gap = time &- before
        last = time
        if gap > patience {
            away &+= gap &- self.interval
        } else {
            usual = words == 1 ? gap : usual &+ (gap &- usual) / 8
        }
        words &+= 1
    }

    private var interval: Int64 { promised ?? max(usual, 1_000_000_000) }
    private var patience: Int64 { words < 3 && promised == nil ? .max : 3 * min(interval, 1 << 60) }

    /// The share of the time from when it was first heard to `end` in which it was there; nil when
    /// it was heard too rarely to say.
    package func availability(until end: Int64) -> Double? {
        guard let first, let last, end > first, words >= 3 else { return nil }
        var missing = away
        if end &- last > patience { missing &+= end &- last }
        let share = 1 - Double(missing) / Double(end &- first)
        return (max(0, min(1, share)) * 1e4).rounded() / 1e4
    }

    /// Whether it was away at `end`.
    package func isAway(at end: Int64) -> Bool {
        last.map { end &- $0 > patience } ?? false
    }
}

/// Packets missing in a row of sequence numbers of 16 bits that count by one (RFC 1982).
package struct SequenceGaps: Sendable {
    private var next: UInt16?
    package private(set) var heard = 0
    package private(set) var missing = 0

    package init() {}

    package mutating func note(_ sequence: UInt16) {
        guard let next else {
            self.next = sequence &+ 1
            heard = 1
            return
        }
        let ahead = Int16(bitPattern: sequence &- next)
        if ahead >= 0, ahead < 1024 {
            missing += Int(ahead)
            heard += 1
            self.next = sequence &+ 1
        } else if ahead < 0, ahead > -64 {
            // Late, or twice: what was counted as missing has come after all.
            if missing > 0 { missing -= 1 }
            heard += 1
        } else {
            self.next = sequence &+ 1
        }
    }

    package var lossRatio: Double? {
        let all = heard + missing
        return all > 1 ? (Double(missing) / Double(all) * 1e6).rounded() / 1e6 : nil
    }
}
