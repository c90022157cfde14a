extension GraphDocument {
    /// The DOT language (graphviz.org/doc/info/lang.html): nodes, edges, chains, subgraphs as ends.
    package init(dot text: [UInt8]) throws(RecordError) {
        self.init()
        var parser = DOTParser(text)
        try parser.graph()
        nodes = parser.nodes.map {
            Node(id: $0.id, position: GraphDocument.position($0.attributes))
        }
        for (source, target, attributes) in parser.edges {
            var edge = Edge(source: source, target: target)
            edge.isBidirectional = !parser.isDirected
            try edge.read(GraphDocument.figures(attributes))
            edges.append(edge)
        }
    }
}

private struct DOTParser {
    private enum Token: Equatable {
        case id(String)
        case mark(Character)
        case arrow
    }
    private let scalars: [Character]
    private var at = 0
    private var line = 1
    private var token: Token?
    var isDirected = true
    private(set) var nodes: [(id: NodeID, attributes: [String: String])] = []
    private var places: [String: Int] = [:]
    private(set) var edges: [(NodeID, NodeID, [String: String])] = []
    private var edgeDefaults: [String: String] = [:]
    private var depth = 0

    init(_ text: [UInt8]) { scalars = Array(String(decoding: text, as: UTF8.self)) }

    mutating func graph() throws(RecordError) {
        try advance()
        if token == .id("strict") { try advance() }
        isDirected = token == .id("digraph")
        try advance()
        if case .id = token { try advance() }
        guard token == .mark("{") else { throw fail("'{' is missing") }
        _ = try body()
    }

    /// What stands between braces; returns the nodes named in it.
    private mutating func body() throws(RecordError) -> [NodeID] {
        depth += 1
        defer { depth -= 1 }
        guard depth < 64 else { throw fail("subgraphs are too deep") }
        try advance()
        var members: [NodeID] = []
        while token != .mark("}") {
            guard token != nil else {
                throw RecordError(.truncated, "DOT is cut off (line \(line))")
            }
            if token == .mark(";") || token == .mark(",") {
                try advance()
                continue
            }
            members += try statement()
        }
        try advance()
        return members
    }

    private mutating func statement() throws(RecordError) -> [NodeID] {
        if case .id(let word) = token, ["graph", "node", "edge"].contains(word.lowercased()) {
            try advance()
            let attributes = try attributes()
            if word.lowercased() == "edge" { edgeDefaults.merge(attributes) { $1 } }
            return []
        }
        var ends = [try end()]
        if token == .mark("="), ends[0].count == 1 {
            // `name = value` sets something of the graph: the name was no node.
            try advance()
            try advance()
            forget(ends[0][0])
            return []
        }
        while token == .arrow {
            try advance()
            ends.append(try end())
        }
        let attributes = try attributes()
        if ends.count == 1 {
            for node in ends[0] {
                nodes[places[node.text] ?? 0].attributes.merge(attributes) { $1 }
            }
        }
        for (left, right) in zip(ends, ends.dropFirst()) {
            for source in left {
                for target in right where source != target {
                    edges.append((source, target, edgeDefaults.merging(attributes) { $1 }))
                }
            }
        }
        return ends.flatMap { $0 }
    }

    private mutating func end() throws(RecordError) -> [NodeID] {
        if token == .id("subgraph") {
            try advance()
            if case .id = token { try advance() }
        }
        if token == .mark("{") { return try body() }
        guard case .id(let name) = token, let id = NodeID(name) else {
            throw fail("a node is expected")
        }
        try advance()
        while token == .mark(":") {
            try advance()
            try advance()
        }
        if places[id.text] == nil {
            places[id.text] = nodes.count
            nodes.append((id, [:]))
        }
        return [id]
    }

    private mutating func forget(_ id: NodeID) {
        guard let place = places[id.text], place == nodes.count - 1,
            !edges.contains(where: { $0.0 == id || $0.1 == id })
        else { return }
        nodes.removeLast()
        places[id.text] = nil
    }

    private mutating func attributes() throws(RecordError) -> [String: String] {
        var found: [String: String] = [:]
        while token == .mark("[") {
            try advance()
            while token != .mark("]") {
                guard let current = token else { throw RecordError(.truncated, "DOT is cut off") }
                guard case .id(let name) = current else {
                    try advance()
                    continue
                }
                try advance()
                guard token == .mark("=") else { continue }
                try advance()
                if case .id(let value) = token { found[name] = value }
                try advance()
            }
            try advance()
        }
        return found
    }

    private func fail(_ what: String) -> RecordError {
        RecordError(.notJSON, "not DOT: \(what) (line \(line))")
    }

    // MARK: Tokens

    private mutating func advance() throws(RecordError) {
        skipBlank()
        guard at < scalars.count else {
            token = nil
            return
        }
        let first = scalars[at]
        if first == "\"" { return token = .id(try quoted()) }
        if first == "-", at + 1 < scalars.count, scalars[at + 1] == ">" || scalars[at + 1] == "-" {
            at += 2
            return token = .arrow
        }
        let isWord = { (c: Character) in
            c.isLetter || c.isNumber || c == "_" || c == "." || c == "-"
        }
        guard isWord(first) else {
            at += 1
            return token = .mark(first)
        }
        var word = ""
        while at < scalars.count, isWord(scalars[at]) {
            if scalars[at] == "-", !word.isEmpty { break }
            word.append(scalars[at])
            at += 1
        }
        token = .id(word)
    }

    private mutating func quoted() throws(RecordError) -> String {
        var word = ""
        at += 1
        while at < scalars.count, scalars[at] != "\"" {
            if scalars[at] == "\\", at + 1 < scalars.count, scalars[at + 1] == "\"" { at += 1 }
            word.append(scalars[at])
            at += 1
        }
        guard at < scalars.count else { throw RecordError(.truncated, "DOT: a string is cut off") }
        at += 1
        return word
    }

    private mutating func skipBlank() {
        while at < scalars.count {
            if scalars[at].isWhitespace {
                if scalars[at].isNewline { line += 1 }
                at += 1
            } else if scalars[at] == "#" || starts("//") {
                while at < scalars.count, !scalars[at].isNewline { at += 1 }
            } else if starts("/*") {
                while at < scalars.count, !starts("*/") { at += 1 }
                at = min(scalars.count, at + 2)
            } else {
                return
            }
        }
    }

    private func starts(_ pair: String) -> Bool {
        at + 1 < scalars.count && String(scalars[at...at + 1]) == pair
    }
}
