import KosCore
import Testing

@Suite struct LivenessTests {
    private func sighting(_ key: String, ttlMs: Int? = nil, type: TransportType = .tcp) throws
        -> Sighting
    {
        var sighting = Sighting(
            source: Sighting.Source(.mdns, key), nodeId: try #require(NodeID("bravo")),
            addresses: [PeerAddress(type: type, address: "10.0.0.1", port: 47470)],
            capabilities: [], trust: .opaque)
        sighting.ttlMs = ttlMs
        return sighting
    }

    /// What comes out, with its time in ms, when nothing answers until `end` ms.
    private func run(_ liveness: inout Liveness, until end: Int64) -> [(Int64, Liveness.Output)] {
        var all: [(Int64, Liveness.Output)] = []
        while let deadline = liveness.nextDeadline, deadline.nanoseconds <= end * 1_000_000 {
            var outputs: [Liveness.Output] = []
            liveness.advance(to: deadline, into: &outputs)
            all += outputs.map { (deadline.nanoseconds / 1_000_000, $0) }
        }
        return all
    }

    private func at(_ milliseconds: Int64) -> Instant {
        Instant(nanoseconds: milliseconds * 1_000_000)
    }

    @Test func aSilentPeerIsAskedAt80And90PercentAndGoneAt100() throws {
        var liveness = Liveness(lifetime: .seconds(120), isFixed: false, seed: 1)
        var outputs: [Liveness.Output] = []
        let bravo = try sighting("a", ttlMs: 60_000)
        liveness.handle(.heard(bravo), at: at(0), into: &outputs)
        let told = run(&liveness, until: 61_000)
        #expect(outputs.isEmpty)
        #expect(told.map(\.0) == [48_000, 54_000, 60_000])
        #expect(
            told.map(\.1) == [
                .ask(bravo.source, bravo.addresses), .ask(bravo.source, bravo.addresses),
                .unreachable(bravo.source),
            ])
    }

    @Test func anAnswerOrAWordRenewsAndAnUnreachablePeerComesBack() throws {
        var liveness = Liveness(lifetime: .seconds(60), isFixed: false, seed: 2)
        var outputs: [Liveness.Output] = []
        let bravo = try sighting("a")
        liveness.handle(.heard(bravo), at: at(0), into: &outputs)
        #expect(run(&liveness, until: 50_000).map(\.0) == [48_000])
        liveness.handle(.answered(bravo.source), at: at(50_000), into: &outputs)
        #expect(outputs.isEmpty)
        #expect(run(&liveness, until: 100_000).map(\.0) == [98_000])
        liveness.handle(.heard(bravo), at: at(100_000), into: &outputs)
        let told = run(&liveness, until: 170_000)
        #expect(told.map(\.0).prefix(3) == [148_000, 154_000, 160_000])
        // Asked on, and back as soon as it answers.
        #expect(told.dropFirst(3).allSatisfy { $0.1 == .ask(bravo.source, bravo.addresses) })
        #expect(told.count > 3)
        liveness.handle(.answered(bravo.source), at: at(170_000), into: &outputs)
        #expect(outputs == [.back(bravo)])
    }

    @Test func whoTakesLeaveIsNotAskedAndPausesGrow() throws {
        var liveness = Liveness(lifetime: .seconds(10), isFixed: false, seed: 3)
        var outputs: [Liveness.Output] = []
        let bravo = try sighting("a")
        liveness.handle(.heard(bravo), at: at(0), into: &outputs)
        liveness.handle(.heard(try sighting("b")), at: at(0), into: &outputs)
        liveness.handle(.gone(Sighting.Source(.mdns, "b")), at: at(1), into: &outputs)
        let told = run(&liveness, until: 7_200_000)
        #expect(told.allSatisfy { $0.1 != .unreachable(Sighting.Source(.mdns, "b")) })
        // Two hours of silence: doubling from 10 s to five minutes, not thousands of questions.
        #expect((20...60).contains(told.count))
    }

    @Test func onlyConnectionsTellAndAFixedTimeHoldsForAll() throws {
        let datagrams = try sighting("u", ttlMs: 1000, type: .udp)
        var liveness = Liveness(lifetime: .seconds(10), isFixed: false, seed: 4)
        var outputs: [Liveness.Output] = []
        liveness.handle(.heard(datagrams), at: at(0), into: &outputs)
        #expect(liveness.nextDeadline == nil)
        var fixed = Liveness(lifetime: .seconds(20), isFixed: true, seed: 4)
        fixed.handle(.heard(datagrams), at: at(0), into: &outputs)
        let told = run(&fixed, until: 21_000)
        #expect(told.map(\.0) == [20_000] && told.map(\.1) == [.unreachable(datagrams.source)])
    }

    @Test func afterADisturbanceAllAreAskedAndOnlyThoseThatAreSilentLeave() throws {
        var liveness = Liveness(lifetime: .seconds(3600), isFixed: false, seed: 5)
        var outputs: [Liveness.Output] = []
        let kept = try sighting("kept")
        let lost = try sighting("lost")
        liveness.handle(.heard(kept), at: at(0), into: &outputs)
        liveness.handle(.heard(lost), at: at(0), into: &outputs)
        liveness.handle(.disturbed, at: at(10_000), into: &outputs)
        var told = run(&liveness, until: 12_100)
        #expect(
            Set(told.map(\.1)) == [
                .ask(kept.source, kept.addresses), .ask(lost.source, lost.addresses),
            ])
        liveness.handle(.answered(kept.source), at: at(12_100), into: &outputs)
        told = run(&liveness, until: 30_000)
        #expect(told.contains { $0.1 == .unreachable(lost.source) })
        #expect(!told.contains { $0.1 == .unreachable(kept.source) })
    }
}
