import KosCapture
import KosCore
import KosTool

/// Writes frames, and the kOS packets in them, as records or as lines for people.
struct FramePrinter {
    let decodes: Bool
    private let io: ToolIO
    private var text = FrameText()
    private var packets = PacketText()
    private var streams = StreamTable()
    private var packetLines = JSONWriter()
    /// kOS packets written.
    private(set) var packetCount = 0

    init(_ io: ToolIO, decodes: Bool) {
        self.io = io
        self.decodes = decodes
    }

    mutating func print(
        _ frame: CapturedFrame, _ interface: [UInt8], _ bytes: borrowing Span<UInt8>
    ) throws {
        if io.output.isText {
            try io.output.write(text: FramePrinter.line(frame, interface))
        } else {
            text.open(frame, interface: interface)
            try io.output.withWriter { writer in
                writer.append(text.bytes.span)
                FrameDetails.write(frame, bytes, to: &writer)
                writer.endRecord()
            }
        }
        if decodes { try printPackets(frame, interface, bytes) }
    }

    private mutating func printPackets(
        _ frame: CapturedFrame, _ interface: [UInt8], _ bytes: borrowing Span<UInt8>
    ) throws {
        var found: [CarriedPacket] = []
        streams.read(frame, bytes) { found.append($0) }
        for packet in found {
            guard
                let head = packets.read(
                    packet, of: frame, interface: interface, into: &packetLines)
            else { continue }
            packetCount += 1
            if io.output.isText {
                try io.output.write(
                    text: "    packet \(head.id) \(head.source) > \(head.destination) "
                        + "hops \(head.hops) ttl \(head.ttl) \(head.kind) \(head.control)\n")
            } else {
                try io.output.write(octets: packetLines.bytes.span)
            }
            packetLines.removeAll()
        }
    }

    /// One line for a terminal: time of day in UTC, interface, ends, protocol, length.
    private static func line(_ frame: CapturedFrame, _ interface: [UInt8]) -> String {
        var line = "-"
        if let time = frame.time {
            let day = time % 86_400_000_000_000
            func two(_ value: Int64) -> String { (value < 10 ? "0" : "") + String(value) }
            let micros = String(1_000_000 + day / 1000 % 1_000_000).dropFirst()
            line =
                two(day / 3_600_000_000_000) + ":" + two(day / 60_000_000_000 % 60) + ":"
                + two(day / 1_000_000_000 % 60) + "." + micros
        }
        if interface.first == 0x22 {
            line += " " + String(decoding: interface.dropFirst().dropLast(), as: UTF8.self)
        }
        let ports =
            frame.hasPorts
            ? (".\(frame.sourcePort)", ".\(frame.destinationPort)") : ("", "")
        line += " \(frame.source.text)\(ports.0) > \(frame.destination.text)\(ports.1)"
        line += " \(frame.protocols.last.name) \(frame.lengthBytes)"
        if frame.malformed != .none { line += " [malformed \(frame.malformed.name)]" }
        return line + "\n"
    }
}
