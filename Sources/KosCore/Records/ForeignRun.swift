/// Finds runs of records that a tool only passes on, in one validating pass over their octets.
///
/// A run holds whole lines of plain JSON objects with a `type` that is none of the tool's own. What
/// is out of the ordinary (an escape in a name, a number with an exponent, no type, something
/// wrong) ends the run and is left to the general reader, which has the last word.
package struct ForeignRun: Sendable {
    private static let maxNames = 32

    private let own: [(length: Int, head: UInt64)]
    private var hashes: [UInt64] = Array(repeating: 0, count: ForeignRun.maxNames)
    private var nested = JSONReader()

    /// `own`: the types that the tool reads itself, each told by its length and first eight octets.
    package init(own: [StaticString]) {
        self.own = own.map { name in
            let octets = Array(name.description.utf8)
            let head = octets.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return (octets.count, head)
        }
    }

    /// How many lines of the run that starts at `start`, and the offset behind the last of them;
    /// a line of more than `maxLine` octets ends it.
    package mutating func scan(
        _ text: borrowing Span<UInt8>, from start: Int, maxLine: Int
    ) -> (lines: Int, end: Int) {
        var lines = 0
        var end = start
        while let next = line(text, from: end), next - end - 1 <= maxLine {
            end = next
            lines += 1
        }
        return (lines, end)
    }

    /// The offset behind the line at `start`; nil when it does not belong to the run.
    private mutating func line(_ text: borrowing Span<UInt8>, from start: Int) -> Int? {
        var at = start
        var names = 0
        var filter: UInt64 = 0
        var isForeign = false
        guard at < text.count, text[at] == 0x7B else { return nil }
        at += 1
        while true {
            guard let key = ForeignRun.name(text, &at) else { return nil }
            let bit: UInt64 = 1 << (key.hash >> 58)
            if filter & bit != 0 {
                // Equal hashes may be equal names, which a record may not have.
                for index in 0..<names where hashes[index] == key.hash { return nil }
            }
            guard names < ForeignRun.maxNames else { return nil }
            filter |= bit
            hashes[names] = key.hash
            names += 1
            if key.isType, text[at] == 0x22 {
                guard let end = type(text, from: at) else { return nil }
                at = end
                isForeign = true
            } else {
                guard let end = value(text, from: at) else { return nil }
                at = end
            }
            if at < text.count, text[at] == 0x20 { ForeignRun.skipSpaces(text, &at) }
            guard at + 1 < text.count else { return nil }
            if text[at] == 0x7D { break }
            guard text[at] == 0x2C else { return nil }
            at += 1
            if text[at] == 0x20 { ForeignRun.skipSpaces(text, &at) }
        }
        guard isForeign, text[at + 1] == 0x0A else { return nil }
        let whole = text.extracting(start..<at)
        if !whole.isASCII {
            do throws(RecordError) { try whole.requireUTF8() } catch { return nil }
        }
        return at + 2
    }

    @inline(never)
    private static func skipSpaces(_ text: borrowing Span<UInt8>, _ at: inout Int) {
        while at < text.count, text[at] == 0x20 { at += 1 }
    }

    /// Reads `"name":` and leaves `at` on the value.
    @inline(__always)
    private static func name(
        _ text: borrowing Span<UInt8>, _ at: inout Int
    ) -> (hash: UInt64, isType: Bool)? {
        guard at + 9 <= text.count, text[at] == 0x22 else { return nil }
        let first = at + 1
        let end = text.endOfPlainText(from: first)
        guard end + 2 < text.count, text[end] == 0x22, text[end + 1] == 0x3A else { return nil }
        var hash = UInt64(truncatingIfNeeded: end - first) &* 0x9E37_79B9_7F4A_7C15
        var place = first
        var head: UInt64 = 0
        while place < end {
            guard place + 8 <= text.count else { return nil }
            var word = text.word(at: place)
            if end - place < 8 { word &= ~0 >> UInt64(64 - 8 * (end - place)) }
            if place == first { head = word }
            hash = (hash ^ word) &* 0x9FB2_1C65_1E98_DF25
            hash ^= hash >> 32
            place += 8
        }
        at = end + 2
        if text[at] == 0x20 { skipSpaces(text, &at) }
        guard at < text.count else { return nil }
        return (hash &* 0x9E37_79B9_7F4A_7C15, end - first == 4 && head == 0x6570_7974)
    }

    /// Steps over the value of `type`; nil when it is one of the tool's own.
    @inline(__always)
    private func type(_ text: borrowing Span<UInt8>, from start: Int) -> Int? {
        let first = start + 1
        let end = text.endOfPlainText(from: first)
        guard end < text.count, text[end] == 0x22, first + 8 <= text.count else { return nil }
        var head = text.word(at: first)
        let length = end - first
        guard length > 0 else { return nil }
        if length < 8 { head &= ~0 >> UInt64(64 - 8 * length) }
        for index in own.indices where own[index].length == length && own[index].head == head {
            return nil
        }
        return end + 1
    }

    /// Steps over one value; nil when it is out of the ordinary.
    @inline(__always)
    private mutating func value(_ text: borrowing Span<UInt8>, from start: Int) -> Int? {
        switch text[start] {
        case 0x22:
            let end = text.endOfPlainText(from: start + 1)
            guard end < text.count, text[end] == 0x22 else { return nil }
            return end + 1
        case 0x30...0x39, 0x2D: return ForeignRun.number(text, from: start)
        default: return rare(text, from: start)
        }
    }

    @inline(__always)
    private static func number(_ text: borrowing Span<UInt8>, from start: Int) -> Int? {
        var at = start
        if text[at] == 0x2D { at += 1 }
        let first = at
        while at < text.count, text[at] &- 0x30 < 10 { at += 1 }
        guard at > first, at == first + 1 || text[first] != 0x30, at < text.count else {
            return nil
        }
        if text[at] == 0x2E {
            at += 1
            let point = at
            while at < text.count, text[at] &- 0x30 < 10 { at += 1 }
            guard at > point, at < text.count else { return nil }
        }
        return text[at] | 0x20 == 0x65 ? nil : at
    }

    /// Objects, arrays and words, by the general reader and only up to the line's end.
    @inline(never)
    private mutating func rare(_ text: borrowing Span<UInt8>, from start: Int) -> Int? {
        guard let end = text.firstOffset(of: 0x0A, from: start) else { return nil }
        nested.reset(at: start, depth: 1)
        do throws(JSONError) {
            return try nested.skip(text.extracting(0..<end)).upperBound
        } catch {
            return nil
        }
    }
}
