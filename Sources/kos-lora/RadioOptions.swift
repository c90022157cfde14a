import KosCore
import KosRadio
import KosTool

/// Which modem, and how it is to be set.
struct RadioOptions: ParsableArguments {
    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "Device path, tcp://HOST:PORT, or lora:PLACE?driver=…&freq=…", valueName: "device"))
    var port: String?
    @Option(help: ArgumentHelp("Dialect: \(LoRaDriver.names).", valueName: "name"))
    var driver: String?
    @Option(help: ArgumentHelp("Power at the antenna connector.", valueName: "dbm"))
    var power: Int?
    @Option(
        help: ArgumentHelp("18 or 0x12 private, 0x34 LoRaWAN, 0x2B Meshtastic.", valueName: "octet")
    )
    var syncWord: String = "0x12"
    @Flag(help: "Raw frames: without the dialect's own header.")
    var raw = false
    @OptionGroup var region: RegionOptions
    @OptionGroup var modulation: ModulationOptions

    /// The address with every setting in it, checked against the region.
    func address(settings extra: String = "") throws -> RadioAddress {
        var defaults = RadioAddress.Defaults(modulation: try modulation.modulation())
        defaults.driver = try driver.map { name in
            try LoRaFailure.legal { try RadioAddress.driver(name) }
        }
        defaults.frequencyHz = try region.frequencyHz()
        defaults.powerDbm = power
        defaults.syncWord = try syncOctet()
        defaults.region = try region.chosenRegion()
        defaults.isRaw = raw
        var text = try port ?? RadioOptions.onlyPort()
        if !extra.isEmpty { text += (text.contains("?") ? "&" : "?") + extra }
        return try LoRaFailure.legal {
            let address = try RadioAddress(text, defaults)
            _ = try address.subBand()
            return address
        }
    }

    private func syncOctet() throws -> UInt8 {
        let isHex = syncWord.lowercased().hasPrefix("0x")
        let octet = isHex ? UInt8(syncWord.dropFirst(2), radix: 16) : UInt8(syncWord)
        guard let octet else { throw LoRaFailure.usage("sync word", syncWord, "0x00 to 0xff") }
        return octet
    }

    /// The one serial line that may be a modem.
    private static func onlyPort() throws -> String {
        let ports = SerialPorts.all()
        guard ports.count == 1, let port = ports.first else {
            let names = ports.map(\.path).joined(separator: ", ")
            throw ToolFailure.usage(
                ports.isEmpty ? "no modem is plugged in" : "there are several modems: \(names)",
                hint: "name one with -p")
        }
        return port.byId ?? port.path
    }
}

extension LoRaDriver {
    static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}

extension RadioAddress {
    /// The part of the spectrum that the settings lie in, by the region's law.
    func subBand() throws(LoRaSettingError) -> SubBand {
        try (region ?? .eu868).subBand(
            frequencyHz: settings.frequencyHz, bandwidthHz: settings.modulation.bandwidthHz,
            powerDbm: Double(settings.powerDbm))
    }
}
