import KosCore
import KosRadio
import KosTool

/// Where and how loud: what the law asks about.
struct RegionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("EU868, US915, EU433, AU915, AS923, IN865 or KR920.", valueName: "name"))
    var region: String = LoRaRegion.eu868.name

    @Option(
        help: ArgumentHelp("868.1M, 868100000 (a bare number below 10000 is MHz).", valueName: "hz")
    )
    var frequency: String?

    func chosenRegion() throws -> LoRaRegion {
        try LoRaFailure.legal { try LoRaRegion.named(region) }
    }

    func frequencyHz() throws -> Int? {
        guard let frequency else { return nil }
        guard let hertz = LoRaFrequency.parse(frequency, bareUnit: 1_000_000, bareUnitBelow: 10_000)
        else { throw LoRaFailure.usage("frequency", frequency, "try 868.1M or 868100000") }
        return hertz
    }
}

/// `kos-lora budget`: what is left of the air time that the law grants.
struct Budget: Tool {
    static let configuration = CommandConfiguration(
        abstract: "What is left of the legal air time, and when a packet may go. Needs no modem.")

    @OptionGroup var regionOptions: RegionOptions
    @Option(
        help: ArgumentHelp(
            "One sub-band; without it and --frequency, all of the region.", valueName: "name"))
    var subBand: String?
    @Option(help: ArgumentHelp("Octets of a packet to ask about.", valueName: "bytes"))
    var payload: Int?
    @Option(
        name: [.short, .long],
        help: ArgumentHelp("Only what this radio has sent.", valueName: "device"))
    var port: String?
    @Option(
        help: ArgumentHelp(
            "Conducted power in dBm: it decides which row of the table holds.", valueName: "dbm"))
    var power: Double?
    @OptionGroup var modulation: ModulationOptions
    @OptionGroup var common: CommonOptions

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        let region = try regionOptions.chosenRegion()
        let modulation = try modulation.modulation()
        let frequencyHz = try regionOptions.frequencyHz()
        let bands = try chosenBands(region, modulation, frequencyHz)
        let airtime = try payload.map { size in
            try LoRaFailure.legal { try TimeOnAir(modulation, payloadBytes: size) }
        }
        let now = LedgerTime.now
        let ledger = try AirtimeLedger.file().reading(at: now)
        var isAnyFree = false
        for band in bands {
            let account = DutyAccount(
                region: region, subBand: band, radio: port, frequencyHz: frequencyHz)
            var record = BudgetRecord(
                timestamp: now.wall, account: account, used: ledger.used(account, at: now))
            if let airtime {
                record.packet = BudgetRecord.Packet(
                    airtime: airtime.microseconds, milliseconds: airtime.milliseconds,
                    verdict: ledger.verdict(airtime: airtime.microseconds, account, at: now))
            }
            isAnyFree =
                isAnyFree || record.packet.map { $0.verdict == .free } ?? (record.remaining != 0)
            try io.output.write(record)
        }
        return isAnyFree ? .yes : .no
    }

    private func chosenBands(
        _ region: LoRaRegion, _ modulation: LoRaModulation, _ frequencyHz: Int?
    ) throws -> [SubBand] {
        if let subBand {
            let band = try LoRaFailure.legal { try region.subBand(named: subBand) }
            if let frequencyHz, !band.range.contains(frequencyHz) {
                throw ToolFailure.usage(
                    "\(LoRaFrequency.megahertz(frequencyHz)) MHz is not in \(band.name)",
                    hint: "legal: \(band.rangeText)")
            }
            return [band]
        }
        guard let frequencyHz else { return region.subBands }
        let band = try LoRaFailure.legal {
            try region.subBand(
                frequencyHz: frequencyHz, bandwidthHz: modulation.bandwidthHz, powerDbm: power)
        }
        return [band]
    }
}

/// The ledger that all tools of one user share.
enum AirtimeLedger {
    static func file() throws -> LedgerFile {
        guard let file = LedgerFile.ofUser else {
            throw ToolFailure(
                .failure, code: "noStateDirectory",
                "there is no home directory for the air time ledger", hint: "set XDG_STATE_HOME")
        }
        return file
    }
}

extension LedgerFile {
    func reading(at now: LedgerTime) throws -> DutyLedger {
        do {
            return try read(at: now)
        } catch {
            throw ToolFailure(
                .failure, code: "ledger", "cannot read the ledger: \(error)", errno: error.errno)
        }
    }
}
