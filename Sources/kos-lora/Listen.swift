import ArgumentParser
import KosCore
import KosRadio
import KosTool

/// `kos-lora listen`: what the radio hears, as records.
struct Listen: Tool {
    static let configuration = CommandConfiguration(
        abstract: "Frames that the modem hears, until -c, -t or SIGINT.")

    @Option(name: [.short, .long], help: ArgumentHelp("End after so many frames.", valueName: "n"))
    var count: Int?
    @OptionGroup var radio: RadioOptions
    @OptionGroup var common: CommonOptions

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        if let count, count < 1 { throw ToolFailure.usage("--count is at least 1") }
        let station = Station(try radio.address(), io: io)
        try station.start()
        defer { station.stop() }
        while !station.isInterrupted, station.heard < count ?? .max {
            if let deadline = io.deadline, SystemClock.now >= deadline { break }
            try station.turn(until: io.deadline) { event in
                guard case .received(let frame) = event, station.heard <= count ?? .max else {
                    return
                }
                try io.output.write(station.record(of: frame))
            }
        }
        return station.heard >= count ?? 1 || station.isInterrupted ? .yes : .no
    }
}

/// `kos-lora monitor`: the same with the modem's own events, through losses of the modem.
struct Monitor: Tool {
    static let configuration = CommandConfiguration(
        abstract: "Frames and the modem's own events; waits for a modem that is absent.")

    @OptionGroup var radio: RadioOptions
    @OptionGroup var common: CommonOptions

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        let station = Station(try radio.address(), io: io, reconnects: true)
        try station.start()
        defer { station.stop() }
        while !station.isInterrupted {
            if let deadline = io.deadline, SystemClock.now >= deadline { break }
            try station.turn(until: io.deadline) { event in
                switch event {
                case .received(let frame): try io.output.write(station.record(of: frame))
                case .ready: try io.output.write(station.record(.ready))
                case .lost(let reason, _):
                    let event = reason.contains("mismatch") ? RadioRecord.Event.mismatch : .lost
                    try io.output.write(station.record(event, reason: reason))
                case .sent, .failed, .status, .note: break
                }
            }
        }
        return .yes
    }
}
