/// The strings of a DNS-SD TXT record (RFC 6763 §6): names without regard to case, the first of
/// equal names wins, a string without `=` is a name without value.
package struct TXTRecord: Hashable, Sendable {
    package struct Pair: Hashable, Sendable {
        package let name: String
        /// Nil for a name that stands alone.
        package let value: [UInt8]?
    }
    /// Octets that one string can hold.
    package static let maxString = 255
    /// RFC 6763 §6.2: what fits one Ethernet packet. A longer record is accepted by Avahi and never
    /// sent.
    package static let maxOctets = 1300
    /// Strings taken from a record of others.
    package static let maxStrings = 64

    package private(set) var pairs: [Pair] = []

    package init() {}

    /// Reads the strings of others: bad ones and those beyond `maxStrings` are left out.
    package init(strings: some Sequence<[UInt8]>) {
        var seen: Set<String> = []
        for string in strings.prefix(TXTRecord.maxStrings) {
            let end = string.firstIndex(of: 0x3D) ?? string.endIndex
            let name = string[..<end]
            guard !name.isEmpty, string.count <= TXTRecord.maxString,
                name.allSatisfy({ (0x20...0x7E).contains($0) })
            else { continue }
            let text = String(decoding: name, as: UTF8.self)
            guard seen.insert(text.lowercased()).inserted else { continue }
            pairs.append(
                Pair(name: text, value: end < string.endIndex ? Array(string[(end + 1)...]) : nil))
        }
    }

    /// Value of `name`; nil when it is absent, alone or not UTF-8.
    package subscript(name: String) -> String? {
        let wanted = name.lowercased()
        guard let value = pairs.first(where: { $0.name.lowercased() == wanted })?.value else {
            return nil
        }
        return String(validating: value, as: UTF8.self)
    }

    /// Adds a pair; false when its string would be longer than 255 octets.
    package mutating func append(_ name: String, _ value: String) -> Bool {
        guard name.utf8.count + 1 + value.utf8.count <= TXTRecord.maxString else { return false }
        pairs.append(Pair(name: name, value: Array(value.utf8)))
        return true
    }

    /// Octets on the wire: each string with its length octet.
    package var octetCount: Int {
        pairs.reduce(0) { $0 + 1 + $1.name.utf8.count + ($1.value.map { $0.count + 1 } ?? 0) }
    }

    /// The pairs as a record shows them: text, `{"base64":…}` for what is no UTF-8, true for a lone
    /// name.
    package var object: JSONObject {
        var object = JSONObject()
        for pair in pairs {
            object[pair.name] = pair.value.map { JSONValue(octets: $0) } ?? .boolean(true)
        }
        return object
    }
}
