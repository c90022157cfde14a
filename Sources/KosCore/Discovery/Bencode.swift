/// Bencoding (BEP 3): what KRPC messages and DHT items are written in.
package indirect enum Bencode: Hashable, Sendable {
    case integer(Int64)
    case octets([UInt8])
    case list([Bencode])
    /// In the order of the raw octets of the names, which the format demands.
    case dictionary([Entry])

    package struct Entry: Hashable, Sendable {
        package let name: [UInt8]
        package let value: Bencode
    }
    package static let maxDepth = 16
    /// Values of one message.
    package static let maxValues = 1024

    package static func text(_ text: some StringProtocol) -> Bencode { .octets(Array(text.utf8)) }

    /// Sorts the names; the last of equal ones wins.
    package static func dictionary(_ members: KeyValuePairs<String, Bencode?>) -> Bencode {
        var entries: [Entry] = []
        for (name, value) in members {
            guard let value else { continue }
            entries.removeAll { $0.name == Array(name.utf8) }
            entries.append(Entry(name: Array(name.utf8), value: value))
        }
        return .dictionary(entries.sorted { $0.name.lexicographicallyPrecedes($1.name) })
    }

    // MARK: Reading

    /// Reads one value that fills `octets`. Nil for anything that is not strictly bencoded;
    /// unsorted names are taken (old nodes send them), equal ones are not.
    package init?(_ octets: [UInt8]) {
        var at = 0
        var budget = Bencode.maxValues
        guard let value = Bencode.read(octets, &at, depth: 0, &budget), at == octets.count else {
            return nil
        }
        self = value
    }

    private static func read(
        _ octets: [UInt8], _ at: inout Int, depth: Int, _ budget: inout Int
    ) -> Bencode? {
        budget -= 1
        guard at < octets.count, depth < maxDepth, budget >= 0 else { return nil }
        switch octets[at] {
        case 0x69:
            at += 1
            return number(octets, &at, end: 0x65).map { .integer($0) }
        case 0x6C:
            at += 1
            var elements: [Bencode] = []
            while at < octets.count, octets[at] != 0x65 {
                guard let element = read(octets, &at, depth: depth + 1, &budget) else { return nil }
                elements.append(element)
            }
            guard at < octets.count else { return nil }
            at += 1
            return .list(elements)
        case 0x64:
            at += 1
            return entries(octets, &at, depth: depth, &budget)
        case 0x30...0x39: return string(octets, &at).map { .octets($0) }
        default: return nil
        }
    }

    private static func entries(
        _ octets: [UInt8], _ at: inout Int, depth: Int, _ budget: inout Int
    ) -> Bencode? {
        var entries: [Entry] = []
        while at < octets.count, octets[at] != 0x65 {
            guard let name = string(octets, &at), !entries.contains(where: { $0.name == name }),
                let value = read(octets, &at, depth: depth + 1, &budget)
            else { return nil }
            entries.append(Entry(name: name, value: value))
        }
        guard at < octets.count else { return nil }
        at += 1
        return .dictionary(entries)
    }

    /// Digits up to `end`: no leading zero, no `-0`, at most 19 digits.
    private static func number(_ octets: [UInt8], _ at: inout Int, end: UInt8) -> Int64? {
        let start = at
        while at < octets.count, octets[at] != end, at - start <= 20 { at += 1 }
        guard at < octets.count, octets[at] == end, at > start else { return nil }
        let digits = octets[start..<at]
        at += 1
        let isNegative = digits.first == 0x2D
        let bare = isNegative ? digits.dropFirst() : digits
        guard let first = bare.first, bare.allSatisfy({ (0x30...0x39).contains($0) }),
            first != 0x30 || bare.count == 1 && !isNegative
        else { return nil }
        return Int64(String(decoding: digits, as: UTF8.self))
    }

    private static func string(_ octets: [UInt8], _ at: inout Int) -> [UInt8]? {
        guard let length = number(octets, &at, end: 0x3A), length >= 0, length <= octets.count - at
        else {
            return nil
        }
        defer { at += Int(length) }
        return Array(octets[at..<at + Int(length)])
    }

    // MARK: Writing

    package var encoded: [UInt8] {
        var octets: [UInt8] = []
        append(to: &octets)
        return octets
    }

    private func append(to octets: inout [UInt8]) {
        switch self {
        case .integer(let value): octets += Array("i\(value)e".utf8)
        case .octets(let value): Bencode.append(value, to: &octets)
        case .list(let elements):
            octets.append(0x6C)
            for element in elements { element.append(to: &octets) }
            octets.append(0x65)
        case .dictionary(let entries):
            octets.append(0x64)
            for entry in entries {
                Bencode.append(entry.name, to: &octets)
                entry.value.append(to: &octets)
            }
            octets.append(0x65)
        }
    }

    private static func append(_ value: [UInt8], to octets: inout [UInt8]) {
        octets += Array("\(value.count):".utf8)
        octets += value
    }

    // MARK: Access

    package subscript(name: String) -> Bencode? {
        guard case .dictionary(let entries) = self else { return nil }
        return entries.first { $0.name.elementsEqual(name.utf8) }?.value
    }
    package var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }
    package var octets: [UInt8]? {
        if case .octets(let value) = self { value } else { nil }
    }
    package var list: [Bencode]? {
        if case .list(let value) = self { value } else { nil }
    }
    package var isDictionary: Bool {
        if case .dictionary = self { true } else { false }
    }
}
