/// A bounded pull parser for one JSON text (RFC 8259, with I-JSON's refusals: duplicate names, lone
/// surrogates). It allocates nothing once warm, works on offsets, and never reads past the text.
///
/// Every call is handed the text; the reader only remembers how far it is. Objects are walked so:
/// `try json.enterObject(text)`, then `while let name = try json.nextName(text) { … one value … }`.
package struct JSONReader: Sendable {
    package static let maxDepth = 32
    package static let maxNames = 4096

    /// Offset of the next octet to read.
    package private(set) var position: Int
    private var depth = 0
    // Names of the open objects, as hashes; one 64-bit filter a level spares most comparisons.
    private var hashes: [UInt64] = []
    private var levels: [Level] = []

    private struct Level {
        var firstHash: Int
        var filter: UInt64 = 0
        var isFirst = true
    }

    package init(at position: Int = 0) { self.position = position }

    /// Starts over at `position`, `depth` objects and arrays deep, keeping the work space.
    package mutating func reset(at position: Int = 0, depth: Int = 0) {
        self.position = position
        self.depth = depth
        hashes.removeAll(keepingCapacity: true)
        levels.removeAll(keepingCapacity: true)
    }

    // MARK: Values

    /// The first octet of the next value: `{ [ " t f n -` or a digit.
    @inline(__always)
    package mutating func peek(_ text: borrowing Span<UInt8>) throws(JSONError) -> UInt8 {
        skipBlank(text)
        guard position < text.count else { throw JSONError(.truncated, at: position) }
        return text[position]
    }

    package mutating func enterObject(_ text: borrowing Span<UInt8>) throws(JSONError) {
        guard try peek(text) == 0x7B else { throw JSONError(.notAnObject, at: position) }
        try open()
    }

    package mutating func enterArray(_ text: borrowing Span<UInt8>) throws(JSONError) {
        guard try peek(text) == 0x5B else { throw JSONError(.syntax, at: position) }
        try open()
    }

    /// The next member's name, with the reader before its value; nil when the object has ended.
    package mutating func nextName(_ text: borrowing Span<UInt8>) throws(JSONError) -> JSONText? {
        guard try continues(text, close: 0x7D) else { return nil }
        guard text[position] == 0x22 else { throw JSONError(.syntax, at: position) }
        let name = try string(text)
        try remember(name, text)
        skipBlank(text)
        guard position < text.count else { throw JSONError(.truncated, at: position) }
        guard text[position] == 0x3A else { throw JSONError(.syntax, at: position) }
        position += 1
        return name
    }

    /// Whether an array has another element, with the reader before it.
    package mutating func nextElement(_ text: borrowing Span<UInt8>) throws(JSONError) -> Bool {
        try continues(text, close: 0x5D)
    }

    /// A string; the reader may stand on blank space before it.
    package mutating func string(_ text: borrowing Span<UInt8>) throws(JSONError) -> JSONText {
        guard try peek(text) == 0x22 else { throw JSONError(.syntax, at: position) }
        let start = position + 1
        var at = start
        var isEscaped = false
        while true {
            at = text.endOfPlainText(from: at)
            guard at < text.count else { throw JSONError(.truncated, at: text.count) }
            let octet = text[at]
            if octet == 0x22 { break }
            guard octet == 0x5C else { throw JSONError(.badString, at: at) }
            isEscaped = true
            at = try checkEscape(text, at: at)
        }
        position = at + 1
        return JSONText(start: start, end: at, isEscaped: isEscaped)
    }

    /// A number as a double (IEEE 754, correctly rounded); infinite ones are refused.
    package mutating func double(_ text: borrowing Span<UInt8>) throws(JSONError) -> Double {
        _ = try peek(text)
        let (value, end) = try JSONNumber.double(text, at: position)
        position = end
        return value
    }

    /// A number that is an integer within ±(2^53−1); `5.0` and `1e3` are integers too.
    package mutating func integer(_ text: borrowing Span<UInt8>) throws(JSONError) -> Int {
        let start = position
        let value = try double(text)
        guard value.rounded() == value else { throw JSONError(.badNumber, at: start) }
        guard abs(value) <= 9_007_199_254_740_991 else {
            throw JSONError(.numberTooLarge, at: start)
        }
        return Int(value)
    }

    package mutating func boolean(_ text: borrowing Span<UInt8>) throws(JSONError) -> Bool {
        let isTrue = try peek(text) == 0x74
        try literal(isTrue ? "true" : "false", text)
        return isTrue
    }

    /// Reads `null` if it is next, and says whether it was.
    package mutating func null(_ text: borrowing Span<UInt8>) throws(JSONError) -> Bool {
        guard try peek(text) == 0x6E else { return false }
        try literal("null", text)
        return true
    }

    /// Validates one value of any kind and steps over it; returns where it lies.
    @discardableResult
    package mutating func skip(_ text: borrowing Span<UInt8>) throws(JSONError) -> Range<Int> {
        let first = try peek(text)
        let start = position
        switch first {
        case 0x22: _ = try string(text)
        case 0x7B:
            try open()
            while try nextName(text) != nil { try skip(text) }
        case 0x5B:
            try open()
            while try nextElement(text) { try skip(text) }
        case 0x74: try literal("true", text)
        case 0x66: try literal("false", text)
        case 0x6E: try literal("null", text)
        default: position = try JSONNumber.skip(text, at: position)
        }
        return start..<position
    }

    /// Demands that nothing but blank space is left.
    package mutating func end(_ text: borrowing Span<UInt8>) throws(JSONError) {
        skipBlank(text)
        guard position == text.count else { throw JSONError(.trailingText, at: position) }
    }

    // MARK: Parts

    @inline(__always)
    private mutating func skipBlank(_ text: borrowing Span<UInt8>) {
        while position < text.count {
            let octet = text[position]
            guard octet <= 0x20, octet == 0x20 || octet == 0x0A || octet == 0x0D || octet == 0x09
            else { return }
            position += 1
        }
    }

    private mutating func open() throws(JSONError) {
        guard depth < JSONReader.maxDepth else { throw JSONError(.tooDeep, at: position) }
        depth += 1
        position += 1
        levels.append(Level(firstHash: hashes.count))
    }

    /// Reads the comma or the closing bracket; true when another member or element follows.
    private mutating func continues(
        _ text: borrowing Span<UInt8>, close: UInt8
    ) throws(JSONError) -> Bool {
        let octet = try peek(text)
        let level = levels.count - 1
        guard level >= 0 else { throw JSONError(.syntax, at: position) }
        if octet == close {
            position += 1
            depth -= 1
            hashes.removeLast(hashes.count - levels[level].firstHash)
            levels.removeLast()
            return false
        }
        if levels[level].isFirst {
            levels[level].isFirst = false
            return true
        }
        guard octet == 0x2C else { throw JSONError(.syntax, at: position) }
        position += 1
        // A comma before the closing bracket falls to the caller, whose value cannot start with it.
        _ = try peek(text)
        return true
    }

    private mutating func remember(
        _ name: JSONText, _ text: borrowing Span<UInt8>
    ) throws(JSONError) {
        let hash: UInt64
        if name.isEscaped {
            let plain = name.octets(in: text)
            hash = JSONReader.hash(plain.span, 0..<plain.count)
        } else {
            hash = JSONReader.hash(text, name.range)
        }
        let level = levels.count - 1
        let bit: UInt64 = 1 << (hash >> 58)
        let first = levels[level].firstHash
        if levels[level].filter & bit != 0 {
            for index in first..<hashes.count where hashes[index] == hash {
                throw JSONError(.duplicateName, at: name.start)
            }
        }
        guard hashes.count - first < JSONReader.maxNames else {
            throw JSONError(.tooManyNames, at: name.start)
        }
        levels[level].filter |= bit
        hashes.append(hash)
    }

    /// 64-bit hash of a name: eight octets at a time, multiplied and folded.
    private static func hash(_ text: borrowing Span<UInt8>, _ range: Range<Int>) -> UInt64 {
        var state = UInt64(truncatingIfNeeded: range.count) &* 0x9E37_79B9_7F4A_7C15
        var at = range.lowerBound
        while at < range.upperBound {
            var word: UInt64
            if at + 8 <= text.count {
                word = text.word(at: at)
                let left = range.upperBound - at
                if left < 8 { word &= ~0 >> UInt64(64 - 8 * left) }
            } else {
                word = 0
                for index in at..<range.upperBound {
                    word |= UInt64(text[index]) << UInt64(8 * (index - at))
                }
            }
            let product = (state ^ word).multipliedFullWidth(by: 0x9FB2_1C65_1E98_DF25)
            state = product.high ^ product.low ^ word
            at += 8
        }
        return state &* 0x9E37_79B9_7F4A_7C15
    }

    private mutating func literal(
        _ word: StaticString, _ text: borrowing Span<UInt8>
    ) throws(JSONError) {
        let name = JSONText(
            start: position, end: position + word.utf8CodeUnitCount, isEscaped: false)
        guard name.end <= text.count else { throw JSONError(.truncated, at: text.count) }
        guard name.equals(word, in: text) else { throw JSONError(.syntax, at: position) }
        position = name.end
    }

    /// Checks the escape at `at` and returns the offset behind it; a surrogate must have its pair.
    private func checkEscape(_ text: borrowing Span<UInt8>, at: Int) throws(JSONError) -> Int {
        guard at + 1 < text.count else { throw JSONError(.truncated, at: text.count) }
        switch text[at + 1] {
        case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74: return at + 2
        case 0x75:
            guard let first = JSONText.hex4(text, at: at + 2) else {
                throw JSONError(.badString, at: at)
            }
            guard (0xD800..<0xE000).contains(first) else { return at + 6 }
            guard first < 0xDC00, at + 12 <= text.count, text[at + 6] == 0x5C, text[at + 7] == 0x75,
                let second = JSONText.hex4(text, at: at + 8), (0xDC00..<0xE000).contains(second)
            else { throw JSONError(.badString, at: at) }
            return at + 12
        default: throw JSONError(.badString, at: at)
        }
    }
}
