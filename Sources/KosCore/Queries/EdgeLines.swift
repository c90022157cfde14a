extension GraphDocument {
    /// Tab-separated lines: source, target, then latency, reliability, bandwidth, cost and
    /// transport as far as they go; or the columns that a first line names. `#` begins a comment.
    package init(edgeLines text: [UInt8]) {
        self.init()
        var columns = [
            "source", "target", "latency", "reliability", "bandwidth", "cost", "transport",
        ]
        var isFirst = true
        let lines = String(decoding: text, as: UTF8.self)
            .split(omittingEmptySubsequences: false) { $0.isNewline }
        for (index, line) in lines.enumerated() {
            guard !line.isEmpty, !line.hasPrefix("#"), line.contains(where: { $0 != " " }) else {
                continue
            }
            let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(
                String.init)
            if isFirst {
                isFirst = false
                let names = cells.map { $0.lowercased() }
                if names.contains("source"),
                    names.contains("target") || names.contains("destination")
                {
                    columns = names.map { $0 == "destination" ? "target" : $0 }
                    continue
                }
            }
            do throws(RecordError) {
                edges.append(try Edge(cells, columns))
            } catch {
                bad.append((index + 1, error))
            }
        }
    }
}

extension GraphDocument.Edge {
    fileprivate init(_ cells: [String], _ columns: [String]) throws(RecordError) {
        var object = JSONObject()
        for (name, cell) in zip(columns, cells) where !cell.isEmpty {
            object[name] = GraphDocument.value(cell, of: name)
        }
        let fields = RecordFields(object)
        source = try fields.nodeID("source")
        target = try fields.nodeID("target")
        guard source != target else {
            throw RecordError(.badRecord, "source and target are the same")
        }
        try read(fields)
    }
}

extension GraphDocument {
    /// A figure as text, as the value that its name asks for.
    static func value(_ text: String, of name: String) -> JSONValue {
        switch name {
        case "source", "target", "transport", "address": .string(text)
        case "bidirectional": .boolean(text == "true" || text == "1")
        default: Double(text).map { $0.isNaN ? .string(text) : .number($0) } ?? .string(text)
        }
    }

    /// Takes figures that came as text under names of many tools.
    static func figures(_ attributes: [String: String]) -> RecordFields {
        let names = [
            "latency": "latency", "delay": "latency", "reliability": "reliability",
            "bandwidth": "bandwidth", "linkspeedraw": "bandwidth", "cost": "cost",
            "weight": "weight", "transport": "transport", "bidirectional": "bidirectional",
            "address": "address",
        ]
        var object = JSONObject()
        for (key, text) in attributes.sorted(by: { $0.key < $1.key }) {
            guard let name = names[key.lowercased()] else { continue }
            object[name] = value(text, of: name)
        }
        return RecordFields(object)
    }

    static func position(_ attributes: [String: String]) -> Position? {
        var object = JSONObject()
        for (key, text) in attributes.sorted(by: { $0.key < $1.key }) {
            if let number = Double(text), number.isFinite {
                object[key.lowercased()] = .number(number)
            }
        }
        return Position(RecordFields(object))
    }
}
