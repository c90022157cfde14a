/// The link line as octets: finds the members of a plain `link` record in one pass over the line,
/// without a string, an array or a dictionary.
///
/// It reads what our own writer and other writers of compact or spaced JSON make. Whatever is
/// unusual (an escape, a member it does not know, a number with an exponent, something wrong) it
/// leaves to the general parser, which has the last word on what is a record.
package struct LinkScan: Sendable {
    package enum Kind: Sendable {
        case link
        /// To be read with `LinkRecord`: another type, or a line out of the ordinary.
        case unusual
    }

    package struct Members: OptionSet, Sendable {
        package let rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }
        package static let type = Members(rawValue: 1)
        package static let version = Members(rawValue: 2)
        package static let source = Members(rawValue: 4)
        package static let destination = Members(rawValue: 8)
        package static let transport = Members(rawValue: 16)
        package static let latency = Members(rawValue: 32)
        package static let reliability = Members(rawValue: 64)
        package static let bandwidth = Members(rawValue: 128)
        package static let cost = Members(rawValue: 256)
        package static let bidirectional = Members(rawValue: 512)
        package static let event = Members(rawValue: 1024)
        package static let lastSeen = Members(rawValue: 2048)
        package static let timestamp = Members(rawValue: 4096)
        package static let observations = Members(rawValue: 8192)
        package static let address = Members(rawValue: 16384)
        package static let nullBandwidth = Members(rawValue: 32768)
    }

    /// The members that the line has.
    package private(set) var members: Members = []
    package private(set) var source = 0..<0
    package private(set) var destination = 0..<0
    package private(set) var address = 0..<0
    package private(set) var transport = TransportType.udp
    package private(set) var latency = 0.0
    package private(set) var reliability = 1.0
    package private(set) var bandwidth = 0.0
    package private(set) var cost = 0.0
    package private(set) var isBidirectional = false
    package private(set) var event = LinkRecord.Event.up
    package private(set) var lastSeen = 0.0
    package private(set) var timestamp = 0.0
    package private(set) var observations = 0.0

    package init() {}

    /// When the link was last known to be so, ms since 1970; nil when the line does not say.
    package var time: Int64? {
        if members.contains(.lastSeen) { return Int64(lastSeen) }
        return members.contains(.timestamp) ? Int64(timestamp) : nil
    }

    @inline(__always)
    package func latency(or other: Double) -> Double {
        members.contains(.latency) ? latency : other
    }
    @inline(__always)
    package func reliability(or other: Double) -> Double {
        members.contains(.reliability) ? reliability : other
    }
    @inline(__always)
    package func bandwidth(or other: Double) -> Double {
        members.contains(.bandwidth) ? bandwidth : other
    }

    /// Reads the line at `line` of `text`; the ranges found are offsets into `text`.
    package mutating func scan(_ text: borrowing Span<UInt8>, _ line: Range<Int>) -> Kind {
        guard line.upperBound <= text.count else { return .unusual }
        return object(text, from: line.lowerBound, line.upperBound) == line.upperBound
            ? .link : .unusual
    }

    /// Reads the line that starts at `start` and ends with a newline; returns the offset behind it,
    /// or nil when it is unusual or not whole.
    @inline(__always)
    package mutating func scanLine(_ text: borrowing Span<UInt8>, from start: Int) -> Int? {
        guard let end = object(text, from: start, text.count), end < text.count, text[end] == 0x0A
        else { return nil }
        return end + 1
    }

    /// Reads the object at `start`; returns the offset behind it when it is a plain link.
    @inline(__always)
    private mutating func object(
        _ text: borrowing Span<UInt8>, from start: Int, _ end: Int
    ) -> Int? {
        var at = start
        members = []
        guard end - at > 2, text[at] == 0x7B else { return nil }
        at += 1
        while true {
            guard let member = name(text, &at, end), value(of: member, text, &at, end) else {
                return nil
            }
            guard at < end else { return nil }
            if text[at] == 0x20 { LinkScan.skipSpaces(text, &at, end) }
            guard at < end else { return nil }
            if text[at] == 0x7D { break }
            guard text[at] == 0x2C else { return nil }
            at += 1
            if at < end, text[at] == 0x20 { LinkScan.skipSpaces(text, &at, end) }
        }
        let needed: Members = [.type, .source, .destination]
        return members.isSuperset(of: needed) ? at + 1 : nil
    }

    // MARK: Parts

    @inline(never)
    private static func skipSpaces(_ text: borrowing Span<UInt8>, _ at: inout Int, _ end: Int) {
        while at < end, text[at] == 0x20 { at += 1 }
    }

    /// Reads `"name":` and says which member it is; nil when it is none of ours or stands twice.
    @inline(__always)
    private mutating func name(
        _ text: borrowing Span<UInt8>, _ at: inout Int, _ end: Int
    ) -> Members? {
        guard at + 17 <= text.count, text[at] == 0x22 else { return nil }
        let first = text.word(at: at + 1)
        var quote = Words.zeros(first ^ 0x2222_2222_2222_2222)
        var length: Int
        var head = first
        var tail: UInt64 = 0
        if quote != 0 {
            length = quote.trailingZeroBitCount / 8
            head &= length == 0 ? 0 : ~0 >> UInt64(64 - 8 * length)
        } else {
            tail = text.word(at: at + 9)
            quote = Words.zeros(tail ^ 0x2222_2222_2222_2222)
            guard quote != 0 else { return nil }
            let more = quote.trailingZeroBitCount / 8
            length = 8 + more
            tail &= more == 0 ? 0 : ~0 >> UInt64(64 - 8 * more)
        }
        guard let member = LinkScan.member(length, head, tail), !members.contains(member) else {
            return nil
        }
        members.insert(member)
        at += length + 2
        guard at < end, text[at] == 0x3A else { return nil }
        at += 1
        if at < end, text[at] == 0x20 { LinkScan.skipSpaces(text, &at, end) }
        return at < end ? member : nil
    }

    /// The member whose name has `length` octets, the first eight `head`, the others `tail`.
    @inline(__always)
    private static func member(_ length: Int, _ head: UInt64, _ tail: UInt64) -> Members? {
        switch (length, head) {
        case (3, 0x736F6B): .version
        case (4, 0x65707974): .type
        case (4, 0x74736F63): .cost
        case (5, 0x746E657665): .event
        case (6, 0x656372756F73): .source
        case (7, 0x79636E6574616C): .latency
        case (7, 0x73736572646461): .address
        case (8, 0x6E6565537473616C): .lastSeen
        case (9, 0x726F70736E617274) where tail == 0x74: .transport
        case (9, 0x74646977646E6162) where tail == 0x68: .bandwidth
        case (9, 0x6D617473656D6974) where tail == 0x70: .timestamp
        case (11, 0x74616E6974736564) where tail == 0x6E6F69: .destination
        case (11, 0x6C696261696C6572) where tail == 0x797469: .reliability
        case (12, 0x746176726573626F) where tail == 0x736E6F69: .observations
        case (13, 0x7463657269646962) where tail == 0x6C616E6F69: .bidirectional
        default: nil
        }
    }

    @inline(__always)
    private mutating func value(
        of member: Members, _ text: borrowing Span<UInt8>, _ at: inout Int, _ end: Int
    ) -> Bool {
        switch member {
        case .source: return LinkScan.string(text, &at, end, &source)
        case .destination: return LinkScan.string(text, &at, end, &destination)
        case .address: return LinkScan.string(text, &at, end, &address)
        case .latency: return LinkScan.number(text, &at, end, &latency)
        case .reliability: return LinkScan.number(text, &at, end, &reliability) && reliability <= 1
        case .bandwidth:
            guard !members.contains(.nullBandwidth) else { return false }
            guard text[at] == 0x6E else { return LinkScan.number(text, &at, end, &bandwidth) }
            members.remove(.bandwidth)
            members.insert(.nullBandwidth)
            return LinkScan.literal(0x6C6C756E, 4, text, &at, end)
        case .cost: return LinkScan.number(text, &at, end, &cost)
        case .lastSeen: return LinkScan.integer(text, &at, end, &lastSeen)
        case .timestamp: return LinkScan.integer(text, &at, end, &timestamp)
        case .observations: return LinkScan.integer(text, &at, end, &observations)
        case .version:
            var version = 0.0
            return LinkScan.number(text, &at, end, &version) && version == 1
        case .type: return LinkScan.literal(0x226B6E696C22, 6, text, &at, end)
        case .bidirectional:
            isBidirectional = text[at] == 0x74
            return isBidirectional
                ? LinkScan.literal(0x65757274, 4, text, &at, end)
                : LinkScan.literal(0x65736C6166, 5, text, &at, end)
        case .transport: return transport(text, &at, end)
        case .event: return event(text, &at, end)
        default: return false
        }
    }

    /// Steps over `length` octets that must be `word`.
    @inline(__always)
    private static func literal(
        _ word: UInt64, _ length: Int, _ text: borrowing Span<UInt8>, _ at: inout Int, _ end: Int
    ) -> Bool {
        guard at + length <= end, at + 8 <= text.count else { return false }
        guard text.word(at: at) & (~0 >> UInt64(64 - 8 * length)) == word else { return false }
        at += length
        return true
    }

    /// A string without an escape, of at most 128 octets.
    @inline(__always)
    private static func string(
        _ text: borrowing Span<UInt8>, _ at: inout Int, _ end: Int, _ found: inout Range<Int>
    ) -> Bool {
        guard text[at] == 0x22 else { return false }
        let start = at + 1
        let close = text.endOfPlainText(from: start)
        guard close < end, text[close] == 0x22, close > start, close - start <= 128 else {
            return false
        }
        found = start..<close
        at = close + 1
        return true
    }

    private mutating func transport(
        _ text: borrowing Span<UInt8>, _ at: inout Int, _ end: Int
    ) -> Bool {
        var range = 0..<0
        guard LinkScan.string(text, &at, end, &range) else { return false }
        var word: UInt64 = 0
        guard range.count <= 8 else {
            transport = .bluetooth
            return range.count == 9 && text.word(at: range.lowerBound) == 0x746F6F7465756C62
                && text[range.upperBound - 1] == 0x68
        }
        for index in range.reversed() { word = word << 8 | UInt64(text[index]) }
        switch word {
        case 0x706475: transport = .udp
        case 0x7377: transport = .ws
        case 0x737377: transport = .wss
        case 0x70747468: transport = .http
        case 0x7370747468: transport = .https
        case 0x706374: transport = .tcp
        case 0x736C74: transport = .tls
        case 0x637472626577: transport = .webrtc
        case 0x61726F6C: transport = .lora
        default: return false
        }
        return true
    }

    private mutating func event(
        _ text: borrowing Span<UInt8>, _ at: inout Int, _ end: Int
    ) -> Bool {
        if LinkScan.literal(0x22707522, 4, text, &at, end) {
            event = .up
        } else if LinkScan.literal(0x226E776F6422, 6, text, &at, end) {
            event = .down
        } else {
            event = .changed
            guard at + 9 <= end, text[at] == 0x22, text[at + 8] == 0x22 else { return false }
            at += 1
            guard LinkScan.literal(0x6465676E616863, 7, text, &at, end) else { return false }
            at += 1
        }
        return true
    }

    @inline(__always)
    private static func integer(
        _ text: borrowing Span<UInt8>, _ at: inout Int, _ end: Int, _ value: inout Double
    ) -> Bool {
        number(text, &at, end, &value) && value.rounded() == value && value < 9_007_199_254_740_992
    }

    /// A number of at least 0, of at most 15 digits, without an exponent: exact (Clinger 1990).
    @inline(__always)
    private static func number(
        _ text: borrowing Span<UInt8>, _ at: inout Int, _ end: Int, _ value: inout Double
    ) -> Bool {
        let start = at
        var mantissa: UInt64 = 0
        while at < end {
            let digit = text[at] &- 0x30
            guard digit < 10 else { break }
            mantissa = mantissa &* 10 &+ UInt64(digit)
            at += 1
        }
        let whole = at - start
        guard whole > 0, whole == 1 || text[start] != 0x30, whole <= 15, at < end else {
            return false
        }
        guard text[at] == 0x2E else {
            value = Double(mantissa)
            return text[at] | 0x20 != 0x65
        }
        let point = at + 1
        at = point
        while at < end {
            let digit = text[at] &- 0x30
            guard digit < 10 else { break }
            mantissa = mantissa &* 10 &+ UInt64(digit)
            at += 1
        }
        let part = at - point
        guard part > 0, whole + part <= 15, at < end, text[at] | 0x20 != 0x65 else { return false }
        value = Double(mantissa) / power(part)
        return true
    }

    @inline(__always)
    private static func power(_ exponent: Int) -> Double {
        switch exponent {
        case 1: 1e1
        case 2: 1e2
        case 3: 1e3
        case 4: 1e4
        case 5: 1e5
        case 6: 1e6
        case 7: 1e7
        case 8: 1e8
        case 9: 1e9
        case 10: 1e10
        case 11: 1e11
        case 12: 1e12
        case 13: 1e13
        default: 1e14
        }
    }
}
