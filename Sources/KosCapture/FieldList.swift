package import KosCore

/// Members of records that are wanted alone: `timestamp,source,dns.id`.
package struct FieldList: Sendable {
    package static let frame = [
        "timestamp", "interface", "source", "sourcePort", "destination", "destinationPort",
        "protocol", "lengthBytes",
    ]
    private let paths: [[String]]
    package let names: [String]

    /// Nil when a name is empty, or there are more than 64.
    package init?(_ names: [String]) {
        let paths = names.map {
            $0.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        }
        guard (1...64).contains(names.count), paths.allSatisfy({ !$0.contains("") }) else {
            return nil
        }
        self.names = names
        self.paths = paths
    }

    /// A record of the wanted members alone, behind `type` and `kos`.
    package func object(of record: JSONObject) -> JSONObject {
        var chosen = JSONObject()
        for name in ["type", "kos"] { chosen[name] = record[name] }
        for (name, path) in zip(names, paths) { chosen[name] = FieldList.value(path, record) }
        return chosen
    }

    /// The members with tabs between them and a newline behind; what is absent or null is empty.
    package func row(of record: JSONObject) -> [UInt8] {
        var row: [UInt8] = []
        for (index, path) in paths.enumerated() {
            if index > 0 { row.append(0x09) }
            FieldList.append(FieldList.value(path, record), to: &row)
        }
        row.append(0x0A)
        return row
    }

    package var header: [UInt8] { Array((names.joined(separator: "\t") + "\n").utf8) }

    private static func value(_ path: [String], _ record: JSONObject) -> JSONValue? {
        var here: JSONValue? = .object(record)
        for name in path {
            if let list = here?.array {
                guard let place = Int(name), list.indices.contains(place) else { return nil }
                here = list[place]
            } else {
                here = here?.object?[name]
            }
        }
        return here
    }

    /// Text goes as it is, with its tabs, newlines, backslashes and controls escaped as JSON has
    /// them; all else is JSON.
    private static func append(_ value: JSONValue?, to row: inout [UInt8]) {
        guard let value, value != .null else { return }
        if case .array(let list) = value, list.allSatisfy({ $0.string != nil }) {
            let joined = list.compactMap(\.string).joined(separator: ",")
            return append(.string(joined), to: &row)
        }
        let text = Array(value.text.utf8)
        guard value.string != nil, text.count >= 2 else {
            row += text
            return
        }
        var isEscaped = false
        for octet in text[1..<(text.count - 1)] {
            // A quotation mark needs no escape here.
            if octet == 0x22, isEscaped { row.removeLast() }
            row.append(octet)
            isEscaped = octet == 0x5C && !isEscaped
        }
    }
}
