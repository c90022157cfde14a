/// MessagePack as hashicorp/memberlist writes it: the old dialect, in which text and octets are
/// both "raw" (0xA0…, 0xDA, 0xDB) and there is no str 8 and no bin.
package enum MessagePack {
    package static let maxDepth = 16

    package static func append(map count: Int, to octets: inout [UInt8]) {
        head(count, short: 0x80, limit: 15, word: 0xDE, to: &octets)
    }

    package static func append(array count: Int, to octets: inout [UInt8]) {
        head(count, short: 0x90, limit: 15, word: 0xDC, to: &octets)
    }

    package static func append(raw: some Collection<UInt8>, to octets: inout [UInt8]) {
        head(raw.count, short: 0xA0, limit: 31, word: 0xDA, to: &octets)
        octets += raw
    }

    package static func append(_ text: String, to octets: inout [UInt8]) {
        append(raw: text.utf8, to: &octets)
    }

    package static func append(_ flag: Bool, to octets: inout [UInt8]) {
        octets.append(flag ? 0xC3 : 0xC2)
    }

    package static func append(_ value: UInt64, to octets: inout [UInt8]) {
        switch value {
        case 0..<0x80: octets.append(UInt8(value))
        case 0x80..<0x100:
            octets.append(0xCC)
            big(value, 1, to: &octets)
        case 0x100..<0x1_0000:
            octets.append(0xCD)
            big(value, 2, to: &octets)
        case 0x1_0000..<0x1_0000_0000:
            octets.append(0xCE)
            big(value, 4, to: &octets)
        default:
            octets.append(0xCF)
            big(value, 8, to: &octets)
        }
    }

    private static func head(
        _ count: Int, short: UInt8, limit: Int, word: UInt8, to octets: inout [UInt8]
    ) {
        let count = UInt64(clamping: count)
        if count <= UInt64(limit) {
            octets.append(short | UInt8(truncatingIfNeeded: count))
        } else if count <= 0xFFFF {
            octets.append(word)
            big(count, 2, to: &octets)
        } else {
            octets.append(word + 1)
            big(count, 4, to: &octets)
        }
    }

    private static func big(_ value: UInt64, _ count: Int, to octets: inout [UInt8]) {
        for index in (0..<count).reversed() {
            octets.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index)))
        }
    }
}

