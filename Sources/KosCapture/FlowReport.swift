package import KosCore

/// The `report` record of one conversation. There may be as many as packets: it is written
/// straight from the table's entry.
package struct FlowReport: Record {
    package static let type = ReportRecord.type
    package static let fields = ReportRecord.fields

    package let flow: Conversation
    /// Put out early for want of room.
    package let isEvicted: Bool
    /// It has not ended yet.
    package let isLive: Bool

    package init(_ flow: Conversation, isEvicted: Bool = false, isLive: Bool = false) {
        self.flow = flow
        self.isEvicted = isEvicted
        self.isLive = isLive
    }

    /// Bit/s over `milliseconds`; nil where no time passed.
    static func rate(_ bytes: Int, over milliseconds: Double) -> Double? {
        guard milliseconds > 0 else { return nil }
        return (Double(bytes) * 8 * 1e6 / milliseconds).rounded() / 1e3
    }

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(FlowReport.type)
        var head: [UInt8] = []
        head.append(addingCapacity: 512) { putHead(to: &$0) }
        writer.append(head.span)
        let duration = Histogram.round(Double(flow.lastSeen - flow.firstSeen))
        writer.field("durationMs", duration)
        writer.field("packetsForth", flow.forth.packets)
        writer.field("packetsBack", flow.back.packets)
        writer.optional("throughputBps", FlowReport.rate(flow.bytes, over: duration))
        writer.optional("handshakeMs", flow.handshake.map { Histogram.round(Double($0)) })
        if flow.rttCount > 0 {
            writer.field(
                "rttMs", Histogram.round(Double(flow.rttSum) / Double(flow.rttCount)))
        }
        if flow.transport == .tcp {
            writer.field("retransmissions", flow.forth.retransmissions + flow.back.retransmissions)
        }
        if isEvicted { writer.field("evicted", true) }
        if isLive { writer.field("isLive", true) }
        writer.endRecord()
    }

    /// Whose figures they are, and the two that every scope has.
    private func putHead(to out: inout OutputSpan<UInt8>) {
        out.put(",\"timestamp\":")
        out.put(UInt64(max(0, flow.lastSeen / 1_000_000)))
        out.put(",\"scope\":\"flow\",\"flowId\":\"")
        out.putHex(flow.id, digits: 16)
        out.put("\",\"protocol\":\"")
        out.put(flow.application.name)
        out.put("\",\"source\":\"")
        flow.source.put(to: &out)
        out.put("\",\"destination\":\"")
        flow.destination.put(to: &out)
        out.put("\",\"sourcePort\":")
        out.put(UInt64(flow.sourcePort))
        out.put(",\"destinationPort\":")
        out.put(UInt64(flow.destinationPort))
        out.put(",\"packets\":")
        out.put(UInt64(flow.packets))
        out.put(",\"bytes\":")
        out.put(UInt64(flow.bytes))
    }
}

extension ReportRecord {
    /// The record of a conversation with its members told apart.
    init?(_ report: FlowReport) {
        let line = report.line
        guard let members = try? JSONObject(parsing: line.span.extracting(..<(line.count - 1)))
        else { return nil }
        var (subject, figures) = (JSONObject(), JSONObject())
        for member in members.members {
            switch member.name {
            case "type", "kos", "timestamp", "scope", "packets", "bytes", "durationMs": continue
            case "flowId", "protocol", "source", "destination", "sourcePort", "destinationPort":
                subject[member.name] = member.value
            default: figures[member.name] = member.value
            }
        }
        self.init(
            scope: .flow, timestamp: nil, subject: subject, packets: report.flow.packets,
            bytes: report.flow.bytes, durationMs: members["durationMs"]?.number ?? 0,
            figures: figures)
    }
}
