/// A filter over what is known of a frame: `proto=aodv and src=10.0.0.3`, `not (port=53 or
/// len>1000)`.
///
/// Fields: `proto` (any of the frame's protocols), `src dst host`, `sport dport port`, `len`,
/// `number`, `interface`, `malformed`. Comparisons: `= != < <= > >=`, and `~` for "contains".
package struct FrameFilter: Sendable {
    /// What is wrong with an expression, and where: octets from its start.
    package struct Refused: Error, Sendable {
        package let message: String
        package let offset: Int
    }

    private enum Field: String, Sendable, CaseIterable {
        case proto, src, dst, host, sport, dport, port, len, number, interface, malformed
    }
    private enum Comparison: Sendable {
        case equal, unequal, less, lessOrEqual, more, moreOrEqual, contains
    }
    private indirect enum Node: Sendable {
        case and(Node, Node), or(Node, Node), not(Node)
        case number(Field, Comparison, Int)
        case address(Field, Bool, FrameAddress)
        case proto([FrameProtocol], Bool)
        case text(Field, Comparison, String)
    }
    /// Parentheses and `not`s within each other.
    private static let maxDepth = 32
    private let root: Node

    package init(_ expression: String) throws(Refused) {
        var parser = Parser(text: Array(expression.utf8))
        root = try parser.either(0)
        parser.skipBlank()
        guard parser.at == parser.text.count else {
            throw parser.refused("'and' or 'or' is missing")
        }
    }

    /// Whether `frame`, heard on `interface`, passes.
    package func matches(_ frame: CapturedFrame, interface: String?) -> Bool {
        FrameFilter.evaluate(root, frame, interface)
    }

    private static func evaluate(
        _ node: Node, _ frame: CapturedFrame, _ interface: String?
    ) -> Bool {
        switch node {
        case .and(let left, let right):
            return evaluate(left, frame, interface) && evaluate(right, frame, interface)
        case .or(let left, let right):
            return evaluate(left, frame, interface) || evaluate(right, frame, interface)
        case .not(let inner): return !evaluate(inner, frame, interface)
        case .proto(let names, let wanted):
            return names.contains { frame.protocols.contains($0) } == wanted
        case .address(let field, let wanted, let address):
            switch field {
            case .src: return (frame.source == address) == wanted
            case .dst: return (frame.destination == address) == wanted
            default: return (frame.source == address || frame.destination == address) == wanted
            }
        case .number(let field, let comparison, let value):
            return compare(field, comparison, value, frame)
        case .text(let field, let comparison, let value):
            let text: String
            switch field {
            case .src: text = frame.source.text
            case .dst: text = frame.destination.text
            case .host: text = frame.source.text + " " + frame.destination.text
            case .malformed: text = frame.malformed.name.description
            default: text = interface ?? ""
            }
            return compare(text, comparison, value)
        }
    }

    private static func compare(
        _ field: Field, _ comparison: Comparison, _ value: Int, _ frame: CapturedFrame
    ) -> Bool {
        switch field {
        case .sport: return frame.hasPorts && compare(Int(frame.sourcePort), comparison, value)
        case .dport: return frame.hasPorts && compare(Int(frame.destinationPort), comparison, value)
        case .port:
            let left = compare(Int(frame.sourcePort), comparison, value)
            let right = compare(Int(frame.destinationPort), comparison, value)
            if case .unequal = comparison { return frame.hasPorts && left && right }
            return frame.hasPorts && (left || right)
        case .number: return compare(frame.number, comparison, value)
        default: return compare(frame.lengthBytes, comparison, value)
        }
    }

    private static func compare(_ left: Int, _ comparison: Comparison, _ right: Int) -> Bool {
        switch comparison {
        case .equal: left == right
        case .unequal: left != right
        case .less: left < right
        case .lessOrEqual: left <= right
        case .more: left > right
        case .moreOrEqual: left >= right
        case .contains: false
        }
    }

    private static func compare(_ left: String, _ comparison: Comparison, _ right: String) -> Bool {
        switch comparison {
        case .equal: left == right
        case .unequal: left != right
        case .contains: left.contains(right)
        default: false
        }
    }

    // MARK: Reading

    private struct Parser {
        let text: [UInt8]
        var at = 0

        init(text: [UInt8]) { self.text = text }

        func refused(_ message: String) -> Refused { Refused(message: message, offset: at) }

        mutating func skipBlank() {
            while at < text.count, text[at] <= 0x20 { at += 1 }
        }

        /// Steps over `word` when it is next and ends there.
        mutating func takes(_ word: String) -> Bool {
            skipBlank()
            let octets = Array(word.utf8)
            guard at + octets.count <= text.count,
                Array(text[at..<at + octets.count]) == octets
            else { return false }
            let end = at + octets.count
            let isWord = octets.first.map(Parser.isWord) ?? false
            if isWord, end < text.count, Parser.isWord(text[end]) { return false }
            at = end
            return true
        }

        static func isWord(_ octet: UInt8) -> Bool {
            switch octet {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x3A, 0x5F, 0x80...0xFF: true
            default: false
            }
        }

        mutating func either(_ depth: Int) throws(Refused) -> Node {
            guard depth < maxDepth else { throw refused("nested too deep") }
            var left = try both(depth)
            while takes("or") || takes("||") { left = .or(left, try both(depth)) }
            return left
        }

        mutating func both(_ depth: Int) throws(Refused) -> Node {
            var left = try one(depth)
            while takes("and") || takes("&&") { left = .and(left, try one(depth)) }
            return left
        }

        mutating func one(_ depth: Int) throws(Refused) -> Node {
            guard depth < maxDepth else { throw refused("nested too deep") }
            if takes("not") || takes("!") { return .not(try one(depth + 1)) }
            if takes("(") {
                let inner = try either(depth + 1)
                guard takes(")") else { throw refused("')' is missing") }
                return inner
            }
            return try comparison()
        }

        mutating func word() -> String {
            skipBlank()
            if at < text.count, text[at] == 0x22 || text[at] == 0x27 {
                let quote = text[at]
                let end = text[(at + 1)...].firstIndex(of: quote) ?? text.count
                defer { at = min(text.count, end + 1) }
                return String(decoding: text[(at + 1)..<max(at + 1, end)], as: UTF8.self)
            }
            let start = at
            while at < text.count, Parser.isWord(text[at]) { at += 1 }
            return String(decoding: text[start..<at], as: UTF8.self)
        }

        mutating func comparison() throws(Refused) -> Node {
            skipBlank()
            let start = at
            let name = word()
            guard let field = Field(rawValue: name) else {
                at = start
                let names = Field.allCases.map(\.rawValue).joined(separator: " ")
                throw refused(
                    name.isEmpty ? "a comparison is missing" : "'\(name)' is none of \(names)")
            }
            guard let comparison = sign() else {
                throw refused("one of = != < <= > >= ~ is missing")
            }
            let place = at
            let value = word()
            guard !value.isEmpty else { throw refused("a value is missing") }
            do throws(Refused) {
                return try node(field, comparison, value)
            } catch {
                throw Refused(message: error.message, offset: place)
            }
        }

        mutating func sign() -> Comparison? {
            if takes("==") || takes("=") { return .equal }
            if takes("!=") { return .unequal }
            if takes("<=") { return .lessOrEqual }
            if takes(">=") { return .moreOrEqual }
            if takes("<") { return .less }
            if takes(">") { return .more }
            return takes("~") ? .contains : nil
        }

        func node(
            _ field: Field, _ comparison: Comparison, _ value: String
        ) throws(Refused) -> Node {
            let isContained = if case .contains = comparison { true } else { false }
            let isEqual = if case .equal = comparison { true } else { false }
            let isUnequal = if case .unequal = comparison { true } else { false }
            switch field {
            case .sport, .dport, .port, .len, .number:
                guard let number = Int(value) else { throw refused("'\(value)' is no number") }
                guard !isContained else { throw refused("~ is for text, not for numbers") }
                return .number(field, comparison, number)
            case _ where !isContained && !isEqual && !isUnequal:
                throw refused("\(field.rawValue) has no order")
            case .proto:
                if isContained {
                    let names = FrameProtocol.allCases.filter {
                        $0.name.description.contains(value)
                    }
                    return .proto(names, true)
                }
                let names = FrameProtocol.allCases.filter {
                    $0 != .none && $0.name.description == value
                }
                guard !names.isEmpty else { throw refused("'\(value)' is no protocol known here") }
                return .proto(names, isEqual)
            case .src, .dst, .host:
                if isContained { return .text(field, comparison, value) }
                guard let address = FrameAddress(text: value) else {
                    throw refused("'\(value)' is no address")
                }
                return .address(field, isEqual, address)
            case .interface, .malformed: return .text(field, comparison, value)
            }
        }
    }
}
