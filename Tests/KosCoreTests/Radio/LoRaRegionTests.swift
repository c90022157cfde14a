import KosCore
import Testing

@Suite struct LoRaRegionTests {
    @Test func theOccupiedBandMustFit() throws {
        let region = LoRaRegion.eu868
        #expect(try region.subBand(frequencyHz: 868_100_000, bandwidthHz: 125_000).name == "g1")
        // 869.525 MHz with 250 kHz fills its band to the last hertz.
        #expect(try region.subBand(frequencyHz: 869_525_000, bandwidthHz: 250_000).name == "g3")
        #expect(throws: LoRaSettingError.self) {
            try region.subBand(frequencyHz: 869_525_001, bandwidthHz: 250_000)
        }
        #expect(throws: LoRaSettingError.self) {
            try region.subBand(frequencyHz: 868_590_000, bandwidthHz: 125_000)
        }
        #expect(throws: LoRaSettingError.self) {
            try region.subBand(frequencyHz: .max, bandwidthHz: 125_000)
        }
    }

    @Test func powerChoosesTheRow() throws {
        let region = LoRaRegion.eu868
        let loud = try region.subBand(
            frequencyHz: 869_850_000, bandwidthHz: 125_000, powerDbm: 14)
        let quiet = try region.subBand(frequencyHz: 869_850_000, bandwidthHz: 125_000, powerDbm: 7)
        #expect(loud.name == "g4" && loud.dutyCycle == 0.01)
        #expect(quiet.name == "g4-5mw" && quiet.budget == nil)
        // A beam antenna radiates more: ERP = power + gain − 2.15 dB.
        #expect(throws: LoRaSettingError.self) {
            try region.subBand(
                frequencyHz: 868_100_000, bandwidthHz: 125_000, powerDbm: 14, antennaGainDbi: 6)
        }
    }

    @Test func everyRegionHasALegalDefault() throws {
        for region in LoRaRegion.all {
            let band = try region.subBand(
                frequencyHz: region.defaultFrequencyHz, bandwidthHz: 125_000)
            #expect(!region.source.isEmpty)
            #expect(band.powerDbm > 0)
        }
    }

    @Test func americaCountsTheBandwidth() throws {
        let region = LoRaRegion.us915
        func name(_ bandwidthHz: Int) throws -> String {
            try region.subBand(frequencyHz: 914_900_000, bandwidthHz: bandwidthHz).name
        }
        #expect(try name(125_000) == "hop50")
        #expect(try name(250_000) == "hop25")
        #expect(try name(500_000) == "dts")
    }

    @Test func namesAndAliases() throws {
        #expect(try LoRaRegion.named("eu868") == .eu868)
        #expect(try LoRaRegion.eu868.subBand(named: "M").name == "g1")
        #expect(throws: LoRaSettingError.self) { try LoRaRegion.named("XX1") }
        #expect(throws: LoRaSettingError.self) { try LoRaRegion.eu868.subBand(named: "z9") }
    }

    @Test func frequenciesAsPeopleWriteThem() {
        #expect(LoRaFrequency.parse("868.1M") == 868_100_000)
        #expect(LoRaFrequency.parse("868.1MHz") == 868_100_000)
        #expect(LoRaFrequency.parse("868100000") == 868_100_000)
        #expect(LoRaFrequency.parse("62.5k") == 62_500)
        #expect(LoRaFrequency.parse("125", bareUnit: 1000, bareUnitBelow: 2000) == 125_000)
        #expect(LoRaFrequency.parse("-1") == nil)
        #expect(LoRaFrequency.parse("1e9") == nil)
        #expect(LoRaFrequency.parse("99999G") == nil)
        #expect(LoRaFrequency.megahertz(868_100_000) == "868.1")
        #expect(LoRaFrequency.megahertz(906_875_000) == "906.875")
        #expect(LoRaFrequency.kilohertz(62_500) == "62.5")
    }
}
