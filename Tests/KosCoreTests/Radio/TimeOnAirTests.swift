import KosCore
import Testing

/// Reference values of five independent implementations: LoRaMac-node's sx126x and sx1276 drivers,
/// libloragw, The Things Network's calculator, pamoja; several stand in those projects' own tests.
@Suite struct TimeOnAirTests {
    struct Reference: CustomTestStringConvertible, Sendable {
        let bytes: Int
        let factor: Int
        let kilohertz: Int
        let denominator: Int
        let preamble: Int
        let milliseconds: Double
        var explicit = true
        var crc = true
        var chip = LoRaChip.sx126x
        var rule = LowDataRateRule.symbolTime
        var testDescription: String { "\(bytes) B SF\(factor)/\(kilohertz) 4/\(denominator)" }
    }

    static let references: [Reference] = [
        Reference(
            bytes: 10, factor: 7, kilohertz: 125, denominator: 5, preamble: 8, milliseconds: 41.216),
        Reference(
            bytes: 14, factor: 7, kilohertz: 125, denominator: 5, preamble: 8, milliseconds: 46.336),
        Reference(
            bytes: 16, factor: 7, kilohertz: 125, denominator: 5, preamble: 8, milliseconds: 51.456),
        Reference(
            bytes: 25, factor: 7, kilohertz: 125, denominator: 5, preamble: 8, milliseconds: 61.696),
        Reference(
            bytes: 25, factor: 7, kilohertz: 250, denominator: 5, preamble: 8, milliseconds: 30.848),
        Reference(
            bytes: 16, factor: 7, kilohertz: 125, denominator: 8, preamble: 8, milliseconds: 69.888),
        Reference(
            bytes: 25, factor: 7, kilohertz: 250, denominator: 8, preamble: 8, milliseconds: 43.136),
        Reference(
            bytes: 14, factor: 8, kilohertz: 125, denominator: 5, preamble: 8, milliseconds: 82.432),
        Reference(
            bytes: 10, factor: 8, kilohertz: 125, denominator: 5, preamble: 8, milliseconds: 72.192,
            explicit: false),
        Reference(
            bytes: 10, factor: 8, kilohertz: 125, denominator: 6, preamble: 10,
            milliseconds: 82.432, explicit: false),
        Reference(
            bytes: 20, factor: 9, kilohertz: 125, denominator: 7, preamble: 8, milliseconds: 226.304
        ),
        Reference(
            bytes: 11, factor: 10, kilohertz: 500, denominator: 5, preamble: 8, milliseconds: 72.192
        ),
        Reference(
            bytes: 14, factor: 11, kilohertz: 125, denominator: 5, preamble: 8,
            milliseconds: 659.456),
        Reference(
            bytes: 25, factor: 11, kilohertz: 125, denominator: 5, preamble: 8,
            milliseconds: 823.296),
        Reference(
            bytes: 10, factor: 12, kilohertz: 500, denominator: 6, preamble: 8,
            milliseconds: 264.192),
        Reference(
            bytes: 50, factor: 12, kilohertz: 125, denominator: 6, preamble: 8,
            milliseconds: 2629.632),
        Reference(
            bytes: 1, factor: 7, kilohertz: 125, denominator: 5, preamble: 8, milliseconds: 25.856,
            crc: false),
        Reference(
            bytes: 50, factor: 12, kilohertz: 125, denominator: 5, preamble: 8,
            milliseconds: 2301.952),
        Reference(
            bytes: 51, factor: 12, kilohertz: 125, denominator: 5, preamble: 8,
            milliseconds: 2465.792),
        Reference(
            bytes: 13, factor: 12, kilohertz: 125, denominator: 5, preamble: 8,
            milliseconds: 1155.072),
        Reference(
            bytes: 0, factor: 12, kilohertz: 125, denominator: 5, preamble: 8, milliseconds: 663.552
        ),
        Reference(
            bytes: 222, factor: 7, kilohertz: 125, denominator: 5, preamble: 8,
            milliseconds: 348.416),
        Reference(
            bytes: 222, factor: 8, kilohertz: 125, denominator: 5, preamble: 8,
            milliseconds: 614.912),
        Reference(
            bytes: 222, factor: 9, kilohertz: 125, denominator: 5, preamble: 8,
            milliseconds: 1106.944),
        Reference(
            bytes: 222, factor: 10, kilohertz: 125, denominator: 5, preamble: 8,
            milliseconds: 2009.088),
        Reference(
            bytes: 222, factor: 11, kilohertz: 125, denominator: 5, preamble: 8,
            milliseconds: 4427.776),
        Reference(
            bytes: 222, factor: 12, kilohertz: 125, denominator: 5, preamble: 8,
            milliseconds: 8036.352),
        Reference(
            bytes: 255, factor: 7, kilohertz: 125, denominator: 5, preamble: 8,
            milliseconds: 399.616),
        Reference(
            bytes: 255, factor: 12, kilohertz: 125, denominator: 5, preamble: 8,
            milliseconds: 9019.392),
        Reference(
            bytes: 32, factor: 11, kilohertz: 250, denominator: 5, preamble: 16,
            milliseconds: 477.184),
        Reference(
            bytes: 237, factor: 11, kilohertz: 250, denominator: 5, preamble: 16,
            milliseconds: 2033.664),
        Reference(
            bytes: 64, factor: 6, kilohertz: 125, denominator: 5, preamble: 12, milliseconds: 69.760
        ),
        Reference(
            bytes: 64, factor: 5, kilohertz: 500, denominator: 5, preamble: 12, milliseconds: 10.320
        ),
        Reference(
            bytes: 255, factor: 5, kilohertz: 500, denominator: 5, preamble: 12,
            milliseconds: 34.640),
        // The same where chips and drivers differ.
        Reference(
            bytes: 64, factor: 6, kilohertz: 125, denominator: 5, preamble: 12,
            milliseconds: 71.296,
            chip: .sx127x),
        Reference(
            bytes: 64, factor: 5, kilohertz: 500, denominator: 5, preamble: 12,
            milliseconds: 10.192,
            chip: .sx127x),
        Reference(
            bytes: 255, factor: 5, kilohertz: 500, denominator: 5, preamble: 12,
            milliseconds: 34.832, chip: .sx127x),
        Reference(
            bytes: 32, factor: 11, kilohertz: 250, denominator: 5, preamble: 16,
            milliseconds: 559.104, rule: .gateway),
        Reference(
            bytes: 237, factor: 11, kilohertz: 250, denominator: 5, preamble: 16,
            milliseconds: 2402.304, rule: .gateway),
        Reference(
            bytes: 222, factor: 11, kilohertz: 125, denominator: 5, preamble: 8,
            milliseconds: 3690.496, rule: .rnode),
    ]