/// Reads MessagePack item by item, both dialects. What is cut short is told apart from what is
/// wrong, so that a stream can be read as it comes.
package struct MessagePackReader: Sendable {
    package enum Failure: Error, Hashable, Sendable {
        /// More octets may make it whole.
        case short
        case malformed
    }
    package let octets: [UInt8]
    package private(set) var offset: Int

    package init(_ octets: [UInt8], from offset: Int = 0) {
        self.octets = octets
        self.offset = offset
    }

    package var isAtEnd: Bool { offset >= octets.count }
    package var rest: ArraySlice<UInt8> { octets[min(offset, octets.count)...] }

    private mutating func octet() throws(Failure) -> UInt8 {
        guard offset < octets.count else { throw .short }
        defer { offset += 1 }
        return octets[offset]
    }

    private mutating func big(_ count: Int) throws(Failure) -> UInt64 {
        guard count <= octets.count - offset else { throw .short }
        var value: UInt64 = 0
        for index in offset..<offset + count { value = value << 8 | UInt64(octets[index]) }
        offset += count
        return value
    }

    package mutating func take(_ count: Int) throws(Failure) -> ArraySlice<UInt8> {
        guard count >= 0, count <= octets.count - offset else { throw .short }
        defer { offset += count }
        return octets[offset..<offset + count]
    }

    /// Takes a nil if one comes next.
    package mutating func takeNil() -> Bool {
        guard offset < octets.count, octets[offset] == 0xC0 else { return false }
        offset += 1
        return true
    }

    /// Members of the map that comes next; nil counts as an empty one.
    package mutating func map() throws(Failure) -> Int {
        let head = try octet()
        switch head {
        case 0xC0: return 0
        case 0x80...0x8F: return Int(head & 15)
        case 0xDE: return Int(try big(2))
        case 0xDF: return Int(try big(4))
        default: throw .malformed
        }
    }

    /// Elements of the array that comes next; nil counts as an empty one.
    package mutating func array() throws(Failure) -> Int {
        let head = try octet()
        switch head {
        case 0xC0: return 0
        case 0x90...0x9F: return Int(head & 15)
        case 0xDC: return Int(try big(2))
        case 0xDD: return Int(try big(4))
        default: throw .malformed
        }
    }

    /// A string or octets, in either dialect; nil counts as none.
    package mutating func raw() throws(Failure) -> ArraySlice<UInt8> {
        let head = try octet()
        switch head {
        case 0xC0: return try take(0)
        case 0xA0...0xBF: return try take(Int(head & 31))
        case 0xC4, 0xD9: return try take(Int(try big(1)))
        case 0xC5, 0xDA: return try take(Int(try big(2)))
        case 0xC6, 0xDB: return try take(Int(try big(4)))
        default: throw .malformed
        }
    }

    /// Octets as raw, or as an array of small integers (go-msgpack writes `[6]uint8` so).
    package mutating func bytes() throws(Failure) -> [UInt8] {
        guard offset < octets.count else { throw .short }
        let head = octets[offset]
        guard head & 0xF0 == 0x90 || head == 0xDC || head == 0xDD else { return Array(try raw()) }
        let count = try array()
        guard count <= octets.count - offset else { throw .short }
        var bytes: [UInt8] = []
        for _ in 0..<count {
            guard let byte = UInt8(exactly: try integer()) else { throw .malformed }
            bytes.append(byte)
        }
        return bytes
    }

    /// Text; octets that are no UTF-8 are malformed.
    package mutating func text() throws(Failure) -> String {
        guard let text = String(validating: try raw(), as: UTF8.self) else { throw .malformed }
        return text
    }

    package mutating func boolean() throws(Failure) -> Bool {
        switch try octet() {
        case 0xC2: return false
        case 0xC3: return true
        default: throw .malformed
        }
    }

    /// An integer that is not negative, in any width.
    package mutating func integer() throws(Failure) -> UInt64 {
        let head = try octet()
        let value: UInt64
        switch head {
        case 0x00...0x7F: return UInt64(head)
        case 0xCC: return try big(1)
        case 0xCD: return try big(2)
        case 0xCE: return try big(4)
        case 0xCF: return try big(8)
        case 0xD0...0xD3:
            let width = 1 << Int(head - 0xD0)
            value = try big(width)
            // The sign bit of its own width.
            guard value >> UInt64(8 * width - 1) == 0 else { throw .malformed }
        default: throw .malformed
        }
        return value
    }

    package mutating func word() throws(Failure) -> UInt32 {
        guard let value = UInt32(exactly: try integer()) else { throw .malformed }
        return value
    }

    package mutating func port() throws(Failure) -> UInt16 {
        guard let value = UInt16(exactly: try integer()) else { throw .malformed }
        return value
    }

    /// Passes over one item with all that is in it.
    package mutating func skip(depth: Int = 0) throws(Failure) {
        guard depth < MessagePack.maxDepth else { throw .malformed }
        let head = try octet()
        switch head {
        case 0x00...0x7F, 0xE0...0xFF, 0xC0, 0xC2, 0xC3: return
        case 0xA0...0xBF, 0xC4...0xC6, 0xD9...0xDB:
            offset -= 1
            _ = try raw()
        case 0xCA, 0xCE, 0xD2: _ = try take(4)
        case 0xCB, 0xCF, 0xD3: _ = try take(8)
        case 0xCC, 0xD0: _ = try take(1)
        case 0xCD, 0xD1: _ = try take(2)
        case 0x90...0x9F, 0xDC, 0xDD:
            offset -= 1
            try skip(items: try array(), depth)
        case 0x80...0x8F, 0xDE, 0xDF:
            offset -= 1
            let (items, overflow) = try map().multipliedReportingOverflow(by: 2)
            guard !overflow else { throw .malformed }
            try skip(items: items, depth)
        case 0xD4...0xD8: _ = try take(1 + 1 << Int(head - 0xD4))
        case 0xC7...0xC9:
            let count = Int(try big(1 << Int(head - 0xC7)))
            _ = try take(1)
            _ = try take(count)
        default: throw .malformed
        }
    }

    private mutating func skip(items: Int, _ depth: Int) throws(Failure) {
        // An item is an octet at least: a count beyond what is there cannot be whole.
        guard items <= octets.count - offset else { throw .short }
        for _ in 0..<items { try skip(depth: depth + 1) }
    }
}
