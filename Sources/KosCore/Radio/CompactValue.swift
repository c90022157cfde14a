/// Values of packets in fewer octets than plain CBOR has: words that nodes say to each other are
/// simple values (RFC 8949 §3.3, of the unassigned range), packet ids and node ids are octets.
package enum CompactValue {
    /// Only added to at the end: the place of a word is its number. The first twenty take one
    /// octet, the others two.
    private static let words = [
        "kind", "nodeInfo", "receipt", "ref", "destination", "status", "delivered", "hops", "role",
        "relay", "leaf", "capabilities", "addresses", "sequence", "wantsAnswer", "name", "type",
        "address", "port", "ack", "linkState", "links", "transport", "latency", "reliability",
        "lora", "tcp", "ws", "udp", "route", "refreshMs", "store", "discovery", "ttlExceeded",
        "destinationUnreachable", "routingError", "text", "127.0.0.1",
        "sealingKey", "fragments", "challenge", "answer", "routeError", "reason", "relayed",
    ]
    private static let numbers = Dictionary(
        uniqueKeysWithValues: words.enumerated().map { ($0.element, $0.offset) })
    private static let short = 20
    /// Tags: 37 is a UUID (IANA), the other is ours alone.
    private static let uuidTag: UInt64 = 37
    private static let nodeTag: UInt64 = 6
    /// The base64 of a key.
    private static let keyTag: UInt64 = 7

    static func word(_ simple: UInt8) -> String? {
        let index = Int(simple) < short ? Int(simple) : Int(simple) - 32 + short
        return words.indices.contains(index) ? words[index] : nil
    }

    package static func append(
        _ value: JSONValue, _ names: ShortNames, own: NodeID?, to bytes: inout [UInt8]
    ) {
        switch value {
        case .string(let text): append(text, names, own: own, to: &bytes)
        case .array(let elements):
            CBOR.append(arrayOf: elements.count, to: &bytes)
            for element in elements { append(element, names, own: own, to: &bytes) }
        case .object(let object):
            guard object.members.count != 1 || object["base64"] == nil else {
                return CBOR.append(value, to: &bytes)
            }
            CBOR.head(5, UInt64(object.members.count), to: &bytes)
            for member in object.members {
                append(member.name, names, own: own, to: &bytes)
                append(member.value, names, own: own, to: &bytes)
            }
        default: CBOR.append(value, to: &bytes)
        }
    }

    private static func append(
        _ text: String, _ names: ShortNames, own: NodeID?, to bytes: inout [UInt8]
    ) {
        if let number = numbers[text] {
            if number < short {
                bytes.append(0xE0 | UInt8(number))
            } else {
                bytes += [0xF8, UInt8(number - short + 32)]
            }
        } else if let octets = octets(ofUUID: text) {
            CBOR.head(6, uuidTag, to: &bytes)
            CBOR.append(octets: octets, to: &bytes)
        } else if let octets = text == own?.text
            ? names.known(text) : NodeID(text)?.publicKey
        {
            CBOR.head(6, nodeTag, to: &bytes)
            CBOR.append(octets: octets, to: &bytes)
        } else if text.utf8.count == 44, let octets = Base64.decode(text), octets.count == 32,
            Base64.encode(octets) == text
        {
            CBOR.head(6, keyTag, to: &bytes)
            CBOR.append(octets: octets, to: &bytes)
        } else {
            CBOR.append(text: text, to: &bytes)
        }
    }

    /// The text that a tag and its octets stand for.
    static func text(_ tag: UInt64, _ octets: [UInt8], _ names: ShortNames) -> String? {
        switch (tag, octets.count) {
        case (uuidTag, 16): uuid(octets)
        case (nodeTag, 16): names.full(of: octets) ?? ShortNames.text(of: octets)
        case (keyTag, 32): Base64.encode(octets)
        case (nodeTag, 32): NodeID(publicKey: octets)?.text
        default: nil
        }
    }

    static func uuid(_ octets: [UInt8]) -> String {
        var text = ""
        for (index, octet) in octets.enumerated() {
            if [4, 6, 8, 10].contains(index) { text += "-" }
            text += (octet < 16 ? "0" : "") + String(octet, radix: 16)
        }
        return text
    }

    /// Nil for a text that is no UUID in its usual form.
    static func octets(ofUUID text: String) -> [UInt8]? {
        guard text.utf8.count == 36 else { return nil }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == [8, 4, 4, 4, 12], text == text.lowercased() else {
            return nil
        }
        return Hexadecimal.decode(parts.joined())
    }
}
