import KosCore
import Testing

@Suite struct LinkBudgetTests {
    private func budget(_ factor: Int, _ bandwidthHz: Int) throws -> LinkBudget {
        LinkBudget(
            modulation: try LoRaModulation(spreadingFactor: factor, bandwidthHz: bandwidthHz),
            frequencyHz: 868_000_000)
    }

    @Test func sensitivityAtNoiseFigureSix() throws {
        for (factor, expected) in zip(7...12, [-124.5, -127.0, -129.5, -132.0, -134.5, -137.0]) {
            #expect(abs(try budget(factor, 125_000).sensitivityDbm - expected) < 0.06)
            #expect(abs(try budget(factor, 250_000).sensitivityDbm - expected - 3) < 0.06)
            #expect(abs(try budget(factor, 500_000).sensitivityDbm - expected - 6) < 0.06)
        }
    }

    @Test func freeSpaceLoss() throws {
        #expect(abs(try budget(7, 125_000).pathLossDb(meters: 1000) - 91.2) < 0.05)
        #expect(abs(try budget(7, 125_000).pathLossDb(meters: 10_000) - 111.2) < 0.05)
    }

    @Test func marginIsNothingAtTheRange() throws {
        for exponent in [2.0, 2.7, 3.5] {
            var budget = try budget(9, 125_000)
            budget.pathLossExponent = exponent
            #expect(abs(budget.marginDb(meters: budget.rangeMeters)) < 1e-6)
        }
    }

    @Test func decibelsGoBothWays() {
        #expect(Decibel.of(1000).map { abs($0 - 30) < 1e-12 } == true)
        #expect(Decibel.of(2).map { abs($0 - 3.010_299_956_639_812) < 1e-12 } == true)
        #expect(Decibel.of(0) == nil)
        #expect(Decibel.of(-1) == nil)
        for decibels in stride(from: -200.0, through: 200, by: 7.3) {
            let back = Decibel.of(Decibel.ratio(decibels)) ?? .infinity
            #expect(abs(back - decibels) < 1e-9)
        }
    }
}
