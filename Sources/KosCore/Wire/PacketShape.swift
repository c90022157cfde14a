/// What the packets of one program have in common, octet for octet: all but the strings and counts
/// that differ from one to the next. Whatever has the same shape is scanned in one pass, without
/// looking for its end first.
///
/// A match is exact: it finds the values that `PacketScan` would find, and takes nothing that it
/// would refuse. What a shape does not know is left to the scan.
struct PacketShape: Sendable {
    /// Places that may differ. In strings between their quotes only plain ASCII is taken; numbers
    /// keep their number of digits, or are one to three of them.
    private enum Kind { case string, digits, count }
    private enum Meaning { case id, source, destination, hops, ttl, other }
    private struct Gap {
        let range: Range<Int>
        let kind: Kind
        let meaning: Meaning
    }
    private static let maxGaps = 24

    private let text: [UInt8]
    private let gaps: [Gap]
    private let scan: PacketScan
    /// How many gaps lie before the type, the route's start and its end.
    private let before: (type: Int, route: Int, routeEnd: Int)

    /// The shape of a packet that was scanned; nil where it is not worth the while: packets for one
    /// link alone, rare forms of numbers, too many strings.
    package init?(_ packet: borrowing Span<UInt8>, _ scan: PacketScan, _ reader: inout JSONReader) {
        guard !scan.type.isEscaped,
            !scan.type.equals("heartbeat", in: packet), !scan.type.equals("control", in: packet),
            !scan.type.equals("discovery", in: packet), !scan.type.equals("routing", in: packet),
            packet.isASCII
        else { return nil }
        var gaps: [Gap] = []
        reader.reset()
        do throws(JSONError) {
            try PacketShape.walk(packet, scan, &reader, &gaps)
        } catch {
            return nil
        }
        let needed: [Meaning] = [.id, .source, .destination, .hops, .ttl]
        guard gaps.count <= PacketShape.maxGaps,
            needed.allSatisfy({ meaning in gaps.contains { $0.meaning == meaning } })
        else { return nil }
        var octets: [UInt8] = []
        octets.append(packet, 0..<packet.count)
        text = octets
        before = (
            type: gaps.count { $0.range.lowerBound < scan.type.start },
            route: gaps.count { $0.range.lowerBound < scan.routeRange.lowerBound },
            routeEnd: gaps.count { $0.range.lowerBound < scan.routeRange.upperBound }
        )
        self.gaps = gaps
        self.scan = scan
    }

    // MARK: Learning

    private static func walk(
        _ text: borrowing Span<UInt8>, _ scan: PacketScan, _ reader: inout JSONReader,
        _ gaps: inout [Gap]
    ) throws(JSONError) {
        try reader.enterObject(text)
        while let name = try reader.nextName(text) {
            if name.equals("metadata", in: text) {
                try walkMetadata(text, scan, &reader, &gaps)
            } else if name.equals("timestamp", in: text) {
                try digits(text, &reader, &gaps)
            } else {
                try value(text, scan, &reader, &gaps)
            }
        }
    }

    /// The time has as many digits in every packet: 15 of them are within what a number may be.
    private static func digits(
        _ text: borrowing Span<UInt8>, _ reader: inout JSONReader, _ gaps: inout [Gap]
    ) throws(JSONError) {
        let range = try reader.skip(text)
        guard (2...15).contains(range.count), text[range.lowerBound] != 0x30,
            text.digits(from: range.lowerBound) == range.count
        else { return }
        gaps.append(Gap(range: range, kind: .digits, meaning: .other))
    }

    private static func walkMetadata(
        _ text: borrowing Span<UInt8>, _ scan: PacketScan, _ reader: inout JSONReader,
        _ gaps: inout [Gap]
    ) throws(JSONError) {
        try reader.enterObject(text)
        while let name = try reader.nextName(text) {
            let range = try reader.skip(text)
            let meaning: Meaning
            if name.equals("hops", in: text) {
                meaning = .hops
            } else if name.equals("ttl", in: text) {
                meaning = .ttl
            } else {
                continue
            }
            guard text.digits(from: range.lowerBound) == range.count else { continue }
            gaps.append(Gap(range: range, kind: .count, meaning: meaning))
        }
    }

    /// Every string of a value, however deep, is a place that may differ.
    private static func value(
        _ text: borrowing Span<UInt8>, _ scan: PacketScan, _ reader: inout JSONReader,
        _ gaps: inout [Gap]
    ) throws(JSONError) {
        switch try reader.peek(text) {
        case 0x22:
            let string = try reader.string(text)
            guard !string.isEscaped else { return }
            let meaning: Meaning =
                string == scan.id
                ? .id
                : string == scan.source
                    ? .source : string == scan.destination ? .destination : .other
            gaps.append(Gap(range: string.range, kind: .string, meaning: meaning))
        case 0x7B:
            try reader.enterObject(text)
            while try reader.nextName(text) != nil { try value(text, scan, &reader, &gaps) }
        case 0x5B:
            try reader.enterArray(text)
            while try reader.nextElement(text) { try value(text, scan, &reader, &gaps) }
        default: try reader.skip(text)
        }
    }

