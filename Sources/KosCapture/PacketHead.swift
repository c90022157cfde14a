package import KosCore

/// What analysis needs of a packet's JSON, read in one pass: not its payload, not its signature.
package struct PacketHead: Sendable {
    package var id = ""
    package var source = ""
    package var destination = ""
    /// Node ids travelled, the source first.
    package var route: [String] = []
    package var timestamp: Int64?
    package var hops = 0
    package var ttl = 0
    package var kind = ""
    package var wantsReceipt = false
    package var isSigned = false
    /// `payload.kind` of a control packet.
    package var control = ""
    /// The packet that a receipt or reply answers.
    package var ref = ""
    /// Where the payload is, in the octets.
    package var payload = 0..<0
    /// Where the `capture` member of a packet record is.
    package var capture = 0..<0
    /// Whether the object has members that a record would have twice.
    package var needsRewriting = false

    /// The node that sent the frame: a packet has crossed `hops` links when it is read.
    package var sender: String? {
        let place = max(1, hops) - 1
        if place < route.count { return route[place] }
        return hops <= 1 ? source : nil
    }

    /// The node that the frame went to, where the packet itself says so.
    package var receiver: String? {
        let place = max(1, hops)
        if place < route.count { return route[place] }
        return ttl == 0 && destination != "*" && hops <= 1 ? destination : nil
    }

    /// The nodes that the packet has been at, its source first.
    package var travelled: ArraySlice<String> { route.prefix(max(1, hops)) }

    /// Nil when `octets` are no packet: not JSON, or without id, source or destination.
    package init?(_ octets: borrowing Span<UInt8>, using reader: inout JSONReader) {
        reader.reset()
        do throws(JSONError) {
            try read(octets, &reader)
            try reader.end(octets)
        } catch {
            return nil
        }
        guard !id.isEmpty, !source.isEmpty, !destination.isEmpty else { return nil }
    }

    private mutating func read(
        _ text: borrowing Span<UInt8>, _ reader: inout JSONReader
    ) throws(JSONError) {
        try reader.enterObject(text)
        while let name = try reader.nextName(text) {
            let first = try reader.peek(text)
            if first == 0x22 {
                try readText(name, text, &reader)
            } else if first == 0x7B, name.equals("metadata", in: text) {
                try readMetadata(text, &reader)
            } else if first == 0x7B, name.equals("payload", in: text) {
                let start = reader.position
                try readPayload(text, &reader)
                payload = start..<reader.position
            } else if first == 0x5B, name.equals("route", in: text) {
                try readRoute(text, &reader)
            } else if name.equals("timestamp", in: text), first != 0x6E {
                timestamp = Int64(try reader.integer(text))
            } else {
                let value = try reader.skip(text)
                if name.equals("capture", in: text) { capture = value }
                if name.equals("kos", in: text) || name.equals("capture", in: text) {
                    needsRewriting = true
                }
            }
        }
    }

    private mutating func readText(
        _ name: JSONText, _ text: borrowing Span<UInt8>, _ reader: inout JSONReader
    ) throws(JSONError) {
        let value = try reader.string(text)
        if name.equals("id", in: text) {
            id = value.string(in: text)
        } else if name.equals("source", in: text) {
            source = value.string(in: text)
        } else if name.equals("destination", in: text) {
            destination = value.string(in: text)
        } else if name.equals("ref", in: text) {
            ref = value.string(in: text)
        } else if name.equals("signature", in: text) {
            isSigned = true
        } else if name.equals("type", in: text) || name.equals("kos", in: text)
            || name.equals("capture", in: text)
        {
            needsRewriting = true
        }
    }

    private mutating func readMetadata(
        _ text: borrowing Span<UInt8>, _ reader: inout JSONReader
    ) throws(JSONError) {
        try reader.enterObject(text)
        while let name = try reader.nextName(text) {
            if name.equals("hops", in: text) {
                hops = try reader.integer(text)
            } else if name.equals("ttl", in: text) {
                ttl = try reader.integer(text)
            } else if name.equals("type", in: text), try reader.peek(text) == 0x22 {
                kind = try reader.string(text).string(in: text)
            } else if name.equals("flags", in: text), try reader.peek(text) == 0x5B {
                try reader.enterArray(text)
                while try reader.nextElement(text) {
                    guard try reader.peek(text) == 0x22 else {
                        try reader.skip(text)
                        continue
                    }
                    if try reader.string(text).equals("ack", in: text) { wantsReceipt = true }
                }
            } else {
                try reader.skip(text)
            }
        }
    }

    private mutating func readPayload(
        _ text: borrowing Span<UInt8>, _ reader: inout JSONReader
    ) throws(JSONError) {
        try reader.enterObject(text)
        while let name = try reader.nextName(text) {
            if name.equals("kind", in: text), try reader.peek(text) == 0x22 {
                control = try reader.string(text).string(in: text)
            } else if name.equals("ref", in: text) || name.equals("packetId", in: text),
                try reader.peek(text) == 0x22
            {
                ref = try reader.string(text).string(in: text)
            } else {
                try reader.skip(text)
            }
        }
    }

    /// Elements are node ids, or the seed's RouteHop objects.
    private mutating func readRoute(
        _ text: borrowing Span<UInt8>, _ reader: inout JSONReader
    ) throws(JSONError) {
        try reader.enterArray(text)
        while try reader.nextElement(text) {
            if try reader.peek(text) == 0x22 {
                let node = try reader.string(text).string(in: text)
                if route.count < 256 { route.append(node) }
            } else {
                try reader.skip(text)
            }
        }
    }

    /// Controls, DEL and all that is not ASCII: what the record writer may escape.
    static func hasDoubtfulOctets(_ text: borrowing Span<UInt8>) -> Bool {
        guard text.isASCII else { return true }
        for index in text.indices where text[index] < 0x20 || text[index] == 0x7F { return true }
        return false
    }
}
