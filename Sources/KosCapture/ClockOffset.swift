/// How far two captures' clocks are apart, from packets that both have seen, as NTP does (RFC 5905
/// §8): the smallest differences of both directions differ by twice the offset.
package struct ClockOffset: Sendable {
    /// Second clock minus first clock, nanoseconds.
    package let offset: Int64
    /// The truth is within so much of `offset`, if the fastest packets of both directions took
    /// equally long ways: half of what they took together.
    package let uncertainty: Int64

    /// Differences (second time minus first) of the packets of one direction.
    struct Direction: Sendable {
        var least = Int64.max
        var most = Int64.min
        var count = 0

        mutating func add(_ difference: Int64) {
            least = min(least, difference)
            most = max(most, difference)
            count += 1
        }
    }

    /// What two captures have in common.
    struct Evidence: Sendable {
        /// Packets that the hop count says went from the first to the second, and back.
        var forth = Direction()
        var back = Direction()
        /// Both captures are of one hop: nothing says who was first but the clocks. The two
        /// directions of the conversation are kept apart.
        var one = Direction()
        var other = Direction()

        /// `order`: hops in the second capture less hops in the first.
        mutating func add(_ difference: Int64, order: Int, isForward: Bool) {
            if order > 0 {
                forth.add(difference)
            } else if order < 0 {
                back.add(difference)
            } else if isForward {
                one.add(difference)
            } else {
                other.add(difference)
            }
        }
    }

    /// Nil when packets went one way only: their delay cannot be told from the clocks.
    init?(_ evidence: Evidence) {
        var (forth, back) = (evidence.forth, evidence.back)
        if forth.count == 0 || back.count == 0 {
            // A delay makes the differences of the one direction larger, of the other smaller.
            let isOneForth = evidence.one.least >= evidence.other.least
            forth = isOneForth ? evidence.one : evidence.other
            back = isOneForth ? evidence.other : evidence.one
        }
        guard forth.count > 0, back.count > 0 else { return nil }
        offset = forth.least / 2 &+ back.most / 2
        uncertainty = Int64(clamping: (forth.least &- back.most).magnitude / 2)
    }
}
