package import KosCore

/// Writes `packet` records of a capture: the packet's own octets, and where they were.
package struct PacketText: Sendable {
    private var reader = JSONReader()

    package init() {}

    /// The packet's head, and its record appended to `writer`; nil, and nothing written, when the
    /// octets are no packet. `mayWrite` false only reads the head.
    package mutating func read(
        _ packet: CarriedPacket, of frame: CapturedFrame, interface: [UInt8],
        into writer: inout JSONWriter,
        mayWrite: Bool = true
    ) -> PacketHead? {
        guard (try? UTF8Span(validating: packet.octets.span)) != nil,
            let head = PacketHead(packet.octets.span, using: &reader)
        else { return nil }
        guard mayWrite else { return head }
        if head.needsRewriting {
            guard let object = try? JSONObject(parsing: packet.octets.span) else { return nil }
            writer.beginRecord(PacketRecord.type)
            for member in object.members
            where member.name != "type" && member.name != "kos" && member.name != "capture" {
                writer.name(dynamic: member.name)
                writer.write(member.value)
            }
        } else {
            let last = packet.octets.lastIndex(of: 0x7D) ?? 0
            let first = packet.octets.firstIndex(of: 0x7B) ?? 0
            writer.beginRecord(PacketRecord.type)
            writer.append(",")
            writer.append(packet.octets.span.extracting(first + 1..<max(first + 1, last)))
        }
        PacketText.writePlace(frame, packet.transport, interface, to: &writer)
        writer.endRecord()
        return head
    }

    private static func writePlace(
        _ frame: CapturedFrame, _ transport: TransportType, _ interface: [UInt8],
        to writer: inout JSONWriter
    ) {
        writer.name("capture")
        writer.beginObject()
        if let time = frame.time {
            writer.field("timestamp", Int(time / 1_000_000))
            writer.field("timestampNanos", Int(time % 1_000_000))
        } else {
            writer.nullField("timestamp")
        }
        writer.field("number", frame.number)
        writer.name("interface")
        writer.append(interface.span)
        writer.field("transport", transport.rawValue)
        writer.field("source", frame.source.text)
        writer.field("destination", frame.destination.text)
        if frame.hasPorts {
            writer.field("sourcePort", Int(frame.sourcePort))
            writer.field("destinationPort", Int(frame.destinationPort))
        }
        writer.field("lengthBytes", frame.lengthBytes)
        writer.endObject()
    }
}
