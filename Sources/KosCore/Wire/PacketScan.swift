/// What a relay must know of a packet to forward it, found in one pass over its octets, and the
/// patch that forwarding makes (`metadata.hops` + 1, `metadata.ttl` − 1, `route`), without decoding
/// the rest.
///
/// The scan validates as the full parser does: every text that `Packet` accepts from the wire is
/// accepted with the same values, and no other.
package struct PacketScan: Sendable {
    package internal(set) var id = JSONText.none
    package internal(set) var source = JSONText.none
    package internal(set) var destination = JSONText.none
    /// `metadata.type`; `.none` when absent.
    package internal(set) var type = JSONText.none
    package internal(set) var hops = 0
    package internal(set) var ttl = 0
    package internal(set) var priority = Packet.defaultPriority
    /// Whether the source has planned the way (`metadata.flags` has `route`).
    package internal(set) var isSourceRouted = false
    /// Whether the source wants a receipt (`metadata.flags` has `ack`).
    package internal(set) var wantsReceipt = false
    /// Whether there is a signature; nothing says that it holds.
    package internal(set) var isSigned = false
    /// How many elements `route` has.
    package internal(set) var routeCount = 0
    var hopsRange = 0..<0
    var ttlRange = 0..<0
    var routeStart = 0
    var routeEnd = 0
    var routeRange: Range<Int> { routeStart..<max(routeStart, routeEnd) }
    private var seen: Seen = []

    private struct Seen: OptionSet {
        let rawValue: UInt16
        static let id = Seen(rawValue: 1)
        static let source = Seen(rawValue: 2)
        static let destination = Seen(rawValue: 4)
        static let payload = Seen(rawValue: 8)
        static let timestamp = Seen(rawValue: 16)
        static let route = Seen(rawValue: 32)
        static let hops = Seen(rawValue: 64)
        static let ttl = Seen(rawValue: 128)
        static let needed: Seen = [
            .id, .source, .destination, .payload, .timestamp, .route, .hops, .ttl,
        ]
    }

    /// Scans one packet; `reader` is work space to be used again.
    package init(
        _ text: borrowing Span<UInt8>, using reader: inout JSONReader
    ) throws(RecordError) {
        reader.reset()
        do throws(JSONError) {
            try reader.enterObject(text)
            while let name = try reader.nextName(text) { try member(name, text, &reader) }
            try reader.end(text)
        } catch {
            throw RecordError(error)
        }
        guard seen == .needed else { throw .member("packet", "lacks a member that the wire needs") }
        guard (1...64).contains(id.end - id.start), !id.isEscaped,
            (1...512).contains(source.end - source.start), !source.isEscaped,
            (1...512).contains(destination.end - destination.start), !destination.isEscaped
        else { throw .member("packet", "has an id, source or destination that no node may have") }
        guard (0...255).contains(hops), (0...255).contains(ttl), (0...7).contains(priority) else {
            throw .member("metadata", "has hops, ttl or priority out of range")
        }
    }

    private mutating func member(
        _ name: JSONText, _ text: borrowing Span<UInt8>, _ reader: inout JSONReader
    ) throws(JSONError) {
        if name.equals("id", in: text) {
            id = try reader.string(text)
            seen.insert(.id)
        } else if name.equals("source", in: text) {
            source = try reader.string(text)
            seen.insert(.source)
        } else if name.equals("destination", in: text) {
            destination = try reader.string(text)
            seen.insert(.destination)
        } else if name.equals("route", in: text) {
            try route(text, &reader)
        } else if name.equals("metadata", in: text) {
            try metadata(text, &reader)
        } else if name.equals("timestamp", in: text) {
            _ = try reader.integer(text)
            seen.insert(.timestamp)
        } else {
            if name.equals("payload", in: text) { seen.insert(.payload) }
            if name.equals("signature", in: text) {
                isSigned = try reader.peek(text) == 0x22
            }
            try reader.skip(text)
        }
    }

    private mutating func route(
        _ text: borrowing Span<UInt8>, _ reader: inout JSONReader
    ) throws(JSONError) {
        _ = try reader.peek(text)
        let start = reader.position
        try reader.enterArray(text)
        while try reader.nextElement(text) {
            try reader.skip(text)
            routeCount += 1
        }
        (routeStart, routeEnd) = (start, reader.position)
        seen.insert(.route)
    }

    private mutating func metadata(
        _ text: borrowing Span<UInt8>, _ reader: inout JSONReader
    ) throws(JSONError) {
        try reader.enterObject(text)
        while let name = try reader.nextName(text) {
            if name.equals("hops", in: text) {
                (hops, hopsRange) = try number(text, &reader)
                seen.insert(.hops)
            } else if name.equals("ttl", in: text) {
                (ttl, ttlRange) = try number(text, &reader)
                seen.insert(.ttl)
            } else if name.equals("priority", in: text) {
                priority = try reader.integer(text)
            } else if name.equals("type", in: text) {
                type = try reader.string(text)
            } else if name.equals("flags", in: text) {
                try flags(text, &reader)
            } else {
                try reader.skip(text)
            }
        }
    }

    private mutating func flags(
        _ text: borrowing Span<UInt8>, _ reader: inout JSONReader
    ) throws(JSONError) {
        try reader.enterArray(text)
        while try reader.nextElement(text) {
            let flag = try reader.string(text)
            if flag.equals("route", in: text) { isSourceRouted = true }
            if flag.equals("ack", in: text) { wantsReceipt = true }
        }
    }

    private func number(
        _ text: borrowing Span<UInt8>, _ reader: inout JSONReader
    ) throws(JSONError) -> (Int, Range<Int>) {
        _ = try reader.peek(text)
        let start = reader.position
        return (try reader.integer(text), start..<reader.position)
    }

    // MARK: Forwarding

    /// Appends the packet as the next hop is to get it, newline behind it: one hop more, one less
    /// to go, and, unless the route was planned by the source, `node` (quoted JSON) at the end of
    /// the route.
    package func forward(
        _ text: borrowing Span<UInt8>, appending node: [UInt8]?, into line: inout [UInt8]
    ) {
        // Members may stand in any order.
        let end = node == nil ? Int.max : routeRange.upperBound - 1
        var done = 0
        var place = -1
        while let next = nextEdit(after: place, end) {
            place = next
            line.append(text, done..<place)
            if place == end, let node {
                if routeCount > 0 { line.append(0x2C) }
                line.append(contentsOf: node)
                done = place
            } else if place == hopsRange.lowerBound {
                JSONNumber.append(Int64(hops + 1), to: &line)
                done = hopsRange.upperBound
            } else {
                JSONNumber.append(Int64(ttl - 1), to: &line)
                done = ttlRange.upperBound
            }
        }
        line.append(text, done..<text.count)
        line.append(0x0A)
    }

    /// The first place behind `place` at which forwarding changes something; `end` is the route's.
    private func nextEdit(after place: Int, _ end: Int) -> Int? {
        var next = Int.max
        if hopsRange.lowerBound > place { next = hopsRange.lowerBound }
        if ttlRange.lowerBound > place { next = min(next, ttlRange.lowerBound) }
        if end > place { next = min(next, end) }
        return next == Int.max ? nil : next
    }

    /// The route's elements as node ids (or the seed's RouteHop objects); nil when one names no
    /// node.
    package func route(_ text: borrowing Span<UInt8>) -> [String]? {
        guard let value = try? JSONValue(parsing: text.extracting(routeRange)) else { return nil }
        return value.array?.reduce(into: [String]?([])) { names, element in
            let object = element.object
            let name = element.string ?? object?["nodeId"]?.string ?? object?["address"]?.string
            names = name.flatMap { name in names.map { $0 + [name] } }
        }
    }
}

extension JSONText {
    package static let none = JSONText(start: 0, end: 0, isEscaped: false)
}
