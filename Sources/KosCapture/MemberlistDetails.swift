import KosCore

/// The gossip of Serf and Consul: hashicorp/memberlist's message types, as its net.go numbers them.
enum MemberlistDetails {
    private static let kinds: [StaticString] = [
        "ping", "indirectPing", "ack", "suspect", "alive", "dead", "pushPull", "compound", "user",
        "compress", "encrypt", "nack", "hasCrc", "error",
    ]

    static func write(
        _ name: StaticString, _ bytes: borrowing Span<UInt8>, _ range: Range<Int>,
        _ secrets: GossipSecrets, to writer: inout JSONWriter
    ) -> Bool {
        writer.name(name)
        writer.beginObject()
        defer { writer.endObject() }
        var cursor = Cursor(range, in: bytes)
        guard var type = cursor.u8(bytes) else { return false }
        if type == 244 {
            guard let length = cursor.u8(bytes), let label = cursor.take(Int(length)),
                let next = cursor.u8(bytes)
            else { return false }
            writer.field("label", String(decoding: bytes.array(label), as: UTF8.self))
            type = next
        }
        if type == 12 {
            guard cursor.skip(4), let next = cursor.u8(bytes) else { return false }
            type = next
        }
        guard type < kinds.count else {
            writer.field("kind", "unknown")
            return true
        }
        // A sealed packet starts with its version, 0 or 1, and is told apart by nothing but its
        // key.
        if !secrets.isEmpty && type <= 1 || type == 9,
            let messages = secrets.messages(of: bytes.array(range))
        {
            writeMessages(messages, isSealed: type <= 1, to: &writer)
            return true
        }
        writer.field("kind", kinds[Int(type)].description)
        guard type == 7 else {
            if let node = nodeName(cursor.range, bytes) { writer.field("node", node) }
            return true
        }
        return writeParts(&cursor, bytes, to: &writer)
    }

    private static func writeMessages(
        _ messages: [GossipMessage], isSealed: Bool, to writer: inout JSONWriter
    ) {
        writer.field("kind", messages.count == 1 ? messages[0].told.kind : "compound")
        if messages.count == 1, let node = messages[0].told.node { writer.field("node", node) }
        if isSealed { writer.field("sealed", true) }
        guard messages.count > 1 else { return }
        writer.name("parts")
        writer.beginArray()
        for message in messages.prefix(FrameDetails.maxItems) {
            writer.beginObject()
            writer.field("kind", message.told.kind)
            if let node = message.told.node { writer.field("node", node) }
            writer.endObject()
        }
        writer.endArray()
    }

    /// A compound message: a count, lengths, then the messages.
    private static func writeParts(
        _ cursor: inout Cursor, _ bytes: borrowing Span<UInt8>, to writer: inout JSONWriter
    ) -> Bool {
        guard let count = cursor.u8(bytes) else { return false }
        var lengths: [Int] = []
        for _ in 0..<count {
            guard let length = cursor.be16(bytes) else { return false }
            lengths.append(Int(length))
        }
        writer.name("parts")
        writer.beginArray()
        defer { writer.endArray() }
        for length in lengths {
            guard let part = cursor.take(length), length > 0 else { return false }
            let type = Int(bytes.octet(part.lowerBound))
            writer.beginObject()
            writer.field("kind", type < kinds.count ? kinds[type].description : "unknown")
            if let node = nodeName(part.lowerBound + 1..<part.upperBound, bytes) {
                writer.field("node", node)
            }
            writer.endObject()
        }
        return true
    }

    /// The MessagePack member `Node`, where it is a short string.
    private static func nodeName(_ range: Range<Int>, _ bytes: borrowing Span<UInt8>) -> String? {
        guard range.count > 6 else { return nil }
        for at in range.lowerBound..<range.upperBound - 5
        where bytes.octet(at) == 0xA4 && bytes.starts(with: "Node", at: at + 1) {
            var cursor = Cursor(at + 5..<range.upperBound, in: bytes)
            guard let head = cursor.u8(bytes) else { return nil }
            var length = Int(head & 0x1F)
            if head == 0xD9 {
                guard let long = cursor.u8(bytes) else { return nil }
                length = Int(long)
            } else if head == 0xDA {
                guard let long = cursor.be16(bytes) else { return nil }
                length = Int(long)
            } else if head >> 5 != 5 {
                return nil
            }
            return cursor.take(length).map { String(decoding: bytes.array($0), as: UTF8.self) }
        }
        return nil
    }
}
