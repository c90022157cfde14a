import KosCapture
import Testing

@Suite("Presence and sequence numbers") struct PresenceTests {
    private static let second: Int64 = 1_000_000_000

    @Test func aNodeThatLetsThreeIntervalsPassIsAway() {
        var presence = Presence()
        for number in 0..<30 {
            presence.note(Int64(number) * 2 * PresenceTests.second, interval: 2_000_000_000)
        }
        #expect(presence.availability(until: 58 * PresenceTests.second) == 1)
        #expect(!presence.isAway(at: 63 * PresenceTests.second))
        #expect(presence.isAway(at: 70 * PresenceTests.second))
        #expect(presence.availability(until: 116 * PresenceTests.second) == 0.5)
    }

    @Test func aNodeThatComesBackWasAway() {
        var presence = Presence()
        for number in 0..<11 { presence.note(Int64(number) * PresenceTests.second) }
        for number in 30..<41 { presence.note(Int64(number) * PresenceTests.second) }
        // Of 40 seconds it was away for 20, less the one that it may be silent.
        #expect(presence.availability(until: 40 * PresenceTests.second) == 0.525)
    }

    @Test func tooFewWordsSayNothing() {
        var presence = Presence()
        presence.note(0)
        presence.note(5)
        #expect(presence.availability(until: 100) == nil)
    }

    @Test func gapsAreCountedAcrossTheWrap() {
        var gaps = SequenceGaps()
        for number: UInt16 in [65_533, 65_534, 0, 1, 3, 2] { gaps.note(number) }
        // 65535 never came; 2 came late.
        #expect(gaps.missing == 1)
        #expect(gaps.heard == 6)
    }
}
