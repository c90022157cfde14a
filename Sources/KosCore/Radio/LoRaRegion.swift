/// What the law of one part of the radio spectrum allows.
package struct SubBand: Hashable, Sendable {
    /// How much one may send.
    package enum Limit: Hashable, Sendable {
        /// A share of every sliding hour.
        case duty(Double)
        /// At most `ms` within every `windowMs` on one channel, while hopping over the others.
        case dwell(ms: Int, windowMs: Int)
        /// At most `ms` a frame, and that share of every sliding hour.
        case frame(ms: Int, duty: Double)
        case none
    }
    /// What `powerDbm` is measured against.
    package enum Reference: String, Sendable { case erp, eirp, conducted }

    package let name: String
    /// The same under other names: ETSI's letters beside the network operators' numbers.
    package let aliases: [String]
    /// Hz; the whole occupied band must lie inside.
    package let range: ClosedRange<Int>
    /// Hz of bandwidth for which the row holds.
    package let bandwidths: ClosedRange<Int>
    package let powerDbm: Double
    package let reference: Reference
    package let limit: Limit
    /// Whether the radio must listen before it talks.
    package let mustListenFirst: Bool

    package init(
        _ name: String, _ aliases: [String] = [], _ range: ClosedRange<Int>, powerDbm: Double,
        _ reference: Reference, _ limit: Limit, bandwidths: ClosedRange<Int> = 0...2_000_000,
        mustListenFirst: Bool = false
    ) {
        self.name = name
        self.aliases = aliases
        self.range = range
        self.bandwidths = bandwidths
        self.powerDbm = powerDbm
        self.reference = reference
        self.limit = limit
        self.mustListenFirst = mustListenFirst
    }

    /// The sliding window in ms.
    package var windowMs: Int {
        if case .dwell(_, let windowMs) = limit { windowMs } else { 3_600_000 }
    }

    /// What may be sent within the window, in microseconds; nil without a limit.
    package var budget: Int64? {
        switch limit {
        case .duty(let share), .frame(_, let share):
            share >= 1 ? nil : Int64((share * 3.6e9).rounded())
        case .dwell(let ms, _): Int64(ms) * 1000
        case .none: nil
        }
    }

    /// The longest single frame in microseconds; nil where the budget is the only bound.
    package var longestFrame: Int64? {
        switch limit {
        case .dwell(let ms, _), .frame(let ms, _): Int64(ms) * 1000
        case .duty, .none: nil
        }
    }

    /// The share of the window that may be used, 1 without a limit.
    package var dutyCycle: Double {
        switch limit {
        case .duty(let share), .frame(_, let share): share
        case .dwell(let ms, let windowMs): Double(ms) / Double(windowMs)
        case .none: 1
        }
    }

    /// Whether the limit counts each channel for itself.
    package var isPerChannel: Bool {
        if case .dwell = limit { true } else { false }
    }

    package func contains(frequencyHz: Int, bandwidthHz: Int) -> Bool {
        let half = bandwidthHz / 2
        let (low, below) = frequencyHz.subtractingReportingOverflow(half)
        let (high, above) = frequencyHz.addingReportingOverflow(half)
        return !below && !above && low >= range.lowerBound && high <= range.upperBound
            && bandwidths.contains(bandwidthHz)
    }

    package func isNamed(_ text: some StringProtocol) -> Bool {
        let wanted = text.lowercased()
        return name == wanted || aliases.contains(wanted)
    }

    /// `868.0–868.6 MHz`.
    package var rangeText: String {
        "\(LoRaFrequency.megahertz(range.lowerBound))–\(LoRaFrequency.megahertz(range.upperBound)) MHz"
    }
}

