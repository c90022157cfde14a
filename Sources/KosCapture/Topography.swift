import KosCore

/// Who hears whom: a mesh as a capture, or the records made of one, shows it.
package struct Topography: Sendable {
    package private(set) var mesh = MeshView()
    /// Nanoseconds; the latest packet's time.
    package private(set) var lastSeen: Int64?
    private var finder: PacketFinder
    private var reader = JSONReader()
    /// Names that the captures give to addresses.
    package private(set) var names: [FrameAddress: String] = [:]

    package init(keys: CaptureKeys? = nil) { finder = PacketFinder(keys: keys) }

    package mutating func add(_ frame: CapturedFrame, _ bytes: borrowing Span<UInt8>) {
        note(frame.time)
        mesh.addRouting(frame, bytes)
        for packet in finder.find(in: frame, bytes) where packet.finding != .bad {
            mesh.add(packet.head, HopSighting(frame, packet.transport), packet.octets.span)
        }
    }

    /// Takes up names of addresses (a pcapng's name resolution blocks).
    package mutating func learn(_ found: [FrameAddress: String]) {
        guard names.count < CaptureReader.maxNames else { return }
        names.merge(found) { known, _ in known }
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
