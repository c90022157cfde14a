import KosCore
import KosRadio
import KosTool

/// `kos-lora listen`: what the radio hears, as records.
struct Listen: Tool {
    static let configuration = CommandConfiguration(
        abstract: "Packets and frames that the modem hears, until -c, -t or SIGINT.")

    @Option(
        name: [.short, .long], help: ArgumentHelp("End after so many records.", valueName: "n"))
    var count: Int?
    @Flag(help: "Every frame as it is, also those that packets are made of.")
    var frames = false
    @Option(
        help: ArgumentHelp("Also write every frame to a capture file (LoRaTap).", valueName: "file")
    )
    var pcap: String?
    @Option(help: ArgumentHelp("Header of the capture: 0 (default) or 1.", valueName: "version"))
    var loratap: Int = 0
    @OptionGroup var radio: RadioOptions
    @OptionGroup var common: CommonOptions

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        if let count, count < 1 { throw ToolFailure.usage("--count is at least 1") }
        let station = try Station(try radio.address(), io: io)
        let capture = try pcap.map { try CaptureFile($0, version: loratap) }
        try station.start()
        defer { station.stop() }
        var made = 0
        while !station.isOver, made < count ?? .max {
            try station.turn(until: io.deadline) { event in
                guard made < count ?? .max else { return }
                if case .heard(let frame) = event { try capture?.write(frame, of: station) }
                switch event {
                case .heard(let frame) where frames:
                    try io.output.write(station.record(of: frame))
                case .foreign(let frame) where !frames:
                    try io.output.write(station.record(of: frame))
                case .packet(let packet, let frame) where !frames:
                    try io.output.write(station.record(of: packet, frame))
                default: return
                }
                made += 1
            }
        }
        try station.linger()
        return made >= count ?? 1 || station.isInterrupted ? .yes : .no
    }
}

/// `kos-lora monitor`: the same with the modem's own events, through losses of the modem.
struct Monitor: Tool {
    static let configuration = CommandConfiguration(
        abstract: "Frames and the modem's own events; waits for a modem that is absent.")

    @OptionGroup var radio: RadioOptions
    @OptionGroup var common: CommonOptions

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        let station = try Station(try radio.address(), io: io, reconnects: true)
        try station.start()
        defer { station.stop() }
        while !station.isOver {
            try station.turn(until: io.deadline) { event in
                switch event {
                case .heard(let frame): try io.output.write(station.record(of: frame))
                case .packet(let packet, let frame):
                    try io.output.write(station.record(of: packet, frame))
                case .ready: try io.output.write(station.record(.ready))
                case .lost(let reason, _):
                    let event = reason.contains("mismatch") ? RadioRecord.Event.mismatch : .lost
                    try io.output.write(station.record(event, reason: reason))
                case .foreign, .finished, .failed, .status, .note, .waits: break
                }
            }
        }
        return .yes
    }
}
