extension GraphDocument {
    /// GraphML (graphml.graphdrawing.org), as networkx, igraph, yEd and the Topology Zoo write it.
    package init(graphML text: [UInt8]) throws(RecordError) {
        self.init()
        var reader = XMLReader(text)
        var names: [String: String] = [:]
        var isDirected = true
        var open: [String] = []
        var element: (attributes: [String: String], data: [String: String])?
        var key = ""
        var content = ""
        while let token = try reader.next() {
            switch token {
            case .text(let part): content += part
            case .start(let name, let attributes, let isEmpty):
                content = ""
                switch name {
                case "key": names[attributes["id"] ?? ""] = attributes["attr.name"] ?? ""
                case "graph": isDirected = attributes["edgedefault"] != "undirected"
                case "node", "edge": element = (attributes, [:])
                case "data": key = attributes["key"] ?? ""
                default: break
                }
                if isEmpty {
                    if name == "node" || name == "edge" { try close(name, &element, isDirected) }
                } else {
                    open.append(name)
                    guard open.count <= 64 else { throw RecordError(.notJSON, "GraphML too deep") }
                }
            case .end(let name):
                guard open.popLast() == name else {
                    throw RecordError(
                        .notJSON, "GraphML: </\(name)> closes nothing (line \(reader.line))")
                }
                if name == "data" {
                    let trimmed = content.split(whereSeparator: \.isWhitespace).joined(
                        separator: " ")
                    element?.data[names[key] ?? key] = trimmed
                }
                if name == "node" || name == "edge" { try close(name, &element, isDirected) }
                content = ""
            }
        }
        guard open.isEmpty else { throw RecordError(.truncated, "GraphML is cut off") }
    }

    private mutating func close(
        _ name: String, _ element: inout (attributes: [String: String], data: [String: String])?,
        _ isDirected: Bool
    ) throws(RecordError) {
        guard let (attributes, data) = element else { return }
        element = nil
        func id(_ key: String) throws(RecordError) -> NodeID {
            guard let id = NodeID(attributes[key] ?? "") else {
                throw .member("\(name) \(key)", "is not a node id")
            }
            return id
        }
        guard name == "edge" else {
            nodes.append(Node(id: try id("id"), position: GraphDocument.position(data)))
            return
        }
        var edge = Edge(source: try id("source"), target: try id("target"))
        guard edge.source != edge.target else {
            throw RecordError(.badRecord, "GraphML: an edge from \(edge.source) to itself")
        }
        edge.isBidirectional = attributes["directed"].map { $0 != "true" } ?? !isDirected
        try edge.read(GraphDocument.figures(data))
        edges.append(edge)
    }
}

/// As much of XML as GraphML needs: tags, attributes, text, entities; no document type is followed.
struct XMLReader {
    enum Token {
        case start(String, [String: String], isEmpty: Bool)
        case end(String)
        case text(String)
    }
    private let text: [UInt8]
    private var at = 0
    private(set) var line = 1

    init(_ text: [UInt8]) { self.text = text }

    mutating func next() throws(RecordError) -> Token? {
        while at < text.count {
            if text[at] != 0x3C {
                let part = take { $0 == 0x3C }
                return .text(XMLReader.unescape(part))
            }
            if skip("<!--", until: "-->") || skip("<?", until: "?>") { continue }
            if starts("<![CDATA[") {
                at += 9
                let start = at
                while at < text.count, !starts("]]>") { step() }
                let part = String(decoding: text[start..<at], as: UTF8.self)
                at = min(text.count, at + 3)
                return .text(part)
            }
            if skip("<!", until: ">") { continue }
            return try tag()
        }
        return nil
    }

    private mutating func tag() throws(RecordError) -> Token {
        at += 1
        if at < text.count, text[at] == 0x2F {
            at += 1
            let name = name()
            _ = take { $0 == 0x3E }
            at += 1
            return .end(name)
        }
        let name = name()
        var attributes: [String: String] = [:]
        while true {
            while at < text.count, XMLReader.isBlank(text[at]) { step() }
            guard at < text.count else {
                throw RecordError(.truncated, "a tag is cut off (line \(line))")
            }
            if text[at] == 0x3E {
                at += 1
                return .start(name, attributes, isEmpty: false)
            }
            if text[at] == 0x2F {
                at = min(text.count, at + 2)
                return .start(name, attributes, isEmpty: true)
            }
            let key = self.name()
            while at < text.count, XMLReader.isBlank(text[at]) || text[at] == 0x3D { step() }
            guard !key.isEmpty, at < text.count, text[at] == 0x22 || text[at] == 0x27 else {
                throw RecordError(.notJSON, "not XML: an attribute of <\(name)> (line \(line))")
            }
            let quote = text[at]
            at += 1
            attributes[key] = XMLReader.unescape(take { $0 == quote })
            at += 1
        }
    }

    /// A name without its namespace.
    private mutating func name() -> String {
        let whole = take { XMLReader.isBlank($0) || [0x3E, 0x2F, 0x3D, 0x3C].contains($0) }
        return whole.split(separator: ":").last.map(String.init) ?? whole
    }

    private mutating func take(until isEnd: (UInt8) -> Bool) -> String {
        let start = at
        while at < text.count, !isEnd(text[at]) { step() }
        return String(decoding: text[start..<at], as: UTF8.self)
    }

    private mutating func step() {
        if text[at] == 0x0A { line += 1 }
        at += 1
    }

    private func starts(_ word: String) -> Bool { text[at...].starts(with: word.utf8) }

    private mutating func skip(_ open: String, until close: String) -> Bool {
        guard starts(open) else { return false }
        while at < text.count, !starts(close) { step() }
        at = min(text.count, at + close.utf8.count)
        return true
    }

    private static func isBlank(_ octet: UInt8) -> Bool {
        octet == 0x20 || octet == 0x0A || octet == 0x0D || octet == 0x09
    }

    private static func unescape(_ text: String) -> String {
        guard text.utf8.contains(0x26) else { return text }
        let known = ["lt": "<", "gt": ">", "amp": "&", "quot": "\"", "apos": "'"]
        var plain = ""
        var rest = text[...]
        while let start = rest.firstIndex(of: "&") {
            plain += rest[..<start]
            rest = rest[rest.index(after: start)...]
            guard let end = rest.firstIndex(of: ";") else { return plain + "&" + rest }
            let name = rest[..<end]
            rest = rest[rest.index(after: end)...]
            if name.hasPrefix("#") {
                let isHex = name.hasPrefix("#x")
                let code = UInt32(name.dropFirst(isHex ? 2 : 1), radix: isHex ? 16 : 10)
                plain.unicodeScalars.append(code.flatMap { Unicode.Scalar($0) } ?? "\u{FFFD}")
            } else {
                plain += known[String(name)] ?? "\u{FFFD}"
            }
        }
        return plain + rest
    }
}
