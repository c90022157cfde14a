/// The JSON Canonicalization Scheme (RFC 8785): names sorted by UTF-16 code units, ECMAScript's
/// numbers, only the escapes that JSON demands. What is signed is signed in this form.
package enum CanonicalJSON {
    package static func octets(of value: JSONValue) -> [UInt8] {
        var octets: [UInt8] = []
        append(value, to: &octets)
        return octets
    }

    private static func append(_ value: JSONValue, to octets: inout [UInt8]) {
        switch value {
        case .null: octets += "null".utf8
        case .boolean(let value): octets += (value ? "true" : "false").utf8
        case .number(let value): JSONNumber.append(value, to: &octets)
        case .string(let value): append(value, to: &octets)
        case .array(let elements):
            octets.append(0x5B)
            for (index, element) in elements.enumerated() {
                if index > 0 { octets.append(0x2C) }
                append(element, to: &octets)
            }
            octets.append(0x5D)
        case .object(let object):
            octets.append(0x7B)
            let sorted = object.members.sorted { precedes($0.name, $1.name) }
            for (index, member) in sorted.enumerated() {
                if index > 0 { octets.append(0x2C) }
                append(member.name, to: &octets)
                octets.append(0x3A)
                append(member.value, to: &octets)
            }
            octets.append(0x7D)
        }
    }

    /// The order of UTF-16 code units. It is that of the octets but for one thing: what lies beyond
    /// U+FFFF, four octets and two surrogates, comes before U+E000 to U+FFFF.
    private static func precedes(_ left: String, _ right: String) -> Bool {
        let (one, other) = (left.utf8.span, right.utf8.span)
        let shared = min(one.count, other.count)
        for place in 0..<shared where one[place] != other[place] {
            let (first, second) = (one[place], other[place])
            let isTurned = (first >= 0xF0) != (second >= 0xF0) && min(first, second) >= 0xEE
            return (first < second) != isTurned
        }
        return one.count < other.count
    }

    private static func append(_ text: String, to octets: inout [UInt8]) {
        octets.append(0x22)
        let plain = text.utf8.span
        var at = 0
        while true {
            let end = plain.endOfPlainText(from: at)
            octets.append(plain, at..<end)
            guard end < plain.count else { break }
            escape(plain[end], to: &octets)
            at = end + 1
        }
        octets.append(0x22)
    }

    private static func escape(_ octet: UInt8, to octets: inout [UInt8]) {
        switch octet {
        case 0x22: octets += [0x5C, 0x22]
        case 0x5C: octets += [0x5C, 0x5C]
        case 0x08: octets += [0x5C, 0x62]
        case 0x09: octets += [0x5C, 0x74]
        case 0x0A: octets += [0x5C, 0x6E]
        case 0x0C: octets += [0x5C, 0x66]
        case 0x0D: octets += [0x5C, 0x72]
        default:
            octets += "\\u00".utf8
            for nibble in [octet >> 4, octet & 0xF] {
                octets.append(nibble < 10 ? 0x30 + nibble : 0x57 + nibble)
            }
        }
    }
}
