/// Meshtastic's named settings, and where in the spectrum its channels lie.
package enum MeshtasticPreset: Int, CaseIterable, Sendable {
    // The numbers are those of Config.LoRaConfig.ModemPreset.
    case longFast = 0
    case longSlow = 1
    case mediumSlow = 3
    case mediumFast = 4
    case shortSlow = 5
    case shortFast = 6
    case longModerate = 7
    case shortTurbo = 8
    case longTurbo = 9

    /// As the devices call it, which is also what an unnamed channel is called.
    package var name: String {
        switch self {
        case .longFast: "LongFast"
        case .longSlow: "LongSlow"
        case .mediumSlow: "MediumSlow"
        case .mediumFast: "MediumFast"
        case .shortSlow: "ShortSlow"
        case .shortFast: "ShortFast"
        case .longModerate: "LongMod"
        case .shortTurbo: "ShortTurbo"
        case .longTurbo: "LongTurbo"
        }
    }

    private var values: (factor: Int, bandwidthHz: Int, codingRate: Int) {
        switch self {
        case .longFast: (11, 250_000, 1)
        case .longSlow: (12, 125_000, 4)
        case .mediumSlow: (10, 250_000, 1)
        case .mediumFast: (9, 250_000, 1)
        case .shortSlow: (8, 250_000, 1)
        case .shortFast: (7, 250_000, 1)
        case .longModerate: (11, 125_000, 4)
        case .shortTurbo: (7, 500_000, 1)
        case .longTurbo: (11, 500_000, 4)
        }
    }

    package static let syncWord: UInt8 = 0x2B
    package static let preamble = 16

    package init?(named text: String) {
        let wanted = text.lowercased()
        let found = MeshtasticPreset.allCases.first {
            $0.name.lowercased() == wanted || "\($0)".lowercased() == wanted
        }
        guard let found else { return nil }
        self = found
    }

    package func modulation() throws(LoRaSettingError) -> LoRaModulation {
        try LoRaModulation(
            spreadingFactor: values.factor, bandwidthHz: values.bandwidthHz,
            codingRate: values.codingRate, preambleSymbols: MeshtasticPreset.preamble)
    }

    /// Hz of a channel: the band is cut into slots of one bandwidth, and the channel's name, or its
    /// number from 1 on, chooses one.
    package static func frequency(
        _ band: ClosedRange<Int>, bandwidthHz: Int, channel: String, number: Int = 0
    ) -> Int {
        let slots = max(1, (band.upperBound - band.lowerBound) / max(1, bandwidthHz))
        // Bernstein's hash: 5381, times 33 and the octet.
        let hash = channel.utf8.reduce(UInt32(5381)) { $0 &* 33 &+ UInt32($1) }
        let slot = number > 0 ? (number - 1) % slots : Int(hash % UInt32(truncatingIfNeeded: slots))
        return band.lowerBound + bandwidthHz / 2 + slot * bandwidthHz
    }

    /// The band of a region, by the name of the law here and by the number of
    /// Config.LoRaConfig.RegionCode.
    package static func band(of region: String) -> ClosedRange<Int>? {
        switch region {
        case "US915": 902_000_000...928_000_000
        case "EU433": 433_000_000...434_000_000
        case "EU868": 869_400_000...869_650_000
        case "KR920": 920_000_000...923_000_000
        case "IN865": 865_000_000...867_000_000
        case "AU915": 915_000_000...928_000_000
        default: nil
        }
    }

    package static func band(code: Int) -> ClosedRange<Int>? {
        let names = [
            1: "US915", 2: "EU433", 3: "EU868", 6: "AU915", 7: "KR920", 10: "IN865",
        ]
        return names[code].flatMap { band(of: $0) }
    }

    /// What `preset=` and a region come to.
    package func frequency(in region: LoRaRegion) -> Int? {
        MeshtasticPreset.band(of: region.name).map {
            MeshtasticPreset.frequency($0, bandwidthHz: values.bandwidthHz, channel: name)
        }
    }
}
