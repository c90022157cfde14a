/// Concise Binary Object Representation (RFC 8949) of JSON values, for links where octets cost air.
///
/// Written in the shortest form; read in bounded depth, without indefinite lengths.
package enum CBOR {
    package struct Malformed: Error, Hashable, Sendable {
        /// Octet at which reading stopped.
        package let offset: Int
    }
    static let maxDepth = 16

    // MARK: Writing

    package static func append(_ value: JSONValue, to bytes: inout [UInt8]) {
        switch value {
        case .null: bytes.append(0xF6)
        case .boolean(let value): bytes.append(value ? 0xF5 : 0xF4)
        case .number(let value): append(value, to: &bytes)
        case .string(let text): append(text: text, to: &bytes)
        case .array(let elements):
            head(4, UInt64(elements.count), to: &bytes)
            for element in elements { append(element, to: &bytes) }
        case .object(let object):
            // Octets of a payload: {"base64": …} is a byte string.
            if object.members.count == 1, let text = object["base64"]?.string,
                let octets = Base64.decode(text), Base64.encode(octets) == text
            {
                return append(octets: octets, to: &bytes)
            }
            head(5, UInt64(object.members.count), to: &bytes)
            for member in object.members {
                append(text: member.name, to: &bytes)
                append(member.value, to: &bytes)
            }
        }
    }

    package static func append(_ value: Double, to bytes: inout [UInt8]) {
        if value.rounded() == value, abs(value) <= 9_007_199_254_740_991 {
            let whole = Int64(value)
            if whole >= 0 { return head(0, UInt64(whole), to: &bytes) }
            return head(1, UInt64(-1 - whole), to: &bytes)
        }
        let single = Float(value)
        if Double(single) == value {
            bytes.append(0xFA)
            big(UInt64(single.bitPattern), 4, to: &bytes)
        } else {
            bytes.append(0xFB)
            big(value.bitPattern, 8, to: &bytes)
        }
    }

    package static func append(text: String, to bytes: inout [UInt8]) {
        let octets = Array(text.utf8)
        head(3, UInt64(octets.count), to: &bytes)
        bytes += octets
    }

    package static func append(octets: [UInt8], to bytes: inout [UInt8]) {
        head(2, UInt64(octets.count), to: &bytes)
        bytes += octets
    }

    package static func append(arrayOf count: Int, to bytes: inout [UInt8]) {
        head(4, UInt64(count), to: &bytes)
    }

    static func head(_ major: UInt8, _ value: UInt64, to bytes: inout [UInt8]) {
        let type = major << 5
        switch value {
        case 0..<24: bytes.append(type | UInt8(value))
        case 24..<0x100:
            bytes.append(type | 24)
            big(value, 1, to: &bytes)
        case 0x100..<0x1_0000:
            bytes.append(type | 25)
            big(value, 2, to: &bytes)
        case 0x1_0000..<0x1_0000_0000:
            bytes.append(type | 26)
            big(value, 4, to: &bytes)
        default:
            bytes.append(type | 27)
            big(value, 8, to: &bytes)
        }
    }

    private static func big(_ value: UInt64, _ count: Int, to bytes: inout [UInt8]) {
        for index in (0..<count).reversed() {
            bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index)))
        }
    }
}

