import KosCore
import Testing

/// What waits for a link: bounded, the urgent first, nobody starved, nothing that has waited long.
@Suite struct OutboxTests {
    private static func fill(
        _ outbox: inout Outbox, _ count: Int, _ kind: TrafficClass, octets: Int = 1000,
        at now: Instant = .zero
    ) {
        for _ in 0..<count {
            outbox.append(
                Array(repeating: UInt8(kind.rawValue), count: octets), count: 1, kind, at: now)
        }
    }

    private static func kinds(_ parcels: [Outbox.Parcel]) -> [Int] {
        parcels.map { Int($0.octets.first ?? 255) }
    }

    @Test func controlGoesFirstAndTheOthersShare() {
        var outbox = Outbox(Outbox.Settings())
        for kind in TrafficClass.allCases.reversed() { OutboxTests.fill(&outbox, 200, kind) }
        let kinds = OutboxTests.kinds(outbox.take(1 << 20, at: .zero))
        #expect(kinds.count == 800)
        #expect(kinds.prefix(200).allSatisfy { $0 == 0 })
        // Of the first round of the others: 64, 32 and 16 KiB.
        let round = kinds[200..<312]
        for (kind, share) in [(1, 65), (2, 32), (3, 16)] {
            let count = round.count { $0 == kind }
            #expect(abs(count - share) <= 1, "\(kind)")
        }
        #expect(outbox.isEmpty)
    }

    @Test func theOldestOfTheLeastUrgentIsDroppedFirst() {
        var settings = Outbox.Settings()
        settings.maxOctets = 10_000
        var outbox = Outbox(settings)
        OutboxTests.fill(&outbox, 5, .bulk)
        OutboxTests.fill(&outbox, 5, .normal)
        OutboxTests.fill(&outbox, 3, .urgent)
        #expect(outbox.drops.overflow == 3 && outbox.octets == 10_000 && outbox.count == 10)
        OutboxTests.fill(&outbox, 1, .bulk)
        OutboxTests.fill(&outbox, 4, .control)
        OutboxTests.fill(&outbox, 1, .bulk)
        let drops = outbox.takeDrops()
        #expect(drops.overflow == 9 && drops.delayed == 0)
        let kinds = OutboxTests.kinds(outbox.take(1 << 20, at: .zero))
        #expect(kinds == [0, 0, 0, 0, 1, 1, 1, 2, 2, 2])
    }

    @Test func aQueueThatOnlyStandsIsThinnedOut() {
        var outbox = Outbox(Outbox.Settings())
        var now = Instant.zero
        var out = 0
        // Fed as fast as it is read, with a second's worth standing in it all the time.
        OutboxTests.fill(&outbox, 200, .normal, at: now)
        for _ in 0..<4000 {
            now = now + .milliseconds(5)
            OutboxTests.fill(&outbox, 1, .normal, at: now)
            out += outbox.take(1, at: now).count
        }
        let drops = outbox.takeDrops()
        #expect(drops.overflow == 0 && drops.delayed > 100)
        #expect(out + drops.delayed + outbox.count == 4200)
        #expect(outbox.count < 60, "the wait has come down towards the target")
    }

    @Test func aShortWaitCostsNothing() {
        var outbox = Outbox(Outbox.Settings())
        var now = Instant.zero
        for _ in 0..<100 {
            OutboxTests.fill(&outbox, 8, .bulk, at: now)
            now = now + .milliseconds(40)
            #expect(OutboxTests.kinds(outbox.take(1 << 20, at: now)).count == 8)
        }
        #expect(outbox.drops.delayed == 0)
    }

    @Test func aParcelLargerThanAShareGoesAllTheSame() {
        var outbox = Outbox(Outbox.Settings())
        OutboxTests.fill(&outbox, 1, .bulk, octets: 1 << 20)
        #expect(OutboxTests.kinds(outbox.take(1000, at: .zero)) == [3])
    }

    @Test func aDebtIsPaidOffAtTheRate() {
        var bucket = TokenBucket(rate: 100, burst: 100, at: .zero)
        let waits = [50, 50, 100].map { bucket.spend(Double($0), at: .zero) }
        #expect(waits == [.zero, .zero, .seconds(1)])
        let later = bucket.spend(0, at: .zero + .milliseconds(400))
        #expect(later == .milliseconds(600))
    }
}
