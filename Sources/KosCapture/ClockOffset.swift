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
        let (one, other) = (evidence.one, evidence.other)
        let pairs = [
            (evidence.forth, evidence.back), (one, other), (other, one), (one, evidence.back),
            (other, evidence.back), (evidence.forth, one), (evidence.forth, other),
        ]
        // No packet arrives before it was sent: a pair that says so is turned round.
        let surest = pairs.compactMap { ClockOffset($0.0, $0.1) }
            .min { $0.uncertainty < $1.uncertainty }
        guard let surest else { return nil }
        self = surest
    }

    private init?(_ forth: Direction, _ back: Direction) {
        guard forth.count > 0, back.count > 0, forth.least >= back.most else { return nil }
        offset = forth.least / 2 &+ back.most / 2
        uncertainty = Int64(clamping: (forth.least &- back.most).magnitude / 2)
    }
}
