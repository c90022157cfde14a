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

    /// Hands out whom the sender says it hears, with its receive cost; no address means whoever the
    /// packet went to.
    static func eachHeard(
        _ bytes: borrowing Span<UInt8>, _ range: Range<Int>,
        _ give: (_ address: FrameAddress, _ cost: UInt16) -> Void
    ) {
        eachTLV(bytes, range) { type, data, bytes in
            guard type == 5, data.count >= 6 else { return }
            let at = data.lowerBound
            let cost = bytes.be16(at + 2)
            switch bytes.octet(at) {
            case 0: give(.none, cost)
            case 1 where data.count >= 10: give(.ipv4(bytes.be32(at + 6)), cost)
            case 2 where data.count >= 22:
                give(.ipv6(bytes.be64(at + 6), bytes.be64(at + 14)), cost)
            case 3 where data.count >= 14:
                give(.ipv6(0xFE80_0000_0000_0000, bytes.be64(at + 6)), cost)
            default: return
            }
        }
    }

    /// The sequence number and the interval, in nanoseconds, of the packet's hello.
    static func hello(
        _ bytes: borrowing Span<UInt8>, _ range: Range<Int>
    ) -> (sequence: UInt16, interval: Int64)? {
        var found: (UInt16, Int64)?
        eachTLV(bytes, range) { type, data, bytes in
            guard type == 4, data.count >= 6, found == nil else { return }
            let at = data.lowerBound
            found = (bytes.be16(at + 2), Int64(bytes.be16(at + 4)) * 10_000_000)
        }
        return found
    }

    private static func eachTLV(
        _ bytes: borrowing Span<UInt8>, _ range: Range<Int>,
        _ give: (UInt8, Range<Int>, borrowing Span<UInt8>) -> Void
    ) {
        var cursor = Cursor(range, in: bytes)
        guard cursor.u8(bytes) == 42, cursor.u8(bytes) == 2, let length = cursor.be16(bytes),
            let body = cursor.take(Int(length))
        else { return }
        cursor = Cursor(body, in: bytes)
        for _ in 0..<FrameDetails.maxItems {
            guard let type = cursor.u8(bytes) else { return }
            if type == 0 { continue }
            guard let length = cursor.u8(bytes), let data = cursor.take(Int(length)) else {
                return
            }
            give(type, data, bytes)
        }
    }

    private static func kind(_ type: UInt8) -> String {
        let kinds = [
            "pad1", "padN", "ackRequest", "ack", "hello", "ihu", "routerId", "nextHop", "update",
            "routeRequest", "seqnoRequest",
        ]
        return Int(type) < kinds.count ? kinds[Int(type)] : "\(type)"
    }
}
