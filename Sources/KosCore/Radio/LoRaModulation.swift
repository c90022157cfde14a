/// Which modem chip family sends: they differ at spreading factors 5 and 6.
package enum LoRaChip: String, Sendable, CaseIterable {
    case sx126x, sx127x
}

/// When low data rate optimisation (the DE bit) is on. Both ends must agree, or they hear nothing
/// of each other, so each driver states its own rule.
package enum LowDataRateRule: Hashable, Sendable {
    /// On when a symbol lasts longer than 16 ms (Semtech AN1200.13; LoRaWAN, RadioLib, Meshtastic).
    case symbolTime
    /// RNode firmware: the same comparison, but in whole milliseconds, so that 16.384 ms is not
    /// over.
    case rnode
    /// libloragw (Semtech's gateways): on from SF11 upwards at any bandwidth.
    case gateway
    case on, off
}

/// How a LoRa frame is modulated: all that its time on air depends on.
package struct LoRaModulation: Hashable, Sendable {
    /// 5 … 12.
    package let spreadingFactor: Int
    /// Hz.
    package let bandwidthHz: Int
    /// 1 … 4 for 4/5 … 4/8.
    package let codingRate: Int
    /// Programmed preamble, without the 4.25 or 6.25 symbols that the chip adds.
    package let preambleSymbols: Int
    package let explicitHeader: Bool
    package let crc: Bool
    package let chip: LoRaChip
    package let lowDataRateRule: LowDataRateRule

    package static let spreadingFactors = 5...12
    /// From the narrowest of SX127x to the widest of SX128x.
    package static let bandwidths = 7_800...1_625_000
    package static let preambles = 6...65_535
    package static let payloads = 0...255

    package init(
        spreadingFactor: Int = 7, bandwidthHz: Int = 125_000, codingRate: Int = 1,
        preambleSymbols: Int = 8, explicitHeader: Bool = true, crc: Bool = true,
        chip: LoRaChip = .sx126x, lowDataRateRule: LowDataRateRule = .symbolTime
    ) throws(LoRaSettingError) {
        try LoRaSettingError.check(
            "spreading factor", spreadingFactor, in: LoRaModulation.spreadingFactors)
        try LoRaSettingError.check("bandwidth in Hz", bandwidthHz, in: LoRaModulation.bandwidths)
        guard (1...4).contains(codingRate) else {
            throw LoRaSettingError(
                "coding rate", got: "4/\(codingRate &+ 4)", legal: "4/5, 4/6, 4/7 or 4/8")
        }
        try LoRaSettingError.check("preamble", preambleSymbols, in: LoRaModulation.preambles)
        self.spreadingFactor = spreadingFactor
        self.bandwidthHz = bandwidthHz
        self.codingRate = codingRate
        // SX126x at SF5 and SF6 needs 12 symbols to lock; its drivers raise a shorter preamble.
        let isShort = chip == .sx126x && spreadingFactor < 7
        self.preambleSymbols = isShort ? max(12, preambleSymbols) : preambleSymbols
        self.explicitHeader = explicitHeader
        self.crc = crc
        self.chip = chip
        self.lowDataRateRule = lowDataRateRule
    }

    /// The same with other parts; what was legal stays legal.
    private init(_ other: LoRaModulation, preamble: Int, rule: LowDataRateRule) {
        spreadingFactor = other.spreadingFactor
        bandwidthHz = other.bandwidthHz
        codingRate = other.codingRate
        preambleSymbols = preamble
        explicitHeader = other.explicitHeader
        crc = other.crc
        chip = other.chip
        lowDataRateRule = rule
    }

    /// As a driver really sends it: its own preamble and its own rule for the DE bit.
    package func driven(preamble: Int? = nil, rule: LowDataRateRule) -> LoRaModulation {
        let legal = LoRaModulation.preambles
        let symbols = min(max(preamble ?? preambleSymbols, legal.lowerBound), legal.upperBound)
        return LoRaModulation(self, preamble: symbols, rule: rule)
    }

    /// `4/5` … `4/8`, as records carry it.
    package var codingRateText: String { "4/\(codingRate + 4)" }

    /// Reads `4/5`, `5`, or `1` (SX127x register style); nil for anything else.
    package static func codingRate(_ text: some StringProtocol) -> Int? {
        switch text {
        case "4/5", "5", "1": 1
        case "4/6", "6", "2": 2
        case "4/7", "7", "3": 3
        case "4/8", "8", "4": 4
        default: nil
        }
    }
}

/// A setting that no radio, or no law, allows.
package struct LoRaSettingError: Error, Hashable, Sendable, CustomStringConvertible {
    package let setting: String
    package let got: String
    /// What would have been legal.
    package let legal: String

    package init(_ setting: String, got: String, legal: String) {
        self.setting = setting
        self.got = got
        self.legal = legal
    }

    package var description: String { "\(setting) \(got) is not legal: \(legal)" }

    package static func check(
        _ setting: String, _ got: Int, in legal: ClosedRange<Int>
    ) throws(LoRaSettingError) {
        guard legal.contains(got) else {
            throw LoRaSettingError(
                setting, got: "\(got)", legal: "\(legal.lowerBound) to \(legal.upperBound)")
        }
    }
}
