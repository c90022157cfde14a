import KosCore
import KosRadio
import KosTool

/// `kos-lora ports`: serial lines that may be modems.
struct Ports: Tool {
    static let configuration = CommandConfiguration(
        abstract: "USB serial lines that may be modems.")

    @OptionGroup var common: CommonOptions

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        let ports = SerialPorts.all()
        for port in ports {
            var record = RadioRecord(
                timestamp: SystemClock.timestamp, event: .present, port: port.path)
            record.description = port.description
            record.usbId = port.usbId
            record.byId = port.byId
            try io.output.write(record)
        }
        return ports.isEmpty ? .no : .yes
    }
}

/// `kos-lora info`: what the modem is and how it is set.
struct Info: Tool {
    static let configuration = CommandConfiguration(
        abstract: "Model, firmware and settings of the modem.")

    @OptionGroup var radio: RadioOptions
    @OptionGroup var common: CommonOptions

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        let station = try Station(try radio.address(), io: io)
        try station.start()
        defer { station.stop() }
        try io.output.write(station.record(.ready))
        return .yes
    }
}

/// `kos-lora config`: sets the modem and reads the settings back.
struct Config: Tool {
    static let configuration = CommandConfiguration(
        abstract: "Sets the modem, reads back what it has, and says where they differ.",
        discussion: "Keys: freq sf bw cr power sync preamble region, as in a lora: URI.")

    @Argument(help: ArgumentHelp("For example sf=9 bw=250k.", valueName: "key=value"))
    var settings: [String] = []
    @OptionGroup var radio: RadioOptions
    @OptionGroup var common: CommonOptions

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        let address = try radio.address(settings: settings.joined(separator: "&"))
        let station = try Station(address, io: io)
        try station.start()
        defer { station.stop() }
        try io.output.write(station.record(.ready))
        return .yes
    }
}
