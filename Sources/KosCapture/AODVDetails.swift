import KosCore

/// AODV's messages over IPv4 (RFC 3561 §5).
enum AODVDetails {
    static func write(
        _ name: StaticString, _ bytes: borrowing Span<UInt8>, _ range: Range<Int>,
        to writer: inout JSONWriter
    ) -> Bool {
        let at = range.lowerBound
        writer.name(name)
        writer.beginObject()
        defer { writer.endObject() }
        func address(_ offset: Int) -> String { FrameAddress.ipv4(bytes.be32(at + offset)).text }
        func number(_ offset: Int) -> Int { Int(bytes.be32(at + offset)) }
        switch bytes.octet(at) {
        case 1:
            writer.field("kind", "rreq")
            guard range.count >= 24 else { return false }
            writer.field("hops", Int(bytes.octet(at + 3)))
            writer.field("id", number(4))
            writer.field("destination", address(8))
            writer.field("destinationSequence", number(12))
            writer.field("origin", address(16))
            writer.field("originSequence", number(20))
        case 2:
            writer.field("kind", "rrep")
            guard range.count >= 20 else { return false }
            writer.field("hops", Int(bytes.octet(at + 3)))
            writer.field("destination", address(4))
            writer.field("destinationSequence", number(8))
            writer.field("origin", address(12))
            writer.field("lifetimeMs", number(16))
        case 3:
            writer.field("kind", "rerr")
            let count = Int(bytes.octet(at + 3))
            guard range.count >= 4 + 8 * count else { return false }
            var lost: [String] = []
            for index in 0..<min(count, FrameDetails.maxItems) {
                lost.append(address(4 + 8 * index))
            }
            writer.field("unreachable", lost)
        case 4: writer.field("kind", "rrepAck")
        default: return false
        }
        return true
    }
}
