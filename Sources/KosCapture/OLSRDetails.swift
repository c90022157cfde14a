import KosCore

/// OLSR's packets (RFC 3626 §3.3), and the link-quality dialect of olsrd (message types 201, 202).
package enum OLSRDetails {
    /// One message of a packet.
    package struct Message: Sendable {
        package let type: UInt8
        package let originator: FrameAddress
        package let ttl: UInt8
        package let hops: UInt8
        package let sequence: UInt16
        /// Offsets of its body.
        package let body: Range<Int>
    }

    /// Hands out the messages; false when they do not fill the packet.
    package static func each(
        _ bytes: borrowing Span<UInt8>, _ range: Range<Int>, _ give: (Message) -> Void
    ) -> Bool {
        var cursor = Cursor(range, in: bytes)
        guard let length = cursor.be16(bytes), Int(length) <= range.count, cursor.skip(2) else {
            return false
        }
        for _ in 0..<FrameDetails.maxItems where cursor.left > 0 {
            let start = cursor.at
            guard let type = cursor.u8(bytes), cursor.skip(1), let size = cursor.be16(bytes),
                let originator = cursor.be32(bytes), let ttl = cursor.u8(bytes),
                let hops = cursor.u8(bytes), let sequence = cursor.be16(bytes),
                size >= 12, start + Int(size) <= cursor.end
            else { return false }
            let body = cursor.at..<start + Int(size)
            give(
                Message(
                    type: type, originator: .ipv4(originator), ttl: ttl, hops: hops,
                    sequence: sequence, body: body))
            cursor = Cursor(body.upperBound..<cursor.end, in: bytes)
        }
        return true
    }

    /// What the packet's HELLO says of the time to the next, in nanoseconds (RFC 3626 §6.1, §18.3).
    static func helloInterval(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Int64? {
        var found: Int64?
        var places: [Int] = []
        _ = each(bytes, range) { message in
            if message.type == 1 || message.type == 201 { places.append(message.body.lowerBound) }
        }
        if let place = places.first {
            let code = bytes.octet(place + 2)
            // C·(1 + a/16)·2^b, C = 1/16 s.
            found = Int64(16 + code >> 4) * (62_500_000 / 16) << Int64(code & 15)
        }
        return found
    }

    /// Hands out a HELLO's neighbours with their link code (RFC 3626 §6.1), and the share of HELLOs
    /// heard where the dialect tells it.
    package static func eachNeighbour(
        of message: Message, _ bytes: borrowing Span<UInt8>,
        _ give: (_ address: FrameAddress, _ code: UInt8, _ quality: Double?) -> Void
    ) -> Bool {
        let hasQuality = message.type == 201
        var cursor = Cursor(message.body, in: bytes)
        guard cursor.skip(4) else { return false }
        while cursor.left > 0 {
            guard let code = cursor.u8(bytes), cursor.skip(1), let size = cursor.be16(bytes),
                size >= 4, let list = cursor.take(Int(size) - 4)
            else { return false }
            var inner = Cursor(list, in: bytes)
            while let address = inner.be32(bytes) {
                var quality: Double?
                if hasQuality {
                    guard let own = inner.u8(bytes), inner.skip(3) else { return false }
                    quality = Double(own) / 255
                }
                give(.ipv4(address), code, quality)
            }
        }
        return true
    }

    /// Hands out the neighbours that a TC message advertises (RFC 3626 §9.1).
    package static func eachAdvertised(
        of message: Message, _ bytes: borrowing Span<UInt8>, _ give: (FrameAddress) -> Void
    ) -> Bool {
        var cursor = Cursor(message.body, in: bytes)
        guard cursor.skip(4) else { return false }
        while let address = cursor.be32(bytes) {
            if message.type == 202, !cursor.skip(4) { return false }
            give(.ipv4(address))
        }
        return cursor.left == 0
    }

    static func write(
        _ name: StaticString, _ bytes: borrowing Span<UInt8>, _ range: Range<Int>,
        to writer: inout JSONWriter
    ) -> Bool {
        var messages: [Message] = []
        var isWhole = each(bytes, range) { messages.append($0) }
        writer.name(name)
        writer.beginObject()
        writer.name("messages")
        writer.beginArray()
        for message in messages {
            writer.beginObject()
            writer.field("kind", kind(message.type))
            writer.field("originator", message.originator.text)
            writer.field("ttl", Int(message.ttl))
            writer.field("hops", Int(message.hops))
            writer.field("sequence", Int(message.sequence))
            var found: [String] = []
            switch message.type {
            case 1, 201:
                isWhole =
                    eachNeighbour(of: message, bytes) { address, _, _ in
                        if found.count < FrameDetails.maxItems { found.append(address.text) }
                    } && isWhole
                writer.field("neighbours", found)
            case 2, 202:
                isWhole =
                    eachAdvertised(of: message, bytes) {
                        if found.count < FrameDetails.maxItems { found.append($0.text) }
                    } && isWhole
                writer.field("advertised", found)
            default: break
            }
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return isWhole
    }

    private static func kind(_ type: UInt8) -> String {
        switch type {
        case 1: "hello"
        case 2: "tc"
        case 3: "mid"
        case 4: "hna"
        case 201: "lqHello"
        case 202: "lqTc"
        default: "\(type)"
        }
    }
}
