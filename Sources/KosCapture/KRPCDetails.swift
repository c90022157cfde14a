import KosCore

/// The DHT's messages (BEP 5), read out of bencode (BEP 3) without building it up.
enum KRPCDetails {
    private static let maxDepth = 32
    private static let maxValues = 4096

    /// Where the members are that are told.
    private struct Found {
        var kind: Range<Int>?
        var query: Range<Int>?
        var transaction: Range<Int>?
        var id: Range<Int>?
        var target: Range<Int>?
        var nodes: Range<Int>?
        var version: Range<Int>?
        var values = 0
    }

    static func write(
        _ name: StaticString, _ bytes: borrowing Span<UInt8>, _ range: Range<Int>,
        to writer: inout JSONWriter
    ) -> Bool {
        var cursor = Cursor(range, in: bytes)
        var found = Found()
        let isWhole = read(&cursor, bytes, depth: 0, &found) && cursor.left == 0
        writer.name(name)
        writer.beginObject()
        if let kind = found.kind, kind.count == 1 {
            switch bytes.octet(kind.lowerBound) {
            case 0x71: writer.field("kind", "query")
            case 0x72: writer.field("kind", "response")
            case 0x65: writer.field("kind", "error")
            default: break
            }
        }
        if let query = found.query {
            writer.field("query", String(decoding: bytes.array(query), as: UTF8.self))
        }
        if let transaction = found.transaction, transaction.count <= 32 {
            writer.field("transaction", FrameDetails.hex(bytes, transaction))
        }
        if let id = found.id, id.count == 20 { writer.field("id", FrameDetails.hex(bytes, id)) }
        if let target = found.target, target.count == 20 {
            writer.field("target", FrameDetails.hex(bytes, target))
        }
        // Compact node information is 26 octets a node.
        if let nodes = found.nodes { writer.field("nodes", nodes.count / 26) }
        writer.endObject()
        return isWhole
    }

    /// Reads one value; true when it is whole.
    private static func read(
        _ cursor: inout Cursor, _ bytes: borrowing Span<UInt8>, depth: Int, _ found: inout Found
    ) -> Bool {
        found.values += 1
        guard depth < maxDepth, found.values < maxValues, cursor.left > 0 else { return false }
        switch bytes.octet(cursor.at) {
        case 0x69: return readInteger(&cursor, bytes)
        case 0x6C:
            guard cursor.skip(1) else { return false }
            while cursor.left > 0, bytes.octet(cursor.at) != 0x65 {
                guard read(&cursor, bytes, depth: depth + 1, &found) else { return false }
            }
            return cursor.skip(1)
        case 0x64:
            guard cursor.skip(1) else { return false }
            while cursor.left > 0, bytes.octet(cursor.at) != 0x65 {
                guard let key = readText(&cursor, bytes) else { return false }
                let start = cursor
                guard read(&cursor, bytes, depth: depth + 1, &found) else { return false }
                var value = start
                if depth < 2, let text = readText(&value, bytes) {
                    note(key, text, bytes, depth, &found)
                }
            }
            return cursor.skip(1)
        default: return readText(&cursor, bytes) != nil
        }
    }

    private static func note(
        _ key: Range<Int>, _ value: Range<Int>, _ bytes: borrowing Span<UInt8>, _ depth: Int,
        _ found: inout Found
    ) {
        if depth == 0, key.count == 1 {
            switch bytes.octet(key.lowerBound) {
            case 0x79: found.kind = value
            case 0x71: found.query = value
            case 0x74: found.transaction = value
            default: break
            }
        } else if depth == 1 {
            if bytes.starts(with: "id", at: key.lowerBound), key.count == 2 { found.id = value }
            if bytes.starts(with: "nodes", at: key.lowerBound), key.count == 5 {
                found.nodes = value
            }
            if bytes.starts(with: "target", at: key.lowerBound)
                || bytes.starts(with: "info_hash", at: key.lowerBound)
            {
                found.target = value
            }
        }
    }

    private static func readInteger(
        _ cursor: inout Cursor, _ bytes: borrowing Span<UInt8>
    ) -> Bool {
        guard cursor.skip(1) else { return false }
        for _ in 0..<24 {
            guard let octet = cursor.u8(bytes) else { return false }
            if octet == 0x65 { return true }
            guard octet == 0x2D || (0x30...0x39).contains(octet) else { return false }
        }
        return false
    }

    private static func readText(
        _ cursor: inout Cursor, _ bytes: borrowing Span<UInt8>
    ) -> Range<Int>? {
        var length = 0
        for place in 0..<8 {
            guard let octet = cursor.u8(bytes) else { return nil }
            if octet == 0x3A { return place > 0 ? cursor.take(length) : nil }
            guard (0x30...0x39).contains(octet) else { return nil }
            length = length * 10 + Int(octet - 0x30)
        }
        return nil
    }
}
