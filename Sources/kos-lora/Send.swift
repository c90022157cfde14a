import ArgumentParser
import KosCore
import KosRadio
import KosTool

/// `kos-lora send`: frames on the air, within the law.
struct Send: Tool {
    static let configuration = CommandConfiguration(
        abstract: "Sends a frame, or each line of stdin as one, within the legal air time.")

    @Argument(
        help: ArgumentHelp("Text of the frame; - takes each line of stdin.", valueName: "text"))
    var text: String
    @Flag(help: "The text is hexadecimal digits.")
    var hex = false
    @Flag(
        name: [.customShort("n"), .long],
        help: "Say what it would cost and whether it may go; send nothing.")
    var dryRun = false
    @Flag(help: "Wait for legal air time instead of refusing.")
    var wait = false
    @OptionGroup var radio: RadioOptions
    @OptionGroup var common: CommonOptions

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        let address = try radio.address()
        let law = try AirtimeLaw(address)
        let station = Station(address, io: io)
        if !dryRun { try station.start() }
        defer { station.stop() }
        var sender = FrameSender(station: station, law: law, isDryRun: dryRun, waits: wait)
        guard text == "-" else {
            try sender.send(try octets(text))
            return try sender.finish()
        }
        let input = try io.input("-")
        while !station.isInterrupted {
            switch try input.next() {
            case .end: return io.status(try sender.finish())
            case .bad(let number, let error): try io.report(error, line: number, of: input)
            case .line(_, let range):
                io.goodLines += 1
                let line = input.withText(range) { text in text.indices.map { text[$0] } }
                try sender.send(hex ? try octets(String(decoding: line, as: UTF8.self)) : line)
            }
        }
        return try sender.finish()
    }

    private func octets(_ text: String) throws -> [UInt8] {
        guard hex else { return Array(text.utf8) }
        guard let octets = Hexadecimal.decode(text) else {
            throw LoRaFailure.usage("text", text, "pairs of hexadecimal digits")
        }
        return octets
    }
}
