package import KosCore

/// A kOS packet that a frame completes: its octets, what they say, whether its signature holds.
package struct FoundPacket: Sendable {
    package let head: PacketHead
    package let octets: [UInt8]
    package let transport: TransportType
    /// Nil where signatures are not looked at.
    package let finding: CaptureKeys.Finding?

    package init(
        head: PacketHead, octets: [UInt8], transport: TransportType,
        finding: CaptureKeys.Finding?
    ) {
        self.head = head
        self.octets = octets
        self.transport = transport
        self.finding = finding
    }

    /// Appends the `packet` record: the packet's own octets, and where they were.
    package func write(
        _ frame: CapturedFrame, interface: [UInt8], to writer: inout JSONWriter
    ) {
        // Octets that a terminal should not see raw are written anew, too.
        if head.needsRewriting || PacketHead.hasDoubtfulOctets(octets.span) {
            guard let object = try? JSONObject(parsing: octets.span) else { return }
            writer.beginRecord(PacketRecord.type)
            for member in object.members
            where member.name != "type" && member.name != "kos" && member.name != "capture" {
                writer.name(dynamic: member.name)
                writer.write(member.value)
            }
        } else {
            let last = octets.lastIndex(of: 0x7D) ?? 0
            let first = octets.firstIndex(of: 0x7B) ?? 0
            writer.beginRecord(PacketRecord.type)
            writer.append(",")
            writer.append(octets.span.extracting(first + 1..<max(first + 1, last)))
        }
        FoundPacket.writePlace(frame, transport, interface, finding, to: &writer)
        writer.endRecord()
    }

    private static func writePlace(
        _ frame: CapturedFrame, _ transport: TransportType, _ interface: [UInt8],
        _ finding: CaptureKeys.Finding?, to writer: inout JSONWriter
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
        if let finding { writer.field("signature", finding.rawValue) }
        writer.endObject()
    }
}