    // MARK: Matching

    /// The packet that starts at `start` of `run`, with a newline behind it, if it has this shape.
    package func match(
        _ run: borrowing Span<UInt8>, from start: Int
    ) -> (scan: PacketScan, range: Range<Int>)? {
        let text = text.span
        var found = scan
        var at = start
        var place = 0
        for index in 0...gaps.count {
            // How far what stands here has moved.
            let moved = at - start - place
            if index == before.type { found.type = scan.type.moved(by: moved) }
            if index == before.route { found.routeStart = scan.routeRange.lowerBound + moved }
            if index == before.routeEnd { found.routeEnd = scan.routeRange.upperBound + moved }
            guard index < gaps.count else { break }
            let gap = gaps[index]
            let fixed = gap.range.lowerBound - place
            guard run.matches(from: at, text, from: place, fixed) else { return nil }
            at += fixed
            guard let end = end(of: gap, from: at, in: run) else { return nil }
            let range = at - start..<end - start
            switch gap.meaning {
            case .id: found.id = JSONText(range)
            case .source: found.source = JSONText(range)
            case .destination: found.destination = JSONText(range)
            case .hops:
                guard let value = run.count(in: at..<end) else { return nil }
                (found.hops, found.hopsRange) = (value, range)
            case .ttl:
                guard let value = run.count(in: at..<end) else { return nil }
                (found.ttl, found.ttlRange) = (value, range)
            case .other: break
            }
            at = end
            place = gap.range.upperBound
        }
        guard run.matches(from: at, text, from: place, text.count - place) else { return nil }
        at += text.count - place
        guard at < run.count, run[at] == 0x0A, found.hasNames else { return nil }
        return (found, start..<at)
    }

    /// Where the text in a gap ends; nil when it cannot be what stands there.
    @inline(__always)
    private func end(of gap: Gap, from start: Int, in run: borrowing Span<UInt8>) -> Int? {
        switch gap.kind {
        case .string: return run.endOfPlainASCII(from: start)
        case .digits:
            guard run.digits(from: start, atMost: gap.range.count) == gap.range.count,
                run[start] != 0x30
            else { return nil }
            return start + gap.range.count
        case .count: return start + run.digits(from: start, atMost: 4)
        }
    }
}

extension PacketScan {
    /// Ids and names are as long as they may be.
    fileprivate var hasNames: Bool {
        (1...64).contains(id.end - id.start) && (1...512).contains(source.end - source.start)
            && (1...512).contains(destination.end - destination.start)
    }
}

extension JSONText {
    fileprivate init(_ range: Range<Int>) {
        self.init(start: range.lowerBound, end: range.upperBound, isEscaped: false)
    }

    fileprivate func moved(by distance: Int) -> JSONText {
        JSONText(start: start + distance, end: end + distance, isEscaped: isEscaped)
    }
}

extension Span<UInt8> {
    /// How many decimal digits stand from `start`.
    fileprivate func digits(from start: Int, atMost limit: Int = 20) -> Int {
        var count = 0
        while count < limit, start + count < self.count, self[start + count] &- 0x30 < 10 {
            count += 1
        }
        return count
    }

    /// A number from 0 to 255 of one to three digits; nil for any other.
    fileprivate func count(in digits: Range<Int>) -> Int? {
        guard (1...3).contains(digits.count), digits.count == 1 || self[digits.lowerBound] != 0x30
        else { return nil }
        var value = 0
        for index in digits { value = value * 10 + Int(self[index] & 15) }
        return value <= 255 ? value : nil
    }
}

/// Scans packets, of which most have the shape of those before them.
package struct PacketScanner: Sendable {
    private var shape: PacketShape?
    private var misses = 0
    private var reader = JSONReader()
    /// So many others in a row, and theirs is the shape from now on.
    private static let patience = 4

    package init() {}

    /// The next packet of a run of lines, if it is one like those before, with its line.
    @inline(__always)
    package mutating func next(
        _ run: borrowing Span<UInt8>, from start: Int
    ) -> (scan: PacketScan, range: Range<Int>)? {
        guard let found = shape?.match(run, from: start) else { return nil }
        misses = 0
        return found
    }

    /// Scans one line, whatever it is, and learns from it.
    package mutating func scan(_ line: borrowing Span<UInt8>) throws(RecordError) -> PacketScan {
        let scan = try PacketScan(line, using: &reader)
        misses += 1
        guard shape == nil || misses >= PacketScanner.patience else { return scan }
        misses = 0
        if let learnt = PacketShape(line, scan, &reader) { shape = learnt }
        return scan
    }
}
