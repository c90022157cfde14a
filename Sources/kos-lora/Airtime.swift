import KosCore
import KosTool

/// `kos-lora airtime`: how long a frame occupies the air.
struct Airtime: Tool {
    static let configuration = CommandConfiguration(
        abstract: "How long a frame of so many octets occupies the air. Needs no modem.")

    @OptionGroup var modulation: ModulationOptions
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Octets of payload: numbers, FROM-TO, or - for one a line on stdin.", valueName: "bytes"
        ))
    var payload: [String]
    @OptionGroup var common: CommonOptions

    mutating func run(_ io: ToolIO) throws -> ExitStatus {
        let modulation = try modulation.modulation()
        guard !payload.isEmpty else { throw ToolFailure.usage("--payload needs a size") }
        if payload == ["-"] { return try answerLines(io, modulation) }
        var sizes: [Int] = []
        for text in payload { sizes += try Airtime.sizes(text) }
        for size in sizes {
            let airtime = try LoRaFailure.legal { try TimeOnAir(modulation, payloadBytes: size) }
            try io.output.write(AirtimeRecord(airtime))
        }
        return .yes
    }

    /// `20`, or `0-255`.
    private static func sizes(_ text: String) throws -> ClosedRange<Int> {
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = ends.first.flatMap({ Int($0) }),
            let last = ends.last.flatMap({ Int($0) }),
            first <= last, last <= 65_535
        else { throw LoRaFailure.usage("payload", text, "a number of octets, or FROM-TO") }
        return first...last
    }

    /// One size a line. There are only 256 answers, so each is made once.
    private func answerLines(_ io: ToolIO, _ modulation: LoRaModulation) throws -> ExitStatus {
        let answers = LoRaModulation.payloads.map {
            AirtimeRecord(TimeOnAir(clamping: $0, modulation))
        }
        let lines = answers.map(\.line)
        let input = try io.input("-")
        while true {
            switch try input.next() {
            case .end: return io.status(.yes)
            case .bad(let number, let error): try io.report(error, line: number, of: input)
            case .line(let number, let range):
                let size = input.withText(range) { Airtime.number($0) }
                guard let size, size < lines.count else {
                    let complaint = RecordError(.badRecord, "not a number of octets from 0 to 255")
                    try io.report(complaint, line: number, of: input)
                    continue
                }
                io.goodLines += 1
                if io.output.isText {
                    try io.output.write(answers[size])
                } else {
                    let line = lines[size]
                    try io.output.write(octets: line.span)
                }
            }
        }
    }

    /// The decimal number that the text is; nil for anything else, and past 65 535.
    private static func number(_ text: borrowing Span<UInt8>) -> Int? {
        guard !text.isEmpty, text.count <= 5 else { return nil }
        var value = 0
        for index in text.indices {
            let digit = text[index] &- 0x30
            guard digit < 10 else { return nil }
            value = value * 10 + Int(digit)
        }
        return value
    }
}
