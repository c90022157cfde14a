import KosCore

/// Who hears whom: a mesh as a capture, or the records made of one, shows it.
package struct Topography: Sendable {
    package private(set) var mesh = MeshView()
    /// Nanoseconds; the latest packet's time.
    package private(set) var lastSeen: Int64?
    private var streams = StreamTable()
    private var text = PacketText()
    private var none = JSONWriter()
    private var reader = JSONReader()

    package init() {}

    package mutating func add(_ frame: CapturedFrame, _ bytes: borrowing Span<UInt8>) {
        note(frame.time)
        addRouting(frame, bytes)
        var found: [CarriedPacket] = []
        streams.read(frame, bytes) { found.append($0) }
        for packet in found {
            guard
                let head = text.read(
                    packet, of: frame, interface: [], into: &none, mayWrite: false)
            else { continue }
            mesh.add(head, HopSighting(frame, packet.transport), packet.octets.span)
        }
    }

    /// Takes up a `packet` record that has a `capture` member; false when it is of no use.
    package mutating func add(packet line: borrowing Span<UInt8>) -> Bool {
        guard let head = PacketHead(line, using: &reader),
            let capture = try? JSONObject(parsing: line.extracting(head.capture)),
            let sighting = HopSighting(capture)
        else { return false }
        note(sighting.time)
        mesh.add(head, sighting, line)
        return true
    }

    /// Who hears whom, as the routing protocols of others say it; nodes are their addresses.
    private mutating func addRouting(_ frame: CapturedFrame, _ bytes: borrowing Span<UInt8>) {
        let time = frame.time ?? 0
        switch frame.protocols.last {
        case .olsr:
            var messages: [OLSRDetails.Message] = []
            _ = OLSRDetails.each(bytes, frame.payload) { messages.append($0) }
            for message in messages { add(message, bytes, time) }
        case .aodv where bytes.octet(frame.payloadStart) == 2 && !frame.destination.isGroup:
            // A reply goes from neighbour to neighbour along the route that it makes.
            mesh.observe(frame.source.text, frame.destination.text, nil, at: time)
        default: return
        }
    }

    private mutating func add(
        _ message: OLSRDetails.Message, _ bytes: borrowing Span<UInt8>, _ time: Int64
    ) {
        let origin = message.originator.text
        var links: [(String, Double?)] = []
        switch message.type {
        case 1, 201:
            // Neighbour types 1 and 2 are symmetric (RFC 3626 §6.1.1): both directions hold.
            _ = OLSRDetails.eachNeighbour(of: message, bytes) { address, code, quality in
                if code >> 2 & 3 != 0, code & 3 != 3 { links.append((address.text, quality)) }
            }
        case 2, 202:
            _ = OLSRDetails.eachAdvertised(of: message, bytes) { links.append(($0.text, nil)) }
        default: return
        }
        for (other, quality) in links.prefix(256) {
            mesh.observe(origin, other, quality, at: time)
            if message.type < 200 { mesh.observe(other, origin, nil, at: time) }
        }
    }

    private mutating func note(_ time: Int64?) {
        if let time { lastSeen = max(lastSeen ?? time, time) }
    }

    /// Judges what is still on its way; call once, at the end.
    package mutating func finish() { mesh.finish() }
}

extension HopSighting {
    /// From a packet record's `capture` member; nil when it has no addresses.
    init?(_ capture: JSONObject) {
        guard let source = capture["source"]?.string.flatMap({ FrameAddress(text: $0) }),
            let destination = capture["destination"]?.string.flatMap({ FrameAddress(text: $0) })
        else { return nil }
        let transport = capture["transport"]?.string.flatMap { TransportType(rawValue: $0) } ?? .udp
        func port(_ name: String) -> UInt16 {
            UInt16(exactly: capture[name]?.integer ?? 0) ?? 0
        }
        from = HopEnd(address: source, port: port("sourcePort"), transport: transport)
        to = HopEnd(address: destination, port: port("destinationPort"), transport: transport)
        let milliseconds = Int64(capture["timestamp"]?.integer ?? 0)
        let nanos = Int64(capture["timestampNanos"]?.integer ?? 0)
        let scaled = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        time = scaled.overflow ? 0 : scaled.partialValue &+ nanos
        lengthBytes = max(0, min(1 << 20, capture["lengthBytes"]?.integer ?? 0))
    }
}

extension FrameAddress {
    /// Reads what `text` writes: a dotted quad, IPv6, six or eight octets with colons; the empty
    /// string is no address.
    package init?(text: String) {
        if text.isEmpty {
            self = .none
            return
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        if parts.count == 1 {
            guard let word = FrameAddress.quad(text[...]) else { return nil }
            self = .ipv4(word)
        } else if parts.allSatisfy({ $0.utf8.count == 2 }), parts.count == 6 || parts.count == 8 {
            var value: UInt64 = 0
            for part in parts {
                guard let octet = UInt8(part, radix: 16) else { return nil }
                value = value << 8 | UInt64(octet)
            }
            self.init(parts.count == 6 ? .mac : .eui64, low: value)
        } else {
            guard let address = FrameAddress.ipv6(parts) else { return nil }
            self = address
        }
    }

    private static func quad(_ text: Substring) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var word: UInt32 = 0
        for part in parts {
            guard let octet = UInt8(part) else { return nil }
            word = word << 8 | UInt32(octet)
        }
        return word
    }

    /// RFC 4291 §2.2: eight groups, or fewer with one `::` between them, which leaves one empty
    /// part inside and one more at each end that it touches.
    private static func ipv6(_ parts: [Substring]) -> FrameAddress? {
        var parts = parts[...]
        if parts.first == "" {
            guard parts.count > 2, parts.dropFirst().first == "" else { return nil }
            parts = parts.dropFirst()
        }
        if parts.last == "" {
            guard parts.count > 1, parts.dropLast().last == "" else { return nil }
            parts = parts.dropLast()
        }
        var groups: [UInt16] = []
        var gap: Int?
        for (index, part) in parts.enumerated() {
            if part.isEmpty {
                guard gap == nil else { return nil }
                gap = groups.count
            } else if index == parts.count - 1, part.contains(".") {
                guard let word = quad(part) else { return nil }
                groups += [UInt16(word >> 16), UInt16(truncatingIfNeeded: word)]
            } else {
                guard part.utf8.count <= 4, let group = UInt16(part, radix: 16) else { return nil }
                groups.append(group)
            }
        }
        guard groups.count == 8 && gap == nil || gap != nil && groups.count < 8 else { return nil }
        if let gap {
            groups.insert(contentsOf: repeatElement(0, count: 8 - groups.count), at: gap)
        }
        var words: (UInt64, UInt64) = (0, 0)
        for group in groups[..<4] { words.0 = words.0 << 16 | UInt64(group) }
        for group in groups[4...] { words.1 = words.1 << 16 | UInt64(group) }
        return .ipv6(words.0, words.1)
    }
}