/// Reads CBOR, item by item.
package struct CBORReader: Sendable {
    private let bytes: [UInt8]
    package private(set) var offset = 0
    /// Whether the short values of packets are known: words, ids, names.
    private let names: ShortNames?

    package init(_ bytes: [UInt8], names: ShortNames? = nil) {
        self.bytes = bytes
        self.names = names
    }

    package var isAtEnd: Bool { offset == bytes.count }

    private func malformed() -> CBOR.Malformed { CBOR.Malformed(offset: offset) }

    private mutating func octet() throws(CBOR.Malformed) -> UInt8 {
        guard offset < bytes.count else { throw malformed() }
        defer { offset += 1 }
        return bytes[offset]
    }

    private mutating func take(_ count: UInt64) throws(CBOR.Malformed) -> [UInt8] {
        guard count <= UInt64(bytes.count - offset) else { throw malformed() }
        defer { offset += Int(count) }
        return Array(bytes[offset..<offset + Int(count)])
    }

    /// The major type and the argument of the next item.
    private mutating func head() throws(CBOR.Malformed) -> (
        major: UInt8, info: UInt8, value: UInt64
    ) {
        let first = try octet()
        let info = first & 0x1F
        let widths: [UInt8: UInt64] = [24: 1, 25: 2, 26: 4, 27: 8]
        guard info >= 24 else { return (first >> 5, info, UInt64(info)) }
        guard let width = widths[info] else { throw malformed() }
        let value = try take(width).reduce(0) { $0 << 8 | UInt64($1) }
        return (first >> 5, info, value)
    }

    /// How many elements the array has that comes next.
    package mutating func array() throws(CBOR.Malformed) -> Int {
        let (major, _, count) = try head()
        guard major == 4, count <= UInt64(bytes.count - offset) else { throw malformed() }
        return Int(count)
    }

    package mutating func integer(in range: ClosedRange<Int>) throws(CBOR.Malformed) -> Int {
        guard let value = try value().integer, range.contains(value) else { throw malformed() }
        return value
    }

    /// A byte string as octets, everything else as a value.
    package enum Item: Hashable, Sendable {
        case octets([UInt8])
        case value(JSONValue)
    }

    package mutating func item() throws(CBOR.Malformed) -> Item {
        if offset < bytes.count, bytes[offset] >> 5 == 2 {
            let (_, _, count) = try head()
            return .octets(try take(count))
        }
        return .value(try value())
    }

    package mutating func value(depth: Int = 0) throws(CBOR.Malformed) -> JSONValue {
        guard depth < CBOR.maxDepth else { throw malformed() }
        let (major, info, argument) = try head()
        switch major {
        case 0:
            guard argument <= 9_007_199_254_740_991 else { throw malformed() }
            return .number(Double(argument))
        case 1:
            guard argument < 9_007_199_254_740_991 else { throw malformed() }
            return .number(-1 - Double(argument))
        case 2: return .object(["base64": .string(Base64.encode(try take(argument)))])
        case 3:
            guard let text = String(validating: try take(argument), as: UTF8.self) else {
                throw malformed()
            }
            return .string(text)
        case 4:
            guard argument <= UInt64(bytes.count - offset) else { throw malformed() }
            var elements: [JSONValue] = []
            for _ in 0..<Int(argument) { elements.append(try value(depth: depth + 1)) }
            return .array(elements)
        case 5: return .object(try object(argument, depth))
        case 6:
            guard let names else { throw malformed() }
            return .string(try shortValue(argument, names))
        default: return try simple(info, argument)
        }
    }

    /// What stands behind a tag: the octets of an id or of a name.
    private mutating func shortValue(
        _ tag: UInt64, _ names: ShortNames
    ) throws(CBOR.Malformed) -> String {
        guard case .octets(let octets) = try item(),
            let text = CompactValue.text(tag, octets, names)
        else { throw malformed() }
        return text
    }

    private mutating func object(
        _ count: UInt64, _ depth: Int
    ) throws(CBOR.Malformed) -> JSONObject {
        guard count <= 256, count <= UInt64(bytes.count - offset) else { throw malformed() }
        var object = JSONObject()
        for _ in 0..<Int(count) {
            guard let name = try value(depth: depth + 1).string, object[name] == nil else {
                throw malformed()
            }
            object[name] = try value(depth: depth + 1)
        }
        return object
    }

    private func simple(_ info: UInt8, _ argument: UInt64) throws(CBOR.Malformed) -> JSONValue {
        switch info {
        case 0..<20:
            guard names != nil, let word = CompactValue.word(info) else { throw malformed() }
            return .string(word)
        case 24:
            // Below 32 the longer form is not well-formed (RFC 8949 §3.3).
            guard names != nil, argument >= 32, argument < 256,
                let word = CompactValue.word(UInt8(argument))
            else { throw malformed() }
            return .string(word)
        case 20: return .boolean(false)
        case 21: return .boolean(true)
        case 22: return .null
        case 26:
            let value = Float(bitPattern: UInt32(truncatingIfNeeded: argument))
            guard value.isFinite else { throw malformed() }
            return .number(Double(value))
        case 27:
            let value = Double(bitPattern: argument)
            guard value.isFinite else { throw malformed() }
            return .number(value)
        default: throw malformed()
        }
    }
}