    @Test(arguments: references) func equalsTheReference(_ reference: Reference) throws {
        let modulation = try LoRaModulation(
            spreadingFactor: reference.factor, bandwidthHz: reference.kilohertz * 1000,
            codingRate: reference.denominator - 4, preambleSymbols: reference.preamble,
            explicitHeader: reference.explicit, crc: reference.crc, chip: reference.chip,
            lowDataRateRule: reference.rule)
        let airtime = try TimeOnAir(modulation, payloadBytes: reference.bytes)
        #expect(abs(airtime.milliseconds - reference.milliseconds) < 1e-9)
        #expect(airtime.microseconds == Int64((reference.milliseconds * 1000).rounded()))
    }

    @Test func growsWithThePayload() throws {
        for factor in LoRaModulation.spreadingFactors {
            for bandwidth in [62_500, 125_000, 250_000, 500_000] {
                let modulation = try LoRaModulation(
                    spreadingFactor: factor, bandwidthHz: bandwidth)
                var before: Int64 = 0
                for bytes in LoRaModulation.payloads {
                    let now = TimeOnAir(clamping: bytes, modulation).microseconds
                    #expect(now >= before)
                    before = now
                }
            }
        }
    }

    @Test func lowDataRateFollowsEachRule() throws {
        func optimizes(_ factor: Int, _ bandwidth: Int, _ rule: LowDataRateRule) throws -> Bool {
            try LoRaModulation(
                spreadingFactor: factor, bandwidthHz: bandwidth, lowDataRateRule: rule
            ).lowDataRateOptimize
        }
        #expect(try optimizes(11, 125_000, .symbolTime))
        #expect(try optimizes(12, 250_000, .symbolTime))
        #expect(try optimizes(10, 62_500, .symbolTime))
        #expect(try !optimizes(10, 125_000, .symbolTime))
        #expect(try !optimizes(11, 250_000, .symbolTime))
        #expect(try !optimizes(11, 125_000, .rnode))
        #expect(try !optimizes(10, 62_500, .rnode))
        #expect(try optimizes(12, 125_000, .rnode))
        #expect(try optimizes(11, 500_000, .gateway))
    }

    @Test func refusesWhatNoChipCan() {
        func refused(_ setting: () throws -> Void) -> String? {
            do {
                try setting()
                return nil
            } catch let error as LoRaSettingError {
                return error.setting
            } catch {
                return "another error"
            }
        }
        #expect(refused { _ = try LoRaModulation(spreadingFactor: 13) } == "spreading factor")
        #expect(refused { _ = try LoRaModulation(spreadingFactor: 4) } == "spreading factor")
        #expect(refused { _ = try LoRaModulation(bandwidthHz: 0) } == "bandwidth in Hz")
        #expect(refused { _ = try LoRaModulation(codingRate: 5) } == "coding rate")
        #expect(refused { _ = try LoRaModulation(preambleSymbols: .max) } == "preamble")
        let largest = refused { _ = try TimeOnAir(try LoRaModulation(), payloadBytes: 256) }
        #expect(largest == "payload in bytes")
    }

    @Test func shortFactorsHaveTheirLongPreamble() throws {
        #expect(try LoRaModulation(spreadingFactor: 6).preambleSymbols == 12)
        #expect(try LoRaModulation(spreadingFactor: 6, chip: .sx127x).preambleSymbols == 8)
        #expect(try LoRaModulation(spreadingFactor: 7).preambleSymbols == 8)
    }

    /// 47 CFR 15.247's 400 ms: the sizes of facts computed elsewhere, equal to LoRaWAN's limits +
    /// 13.
    @Test func largestPayloadsWithinTheDwellTime() throws {
        let expected: [(Int, Int, Int?)] = [
            (7, 125, 255), (8, 125, 138), (9, 125, 66), (10, 125, 24), (11, 125, 0),
            (9, 250, 156), (10, 250, 74), (11, 250, 27),
            (10, 500, 174), (11, 500, 82), (12, 500, 30),
        ]
        for (factor, kilohertz, bytes) in expected {
            let modulation = try LoRaModulation(
                spreadingFactor: factor, bandwidthHz: kilohertz * 1000)
            #expect(modulation.largestPayload(within: .milliseconds(400)) == bytes)
        }
    }
}
