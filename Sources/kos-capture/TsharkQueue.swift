import KosCapture
import KosCore
import KosPcap
import KosTool

/// Holds records back until tshark has said what it takes their frames for; their order stays.
final class TsharkQueue {
    /// Records held at most: more wait for tshark.
    private static let room = 4096

    private struct Line {
        var octets: [UInt8]
        /// A frame's record without its closing brace, which waits for an answer.
        var isOpen: Bool
    }
    private let io: ToolIO
    private let tshark: TsharkProcess
    private var lines: [Line] = []
    private var first = 0

    init(_ io: ToolIO) throws {
        self.io = io
        do {
            tshark = try TsharkProcess()
        } catch let failure as TsharkProcess.Failure {
            throw ToolFailure(
                .failure, code: "noTshark", failure.message,
                hint: "--dissect-with tshark needs tshark on the PATH")
        }
    }

    func add(_ whole: [UInt8]) throws {
        guard first < lines.count else { return try io.output.write(octets: whole.span) }
        lines.append(Line(octets: whole, isOpen: false))
    }

    func ask(
        _ open: [UInt8], _ packet: CapturedPacket, _ interface: CaptureInterface,
        _ bytes: borrowing Span<UInt8>
    ) throws {
        tshark.ask(packet, interface, bytes)
        lines.append(Line(octets: open, isOpen: true))
        try pump(waits: lines.count - first > TsharkQueue.room)
    }

    func finish() throws {
        tshark.end()
        while first < lines.count { try pump(waits: true) }
    }

    private func pump(waits: Bool) throws {
        let answers: [TsharkProcess.Answer]?
        do {
            answers = try tshark.answers(waits: waits)
        } catch let failure as TsharkProcess.Failure {
            throw ToolFailure(.failure, code: "tshark", failure.message)
        }
        for answer in answers ?? [] { try take(answer) }
        // It has gone without a word on the rest.
        if answers == nil { while first < lines.count { try put(nil) } }
    }

    private func take(_ answer: TsharkProcess.Answer) throws {
        while first < lines.count, !lines[first].isOpen { try put(nil) }
        guard first < lines.count else { return }
        try put(answer)
        while first < lines.count, !lines[first].isOpen { try put(nil) }
        if first > 1024 {
            lines.removeFirst(first)
            first = 0
        }
    }

    private func put(_ answer: TsharkProcess.Answer?) throws {
        let line = lines[first]
        lines[first].octets = []
        first += 1
        guard line.isOpen else { return try io.output.write(octets: line.octets.span) }
        try io.output.withWriter { writer in
            writer.append(line.octets.span)
            if let answer {
                writer.name("tshark")
                writer.beginObject()
                writer.field("protocols", answer.protocols)
                writer.field("protocol", answer.name)
                writer.field("info", answer.info)
                writer.endObject()
            }
            writer.endRecord()
        }
    }
}
