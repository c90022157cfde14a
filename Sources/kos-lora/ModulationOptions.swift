import KosCore
import KosTool

/// How frames are modulated; the same names in every verb.
struct ModulationOptions: ParsableArguments {
    @Option(
        name: .customLong("sf"), help: ArgumentHelp("Spreading factor, 5 to 12.", valueName: "n"))
    var spreadingFactor: Int = 7

    @Option(
        help: ArgumentHelp(
            "125k, 62.5k, 250000 (a bare number below 2000 is kHz).", valueName: "hz"))
    var bandwidth: String = "125k"

    @Option(help: ArgumentHelp("4/5 to 4/8.", valueName: "rate"))
    var codingRate: String = "4/5"

    @Option(help: ArgumentHelp("Programmed preamble.", valueName: "symbols"))
    var preamble: Int = 8

    @Flag(help: "No header in the frame: both ends know the length.")
    var implicit = false

    @Flag(help: "No checksum in the frame.")
    var noCrc = false

    @Option(help: ArgumentHelp("sx126x or sx127x: they differ at SF5 and SF6.", valueName: "chip"))
    var chip: String = LoRaChip.sx126x.rawValue

    @Option(
        help: ArgumentHelp(
            "Low data rate optimisation: auto, rnode, gateway, on or off.", valueName: "rule"))
    var ldro: String = "auto"

    func modulation() throws -> LoRaModulation {
        guard let bandwidthHz = LoRaFrequency.parse(bandwidth, bareUnit: 1000, bareUnitBelow: 2000)
        else { throw LoRaFailure.usage("bandwidth", bandwidth, "try 125k, 62.5k or 250000") }
        guard let rate = LoRaModulation.codingRate(codingRate) else {
            throw LoRaFailure.usage("coding rate", codingRate, "4/5, 4/6, 4/7 or 4/8")
        }
        guard let chip = LoRaChip(rawValue: chip) else {
            throw LoRaFailure.usage("chip", chip, "sx126x or sx127x")
        }
        let rules: [String: LowDataRateRule] = [
            "auto": .symbolTime, "rnode": .rnode, "gateway": .gateway, "on": .on, "off": .off,
        ]
        guard let rule = rules[ldro] else {
            throw LoRaFailure.usage("ldro", ldro, "auto, rnode, gateway, on or off")
        }
        return try LoRaFailure.legal {
            try LoRaModulation(
                spreadingFactor: spreadingFactor, bandwidthHz: bandwidthHz, codingRate: rate,
                preambleSymbols: preamble, explicitHeader: !implicit, crc: !noCrc, chip: chip,
                lowDataRateRule: rule)
        }
    }
}

/// What a wrong value on the command line becomes.
enum LoRaFailure {
    static func usage(_ name: String, _ got: String, _ hint: String) -> ToolFailure {
        .usage("\(name) '\(got)' is not understood", hint: hint)
    }

    /// Runs `body`; a setting that is not legal ends the tool with status 2 and the legal range.
    static func legal<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as LoRaSettingError {
            throw ToolFailure.usage(
                "\(error.setting) \(error.got) is not legal", hint: "legal: \(error.legal)")
        }
    }
}
