import KosCore

/// Babel's packets (RFC 8966 §4).
enum BabelDetails {
    static func write(
        _ name: StaticString, _ bytes: borrowing Span<UInt8>, _ range: Range<Int>,
        to writer: inout JSONWriter
    ) -> Bool {
        var cursor = Cursor(range, in: bytes)
        writer.name(name)
        writer.beginObject()
        writer.name("tlvs")
        writer.beginArray()
        defer {
            writer.endArray()
            writer.endObject()
        }
        guard cursor.u8(bytes) == 42, let version = cursor.u8(bytes), version == 2,
            let length = cursor.be16(bytes), let body = cursor.take(Int(length))
        else { return false }
        cursor = Cursor(body, in: bytes)
        for _ in 0..<FrameDetails.maxItems {
            guard let type = cursor.u8(bytes) else { return true }
            if type == 0 { continue }
            guard let length = cursor.u8(bytes), let data = cursor.take(Int(length)) else {
                return false
            }
            writer.beginObject()
            writer.field("kind", kind(type))
            let at = data.lowerBound
            switch type {
            case 4 where data.count >= 6:
                writer.field("sequence", Int(bytes.be16(at + 2)))
                writer.field("intervalMs", Int(bytes.be16(at + 4)) * 10)
            case 5 where data.count >= 6: writer.field("receiveCost", Int(bytes.be16(at + 2)))
            case 6 where data.count >= 10:
                writer.field("routerId", FrameDetails.hex(bytes, at + 2..<at + 10))
            case 8 where data.count >= 10:
                writer.field("prefixLength", Int(bytes.octet(at + 2)))
                writer.field("sequence", Int(bytes.be16(at + 6)))
                writer.field("metric", Int(bytes.be16(at + 8)))
            default: break
            }
            writer.endObject()
        }
        return true
    }

    private static func kind(_ type: UInt8) -> String {
        let kinds = [
            "pad1", "padN", "ackRequest", "ack", "hello", "ihu", "routerId", "nextHop", "update",
            "routeRequest", "seqnoRequest",
        ]
        return Int(type) < kinds.count ? kinds[Int(type)] : "\(type)"
    }
}
