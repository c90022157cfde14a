import KosCore
import KosTool

/// `kos-lora link`: sensitivity, range and margin.
struct Link: Tool {
    static let configuration = CommandConfiguration(
        abstract:
            "What a link can bridge: sensitivity, range, margin at a distance. Needs no modem.")

    @OptionGroup var modulation: ModulationOptions
    @Option(
        help: ArgumentHelp("868.1M, 868100000 (a bare number below 10000 is MHz).", valueName: "hz")
    )
    var frequency: String = "868.1M"
    @Option(
        help: ArgumentHelp("Distance: 5km, 800m; a bare number is metres.", valueName: "length"))
    var distance: String?
    @Option(help: ArgumentHelp("Conducted power.", valueName: "dbm"))
    var power: Double = 14
    @Option(help: ArgumentHelp("Sender's antenna gain less cable loss.", valueName: "db"))
    var senderGain: Double = 0
    @Option(help: ArgumentHelp("Receiver's antenna gain less cable loss.", valueName: "db"))
    var receiverGain: Double = 0
    @Option(help: ArgumentHelp("Receiver's noise figure: 6 node, 3 gateway.", valueName: "db"))
    var noiseFigure: Double = 6
    @Option(help: ArgumentHelp("2 free space, 2.7 to 3.5 over a town.", valueName: "n"))
    var pathLossExponent: Double = 2
    @OptionGroup var common: CommonOptions

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        guard
            let hertz = LoRaFrequency.parse(frequency, bareUnit: 1_000_000, bareUnitBelow: 10_000),
            hertz > 0
        else { throw LoRaFailure.usage("frequency", frequency, "try 868.1M or 868100000") }
        guard pathLossExponent > 0, pathLossExponent <= 10 else {
            throw ToolFailure.usage("the path loss exponent is above 0 and up to 10")
        }
        let meters = try distance.map { text in
            guard let meters = Link.meters(text) else {
                throw LoRaFailure.usage("distance", text, "try 5km or 800m")
            }
            return meters
        }
        let budget = LinkBudget(
            modulation: try modulation.modulation(), frequencyHz: hertz, powerDbm: power,
            senderGainDb: senderGain, receiverGainDb: receiverGain, noiseFigureDb: noiseFigure,
            pathLossExponent: pathLossExponent)
        try io.output.write(LinkBudgetRecord(budget, distanceMeters: meters))
        guard let meters else { return .yes }
        return budget.marginDb(meters: meters) >= 0 ? .yes : .no
    }

    private static func meters(_ text: String) -> Double? {
        var digits = text[...]
        var scale = 1.0
        if digits.hasSuffix("km") {
            digits = digits.dropLast(2)
            scale = 1000
        } else if digits.hasSuffix("m") {
            digits = digits.dropLast()
        }
        guard let value = Double(digits), value >= 0, value * scale <= 1e9 else { return nil }
        return value * scale
    }
}
