import KosCore

/// DNS and mDNS (RFC 1035 §4.1, RFC 6762 §18).
enum DNSDetails {
    /// Labels followed for one name; a pointer back to itself ends there.
    private static let maxLabels = 128

    static func write(
        _ name: StaticString, _ bytes: borrowing Span<UInt8>, _ range: Range<Int>,
        to writer: inout JSONWriter
    ) -> Bool {
        var cursor = Cursor(range, in: bytes)
        guard let id = cursor.be16(bytes), let flags = cursor.be16(bytes),
            let questions = cursor.be16(bytes), let answers = cursor.be16(bytes),
            let authorities = cursor.be16(bytes), let additional = cursor.be16(bytes)
        else { return false }
        writer.name(name)
        writer.beginObject()
        defer { writer.endObject() }
        writer.field("id", Int(id))
        writer.field("response", flags & 0x8000 != 0)
        if flags & 0x8000 != 0 { writer.field("rcode", Int(flags & 15)) }
        guard writeQuestions(Int(questions), &cursor, bytes, range, to: &writer) else {
            return false
        }
        let count = Int(answers) + Int(authorities) + Int(additional)
        return writeRecords(count, &cursor, bytes, range, to: &writer)
    }

    private static func writeQuestions(
        _ count: Int, _ cursor: inout Cursor, _ bytes: borrowing Span<UInt8>, _ range: Range<Int>,
        to writer: inout JSONWriter
    ) -> Bool {
        writer.name("questions")
        writer.beginArray()
        defer { writer.endArray() }
        for _ in 0..<min(count, FrameDetails.maxItems) {
            guard let name = readName(&cursor, bytes, range), let type = cursor.be16(bytes),
                cursor.skip(2)
            else { return false }
            writer.beginObject()
            writer.field("name", name)
            writer.field("type", typeName(type))
            writer.endObject()
        }
        return true
    }

    private static func writeRecords(
        _ count: Int, _ cursor: inout Cursor, _ bytes: borrowing Span<UInt8>, _ range: Range<Int>,
        to writer: inout JSONWriter
    ) -> Bool {
        guard count > 0 else { return true }
        writer.name("records")
        writer.beginArray()
        defer { writer.endArray() }
        for _ in 0..<min(count, FrameDetails.maxItems) {
            guard let name = readName(&cursor, bytes, range), let type = cursor.be16(bytes),
                cursor.skip(2), let ttl = cursor.be32(bytes), let length = cursor.be16(bytes),
                let data = cursor.take(Int(length))
            else { return false }
            writer.beginObject()
            writer.field("name", name)
            writer.field("type", typeName(type))
            // The pseudo-record's time to live is flags (RFC 6891 §6.1.3).
            if type != 41 { writer.field("ttl", Int(ttl)) }
            writeData(type, data, bytes, range, to: &writer)
            writer.endObject()
        }
        return true
    }

    private static func writeData(
        _ type: UInt16, _ data: Range<Int>, _ bytes: borrowing Span<UInt8>, _ range: Range<Int>,
        to writer: inout JSONWriter
    ) {
        var cursor = Cursor(data, in: bytes)
        switch type {
        case 1 where data.count == 4:
            writer.field("data", FrameAddress.ipv4(bytes.be32(data.lowerBound)).text)
        case 28 where data.count == 16:
            let at = data.lowerBound
            writer.field("data", FrameAddress.ipv6(bytes.be64(at), bytes.be64(at + 8)).text)
        case 2, 5, 12:
            if let name = readName(&cursor, bytes, range) { writer.field("data", name) }
        case 33:
            guard cursor.skip(4), let port = cursor.be16(bytes),
                let name = readName(&cursor, bytes, range)
            else { return }
            writer.field("data", name)
            writer.field("port", Int(port))
        case 16:
            writer.name("text")
            writer.beginArray()
            while let length = cursor.u8(bytes), let text = cursor.take(Int(length)) {
                writer.write(String(decoding: bytes.array(text), as: UTF8.self))
            }
            writer.endArray()
        default: return
        }
    }

    /// A name with its pointers followed; nil when it is cut off, too long or never ends.
    private static func readName(
        _ cursor: inout Cursor, _ bytes: borrowing Span<UInt8>, _ range: Range<Int>
    ) -> String? {
        var name: [UInt8] = []
        var here = cursor
        var hasJumped = false
        for _ in 0..<maxLabels {
            guard let length = here.u8(bytes) else { return nil }
            if length == 0 {
                if !hasJumped { cursor = here }
                return name.isEmpty ? "." : String(decoding: name, as: UTF8.self)
            }
            if length >= 0xC0 {
                guard let low = here.u8(bytes) else { return nil }
                if !hasJumped { cursor = here }
                hasJumped = true
                let target = range.lowerBound + Int(length & 0x3F) << 8 + Int(low)
                guard target < range.upperBound else { return nil }
                here = Cursor(target..<range.upperBound, in: bytes)
                continue
            }
            guard length < 64, name.count + Int(length) < 255, let label = here.take(Int(length))
            else { return nil }
            if !name.isEmpty { name.append(0x2E) }
            name += bytes.array(label)
        }
        return nil
    }

    private static func typeName(_ type: UInt16) -> String {
        switch type {
        case 1: "A"
        case 2: "NS"
        case 5: "CNAME"
        case 6: "SOA"
        case 12: "PTR"
        case 15: "MX"
        case 16: "TXT"
        case 28: "AAAA"
        case 33: "SRV"
        case 41: "OPT"
        case 47: "NSEC"
        case 65: "HTTPS"
        case 255: "ANY"
        default: "\(type)"
        }
    }
}
