import KosCore

/// The Hybrid Wireless Mesh Protocol's elements (IEEE 802.11-2020 §9.4.2.112 to §9.4.2.115).
enum HWMPDetails {
    static func write(
        _ name: StaticString, _ bytes: borrowing Span<UInt8>, _ range: Range<Int>,
        to writer: inout JSONWriter
    ) -> Bool {
        var cursor = Cursor(range, in: bytes)
        writer.name(name)
        writer.beginObject()
        writer.name("elements")
        writer.beginArray()
        defer {
            writer.endArray()
            writer.endObject()
        }
        for _ in 0..<FrameDetails.maxItems where cursor.left > 0 {
            guard let id = cursor.u8(bytes), let length = cursor.u8(bytes),
                let body = cursor.take(Int(length))
            else { return false }
            var element = Cursor(body, in: bytes)
            writer.beginObject()
            let isWhole = writeElement(id, &element, bytes, to: &writer)
            writer.endObject()
            guard isWhole else { return false }
        }
        return true
    }

    private static func writeElement(
        _ id: UInt8, _ cursor: inout Cursor, _ bytes: borrowing Span<UInt8>,
        to writer: inout JSONWriter
    ) -> Bool {
        switch id {
        case 126:
            writer.field("kind", "rann")
            guard cursor.skip(1), let hops = cursor.u8(bytes), let ttl = cursor.u8(bytes) else {
                return false
            }
            writeCounts(hops, ttl, to: &writer)
            return writeNode("root", "rootSequence", &cursor, bytes, to: &writer)
        case 130: return writeRequest(&cursor, bytes, to: &writer)
        case 131: return writeReply(&cursor, bytes, to: &writer)
        case 132: return writeError(&cursor, bytes, to: &writer)
        default:
            writer.field("kind", "\(id)")
            return true
        }
    }

    private static func writeCounts(_ hops: UInt8, _ ttl: UInt8, to writer: inout JSONWriter) {
        writer.field("hops", Int(hops))
        writer.field("ttl", Int(ttl))
    }

    private static func writeNode(
        _ name: StaticString, _ sequence: StaticString, _ cursor: inout Cursor,
        _ bytes: borrowing Span<UInt8>, to writer: inout JSONWriter
    ) -> Bool {
        guard let address = cursor.take(6), let number = cursor.be32(bytes) else { return false }
        writer.field(name, FrameAddress(.mac, low: bytes.be48(address.lowerBound)).text)
        writer.field(sequence, Int(number.byteSwapped))
        return true
    }

    private static func writeRequest(
        _ cursor: inout Cursor, _ bytes: borrowing Span<UInt8>, to writer: inout JSONWriter
    ) -> Bool {
        writer.field("kind", "preq")
        guard let flags = cursor.u8(bytes), let hops = cursor.u8(bytes),
            let ttl = cursor.u8(bytes), let id = cursor.be32(bytes)
        else { return false }
        writeCounts(hops, ttl, to: &writer)
        writer.field("id", Int(id.byteSwapped))
        guard writeNode("origin", "originSequence", &cursor, bytes, to: &writer),
            flags & 0x40 == 0 || cursor.skip(6), cursor.skip(4),
            let metric = cursor.be32(bytes), let count = cursor.u8(bytes)
        else { return false }
        writer.field("metric", Int(metric.byteSwapped))
        writer.name("targets")
        writer.beginArray()
        defer { writer.endArray() }
        for _ in 0..<count {
            guard cursor.skip(1), let address = cursor.take(6), cursor.skip(4) else {
                return false
            }
            writer.write(FrameAddress(.mac, low: bytes.be48(address.lowerBound)).text)
        }
        return true
    }

    private static func writeReply(
        _ cursor: inout Cursor, _ bytes: borrowing Span<UInt8>, to writer: inout JSONWriter
    ) -> Bool {
        writer.field("kind", "prep")
        guard let flags = cursor.u8(bytes), let hops = cursor.u8(bytes),
            let ttl = cursor.u8(bytes)
        else { return false }
        writeCounts(hops, ttl, to: &writer)
        guard writeNode("target", "targetSequence", &cursor, bytes, to: &writer),
            flags & 0x40 == 0 || cursor.skip(6), cursor.skip(4), let metric = cursor.be32(bytes)
        else { return false }
        writer.field("metric", Int(metric.byteSwapped))
        return writeNode("origin", "originSequence", &cursor, bytes, to: &writer)
    }

    private static func writeError(
        _ cursor: inout Cursor, _ bytes: borrowing Span<UInt8>, to writer: inout JSONWriter
    ) -> Bool {
        writer.field("kind", "perr")
        guard let ttl = cursor.u8(bytes), let count = cursor.u8(bytes) else { return false }
        writer.field("ttl", Int(ttl))
        writer.name("unreachable")
        writer.beginArray()
        defer { writer.endArray() }
        for _ in 0..<count {
            guard let flags = cursor.u8(bytes), let address = cursor.take(6), cursor.skip(4),
                flags & 0x40 == 0 || cursor.skip(6), cursor.skip(2)
            else { return false }
            writer.write(FrameAddress(.mac, low: bytes.be48(address.lowerBound)).text)
        }
        return true
    }
}
