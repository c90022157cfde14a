import KosCore

/// DSR's options header behind IPv4 (RFC 4728 §6).
enum DSRDetails {
    static func write(
        _ name: StaticString, _ bytes: borrowing Span<UInt8>, _ range: Range<Int>,
        to writer: inout JSONWriter
    ) -> Bool {
        var cursor = Cursor(range, in: bytes)
        writer.name(name)
        writer.beginObject()
        defer { writer.endObject() }
        guard let next = cursor.u8(bytes), let flags = cursor.u8(bytes),
            let length = cursor.be16(bytes)
        else { return false }
        writer.field("nextHeader", Int(next))
        // The flow state header has no options (RFC 4728 §7.1).
        guard flags & 0x80 == 0, let options = cursor.take(Int(length)) else {
            return flags & 0x80 != 0
        }
        return writeOptions(options, bytes, to: &writer)
    }

    /// Hands out the addresses of each route request, route reply and source route.
    static func eachPath(
        _ bytes: borrowing Span<UInt8>, _ range: Range<Int>,
        _ give: (_ type: UInt8, _ addresses: [FrameAddress]) -> Void
    ) {
        eachOption(bytes, range) { type, data, bytes in
            guard let head = head(of: type) else { return }
            var inner = Cursor(data, in: bytes)
            guard inner.skip(head) else { return }
            // A request names its target in front of the nodes that it has passed.
            if type == 1 { _ = inner.skip(4) }
            var addresses: [FrameAddress] = []
            while let word = inner.be32(bytes), addresses.count < FrameDetails.maxItems {
                addresses.append(.ipv4(word))
            }
            give(type, addresses)
        }
    }

    /// Hands out the targets of route requests, and the nodes that route replies have found.
    static func eachSearch(
        _ bytes: borrowing Span<UInt8>, _ range: Range<Int>,
        _ give: (_ isReply: Bool, _ target: FrameAddress) -> Void
    ) {
        eachOption(bytes, range) { type, data, bytes in
            let at = data.lowerBound
            if type == 1, data.count >= 6 { give(false, .ipv4(bytes.be32(at + 2))) }
            if type == 2, data.count >= 5 { give(true, .ipv4(bytes.be32(data.upperBound - 4))) }
        }
    }

    private static func eachOption(
        _ bytes: borrowing Span<UInt8>, _ range: Range<Int>,
        _ give: (UInt8, Range<Int>, borrowing Span<UInt8>) -> Void
    ) {
        var cursor = Cursor(range, in: bytes)
        guard cursor.skip(1), let flags = cursor.u8(bytes), flags & 0x80 == 0,
            let length = cursor.be16(bytes), let options = cursor.take(Int(length))
        else { return }
        cursor = Cursor(options, in: bytes)
        for _ in 0..<FrameDetails.maxItems {
            guard let type = cursor.u8(bytes) else { return }
            if type == 224 { continue }
            guard let length = cursor.u8(bytes), let data = cursor.take(Int(length)) else {
                return
            }
            give(type, data, bytes)
        }
    }

    /// Octets of an option's own head in front of its addresses; nil for one without.
    private static func head(of type: UInt8) -> Int? {
        switch type {
        case 1: 2
        case 2: 1
        case 96: 2
        default: nil
        }
    }

    private static func writeOptions(
        _ range: Range<Int>, _ bytes: borrowing Span<UInt8>, to writer: inout JSONWriter
    ) -> Bool {
        writer.name("options")
        writer.beginArray()
        defer { writer.endArray() }
        var cursor = Cursor(range, in: bytes)
        for _ in 0..<FrameDetails.maxItems {
            guard let type = cursor.u8(bytes) else { return true }
            if type == 224 { continue }
            guard let length = cursor.u8(bytes), let data = cursor.take(Int(length)) else {
                return false
            }
            writer.beginObject()
            writer.field("kind", kind(type))
            if type == 1, data.count >= 6 {
                writer.field("id", Int(bytes.be16(data.lowerBound)))
            }
            if let head = head(of: type) {
                var inner = Cursor(data, in: bytes)
                var addresses: [String] = []
                if inner.skip(head) {
                    while let word = inner.be32(bytes) {
                        addresses.append(FrameAddress.ipv4(word).text)
                    }
                }
                writer.field("addresses", addresses)
            }
            writer.endObject()
        }
        return true
    }

    private static func kind(_ type: UInt8) -> String {
        switch type {
        case 0: "padN"
        case 1: "rreq"
        case 2: "rrep"
        case 3: "rerr"
        case 32: "ack"
        case 96: "sourceRoute"
        case 160: "ackRequest"
        default: "\(type)"
        }
    }
}
