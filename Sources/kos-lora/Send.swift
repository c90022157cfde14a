import KosCore
import KosRadio
import KosTool

/// `kos-lora send`: packets, or raw frames, within the law.
struct Send: Tool {
    static let configuration = CommandConfiguration(
        abstract: "Sends packets to a node, or raw frames, within the legal air time.",
        discussion: """
            With --to the text is the payload of a signed packet, in fragments where it does not fit \
            into one frame. Without it the text is one raw frame. '-' sends the packet records of \
            standard input.
            """)

    @Argument(help: ArgumentHelp("Text to send; - for packet records on stdin.", valueName: "text"))
    var text: String
    @Option(
        name: [.customShort("T"), .long],
        help: ArgumentHelp("Destination, or * for all.", valueName: "node"))
    var to: String?
    @Flag(help: "The text is hexadecimal digits.")
    var hex = false
    @Flag(
        name: [.customShort("n"), .long],
        help: "Say what it would cost and whether it may go; send nothing.")
    var dryRun = false
    @Flag(help: "Wait for legal air time instead of refusing.")
    var wait = false
    @OptionGroup var identity: IdentityOptions
    @OptionGroup var radio: RadioOptions
    @OptionGroup var common: CommonOptions

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        let station = try Station(try radio.address(), io: io, waits: wait)
        let sender = Sender(station)
        if dryRun { return try sender.estimate(try octets()) }
        if text == "-" { return try sendRecords(io, sender) }
        let packet = try to.map { try identity.packet(to: $0, try payload()) }
        try station.start()
        defer { station.stop() }
        if let packet {
            sender.send(packet, ref: nil)
        } else {
            sender.send(raw: try octets())
        }
        return try sender.finish()
    }

    private func payload() throws -> JSONValue {
        hex ? JSONValue(octets: try octets()) : .string(text)
    }

    private func octets() throws -> [UInt8] {
        guard hex else { return Array(text.utf8) }
        guard let octets = Hexadecimal.decode(text) else {
            throw LoRaFailure.usage("text", text, "pairs of hexadecimal digits")
        }
        return octets
    }

    /// Packet records are sent, everything else passes through in its place.
    private func sendRecords(_ io: ToolIO, _ sender: Sender) throws -> ExitStatus {
        let input = try io.input("-")
        try sender.station.start()
        defer { sender.station.stop() }
        while !sender.station.isOver {
            switch try input.next() {
            case .end: return io.status(try sender.finish())
            case .bad(let number, let error): try io.report(error, line: number, of: input)
            case .line(let number, let range):
                do {
                    try input.withText(range) { line in
                        let head = try RecordHead(line)
                        guard head.type == "packet" else { return try io.output.pass(line) }
                        let packet = try Packet(try RecordFields(parsing: line))
                        sender.send(packet, ref: nil)
                    }
                    io.goodLines += 1
                } catch let error as RecordError {
                    try io.report(error, line: number, of: input)
                }
                try sender.settle(below: 8)
            }
        }
        return try sender.finish()
    }
}