/// A country's or a continent's rules.
package struct LoRaRegion: Hashable, Sendable {
    package let name: String
    /// The sub-band and the frequency that one gets without asking.
    package let defaultFrequencyHz: Int
    package let subBands: [SubBand]
    /// Where the numbers stand.
    package let source: String

    package init(_ name: String, defaultHz: Int, source: String, _ subBands: [SubBand]) {
        self.name = name
        defaultFrequencyHz = defaultHz
        self.subBands = subBands
        self.source = source
    }

    package func subBand(named text: String) throws(LoRaSettingError) -> SubBand {
        if let band = subBands.first(where: { $0.isNamed(text) }) { return band }
        let names = subBands.map(\.name).joined(separator: ", ")
        throw LoRaSettingError("sub-band", got: text, legal: "\(names) in \(name)")
    }

    /// The sub-band in which a radio with these settings may send at all. Antenna gain is in dBi.
    package func subBand(
        frequencyHz: Int, bandwidthHz: Int, powerDbm: Double? = nil, antennaGainDbi: Double = 2.15
    ) throws(LoRaSettingError) -> SubBand {
        let fitting = subBands.filter {
            $0.contains(frequencyHz: frequencyHz, bandwidthHz: bandwidthHz)
        }
        guard let strictest = fitting.first else {
            let ranges = subBands.filter { $0.bandwidths.contains(bandwidthHz) }.map(\.rangeText)
            let legal = ranges.isEmpty ? "no such bandwidth there" : ranges.joined(separator: ", ")
            throw LoRaSettingError(
                "frequency",
                got: "\(LoRaFrequency.megahertz(frequencyHz)) MHz with "
                    + "\(LoRaFrequency.kilohertz(bandwidthHz)) kHz",
                legal: "\(legal) (\(name))")
        }
        guard let powerDbm else { return strictest }
        // Weaker rows of one range have the freer limits: the weakest that covers the power counts.
        let allowed = fitting.filter {
            LoRaRegion.radiated(powerDbm, antennaGainDbi, $0.reference) <= $0.powerDbm + 1e-9
        }
        guard let best = allowed.min(by: { $0.powerDbm < $1.powerDbm }) else {
            let most = fitting.max { $0.powerDbm < $1.powerDbm } ?? strictest
            throw LoRaSettingError(
                "power", got: "\(powerDbm) dBm",
                legal: "up to \(most.powerDbm) dBm \(most.reference.rawValue.uppercased()) in "
                    + "\(name) \(most.name)")
        }
        return best
    }

    private static func radiated(
        _ powerDbm: Double, _ gainDbi: Double, _ reference: SubBand.Reference
    ) -> Double {
        switch reference {
        case .erp: powerDbm + gainDbi - 2.15
        case .eirp: powerDbm + gainDbi
        case .conducted: powerDbm
        }
    }

    package static func named(_ text: String) throws(LoRaSettingError) -> LoRaRegion {
        let wanted = text.uppercased()
        if let region = all.first(where: { $0.name == wanted }) { return region }
        throw LoRaSettingError(
            "region", got: text, legal: all.map(\.name).joined(separator: ", "))
    }
}

/// Frequencies as people write them.
package enum LoRaFrequency {
    /// `868.1`, without trailing zeros.
    package static func megahertz(_ hertz: Int) -> String { decimal(hertz, unit: 1_000_000) }
    /// `125`, `62.5`.
    package static func kilohertz(_ hertz: Int) -> String { decimal(hertz, unit: 1000) }

    private static func decimal(_ value: Int, unit: Int) -> String {
        let magnitude = value.magnitude
        let (whole, rest) = magnitude.quotientAndRemainder(dividingBy: UInt(unit))
        guard rest > 0 else { return "\(value < 0 ? "-" : "")\(whole)" }
        var digits = String(rest)
        let width = unit == 1000 ? 3 : 6
        digits = String(repeating: "0", count: max(0, width - digits.count)) + digits
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(value < 0 ? "-" : "")\(whole).\(digits)"
    }

    /// Reads Hz with an optional `k`, `M` or `G` (and `Hz`): `868.1M`, `125k`, `868100000`.
    /// A bare number below `bareUnitBelow` counts in units of `bareUnit`. Nil for anything else.
    package static func parse(
        _ text: some StringProtocol, bareUnit: Int = 1, bareUnitBelow: Double = 0
    ) -> Int? {
        var digits = text.lowercased()[...]
        if digits.hasSuffix("hz") { digits = digits.dropLast(2) }
        var scale: Double?
        for (suffix, factor) in [("k", 1e3), ("m", 1e6), ("g", 1e9)] where digits.hasSuffix(suffix)
        {
            digits = digits.dropLast()
            scale = factor
        }
        let isPlain = digits.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E }
        guard isPlain, let value = Double(digits) else { return nil }
        let unit = scale ?? (value < bareUnitBelow ? Double(bareUnit) : 1)
        let hertz = (value * unit).rounded()
        return hertz <= 1e10 ? Int(hertz) : nil
    }
}
