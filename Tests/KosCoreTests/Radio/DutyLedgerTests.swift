import KosCore
import Testing

@Suite struct DutyLedgerTests {
    static let boot = "one"

    static func at(_ ms: Int64, wallStep: Int64 = 0, boot: String = boot) -> LedgerTime {
        LedgerTime(
            wall: Timestamp(milliseconds: 1_795_337_440_000 + ms + wallStep), boot: boot,
            sinceBootMs: 1_000_000 + ms)
    }

    static func sent(
        _ ms: Int64, _ airtime: Int64 = 56_576, band: String = "g1", frequencyHz: Int = 868_100_000,
        radio: String = "a", boot: String = boot, region: String = "EU868"
    ) -> Transmission {
        Transmission(
            sent: at(ms, boot: boot), radio: radio, region: region, subBand: band,
            frequencyHz: frequencyHz, airtime: airtime)
    }

    static func account(
        _ band: String = "g1", radio: String? = nil, frequencyHz: Int? = nil,
        region: LoRaRegion = .eu868
    ) throws -> DutyAccount {
        DutyAccount(
            region: region, subBand: try region.subBand(named: band), radio: radio,
            frequencyHz: frequencyHz)
    }

    /// The manual's example: 200 packets of 56.576 ms in a band of 1 %.
    @Test func twoHundredPackets() throws {
        var ledger = DutyLedger()
        for index in 0..<200 { ledger.record(DutyLedgerTests.sent(Int64(index) * 1000)) }
        let now = DutyLedgerTests.at(200_000)
        let account = try DutyLedgerTests.account()
        #expect(ledger.used(account, at: now) == 11_315_200)
        let record = BudgetRecord(
            timestamp: now.wall, account: account, used: 11_315_200,
            packet: BudgetRecord.Packet(
                airtime: 56_576, milliseconds: 56.576,
                verdict: ledger.verdict(airtime: 56_576, account, at: now)))
        #expect(record.packetsLeft == 436)
        #expect(record.remaining == 24_684_800)
    }

    /// Whatever was sent before, a frame that is let go keeps every hour within its share.
    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64]) func noHourIsOverdrawn(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var ledger = DutyLedger()
        let account = try DutyLedgerTests.account()
        var now: Int64 = 0
        var sent: [(at: Int64, airtime: Int64)] = []
        var waited = 0
        for _ in 0..<400 {
            now += Int64.random(in: 0...20_000, using: &random)
            let airtime = Int64.random(in: 20_000...2_500_000, using: &random)
            switch ledger.verdict(airtime: airtime, account, at: DutyLedgerTests.at(now)) {
            case .free: break
            case .wait(let ms):
                waited += 1
                let early = DutyLedgerTests.at(now + ms - 1)
                #expect(ledger.verdict(airtime: airtime, account, at: early) != .free)
                now += ms
                let due = DutyLedgerTests.at(now)
                #expect(ledger.verdict(airtime: airtime, account, at: due) == .free)
            case .never: Issue.record("2.5 s fit into 36 s (seed \(seed))")
            }
            ledger.record(DutyLedgerTests.sent(now, airtime))
            _ = ledger.settle(at: DutyLedgerTests.at(now))
            sent.append((now, airtime))
            let hour = sent.filter { $0.at > now - 3_600_000 }.reduce(0) { $0 + $1.airtime }
            #expect(hour <= 36_000_000, "seed \(seed)")
        }
        #expect(waited > 0, "seed \(seed): the limit was never met")
    }

    @Test func clockStepsWithinOneBootDoNotMatter() throws {
        var ledger = DutyLedger()
        ledger.record(DutyLedgerTests.sent(0, 36_000_000))
        let account = try DutyLedgerTests.account()
        for step: Int64 in [-86_400_000, 0, 86_400_000] {
            let now = DutyLedgerTests.at(60_000, wallStep: step)
            #expect(ledger.used(account, at: now) == 36_000_000)
            #expect(ledger.verdict(airtime: 1000, account, at: now) == .wait(3_576_000))
        }
    }

    @Test func aClockThatWasAheadBeforeTheBootBlocksOneWindowOnly() throws {
        var ledger = DutyLedger()
        ledger.record(DutyLedgerTests.sent(1_000_000_000_000, 36_000_000, boot: "before"))
        let account = try DutyLedgerTests.account()
        #expect(ledger.used(account, at: DutyLedgerTests.at(0)) == 36_000_000)
        let isChanged = ledger.settle(at: DutyLedgerTests.at(0))
        #expect(isChanged)
        let later = DutyLedgerTests.at(3_640_000)
        #expect(ledger.used(account, at: later) == 0)
    }

    @Test func aRestartGivesNothingBack() throws {
        var ledger = DutyLedger()
        ledger.record(DutyLedgerTests.sent(0, 36_000_000, boot: "before"))
        let account = try DutyLedgerTests.account()
        let now = LedgerTime(
            wall: DutyLedgerTests.at(600_000).wall, boot: "after", sinceBootMs: 5000)
        #expect(ledger.used(account, at: now) == 36_000_000)
    }

    @Test func radiosAndBandsCountForThemselves() throws {
        var ledger = DutyLedger()
        ledger.record(DutyLedgerTests.sent(0, 1000, radio: "a"))
        ledger.record(DutyLedgerTests.sent(0, 2000, radio: "b"))
        ledger.record(DutyLedgerTests.sent(0, 4000, band: "g3", radio: "a"))
        let now = DutyLedgerTests.at(1)
        #expect(ledger.used(try DutyLedgerTests.account(), at: now) == 3000)
        #expect(ledger.used(try DutyLedgerTests.account(radio: "b"), at: now) == 2000)
        #expect(ledger.used(try DutyLedgerTests.account("g3"), at: now) == 4000)
    }

    @Test func dwellCountsOneChannel() throws {
        var ledger = DutyLedger()
        ledger.record(
            DutyLedgerTests.sent(
                0, 300_000, band: "hop50", frequencyHz: 902_300_000, region: "US915"))
        let now = DutyLedgerTests.at(1000)
        func verdict(_ frequencyHz: Int, _ airtime: Int64) throws -> DutyLedger.Verdict {
            ledger.verdict(
                airtime: airtime,
                try DutyLedgerTests.account(
                    "hop50", frequencyHz: frequencyHz, region: .us915), at: now)
        }
        #expect(try verdict(902_500_000, 300_000) == .free)
        #expect(try verdict(902_300_000, 300_000) == .wait(19_300))
        #expect(try verdict(902_300_000, 100_000) == .free)
        #expect(try verdict(902_500_000, 400_001) == .never(400_000))
    }

    @Test func theLedgerStaysBoundedAndNeverForgetsAirtime() throws {
        var ledger = DutyLedger()
        let many = DutyLedger.capacity * 3
        for index in 0..<many { ledger.record(DutyLedgerTests.sent(Int64(index) / 100, 1000)) }
        #expect(ledger.entries.count <= DutyLedger.capacity)
        let used = ledger.used(try DutyLedgerTests.account(), at: DutyLedgerTests.at(1000))
        #expect(used == Int64(many) * 1000)
    }
}
