/// Node names as small integers: each distinct name gets the next index, from 0.
///
/// Names lie end to end in one arena of octets; the table of slots is open addressed. No string is
/// made until somebody asks for one.
package struct NodeNames: Sendable {
    private struct Slot {
        /// Up to seven octets of name with their count on top, which is the whole name; else a
        /// hash.
        var key: UInt64 = 0
        var node: Int32 = -1
    }
    private var arena: [UInt8] = []
    /// Where each name starts in the arena, and the arena's end.
    private var starts: [Int] = [0]
    private var slots: [Slot] = []
    private var shift: UInt64 = 64

    package static let maxNodes = Int(Int32.max) - 1

    package init() {}

    package var count: Int { starts.count - 1 }

    /// The index of the name in `range` of `text`, new or known; nil when it is no node id
    /// (a control character in it, or no UTF-8) or the table is full. `did:key:` in front is
    /// dropped.
    @inline(__always)
    package mutating func intern(
        _ text: borrowing Span<UInt8>, _ range: Range<Int>
    ) -> Int32? {
        var range = range
        if text[range.lowerBound] == 0x64, range.count > 8, NodeNames.isDidKey(text, range) {
            range = range.lowerBound + 8..<range.upperBound
        }
        let key = NodeNames.key(text, range)
        if slots.isEmpty { grow() }
        let mask = slots.count - 1
        var place = NodeNames.place(key, shift)
        while true {
            let slot = slots[place]
            if slot.node < 0 { break }
            if slot.key == key, range.count < 8 || matches(slot.node, text, range) {
                return slot.node
            }
            place = (place + 1) & mask
        }
        return insert(key, at: place, text, range)
    }

    package mutating func intern(_ name: NodeID) -> Int32? {
        let octets = Array(name.text.utf8)
        return intern(octets.span, 0..<octets.count)
    }

    /// The index of a known name.
    package func index(of name: String) -> Int32? {
        let octets = Array(name.utf8)
        guard !octets.isEmpty, !slots.isEmpty else { return nil }
        let range = 0..<octets.count
        let key = NodeNames.key(octets.span, range)
        var place = NodeNames.place(key, shift)
        while slots[place].node >= 0 {
            let slot = slots[place]
            if slot.key == key, octets.count < 8 || matches(slot.node, octets.span, range) {
                return slot.node
            }
            place = (place + 1) & (slots.count - 1)
        }
        return nil
    }

    package subscript(node: Int32) -> String {
        String(decoding: octets(of: node), as: UTF8.self)
    }

    /// The name's octets.
    package func octets(of node: Int32) -> ArraySlice<UInt8> {
        guard node >= 0, Int(node) < count else { return [] }
        return arena[starts[Int(node)]..<starts[Int(node) + 1]]
    }

    /// Whether the name of `left` sorts before that of `right`, octet by octet.
    package func precedes(_ left: Int32, _ right: Int32) -> Bool {
        octets(of: left).lexicographicallyPrecedes(octets(of: right))
    }

    /// The nodes whose names begin with `prefix`, at most `limit` of them.
    package func nodes(withPrefix prefix: String, limit: Int) -> [Int32] {
        var found: [Int32] = []
        for node in 0..<Int32(count) where octets(of: node).starts(with: prefix.utf8) {
            found.append(node)
            if found.count == limit { break }
        }
        return found
    }

    /// Gives node `i` the index `order[i]`, which must be a permutation of `0 ..< count`.
    package mutating func renumber(_ order: [Int32]) {
        guard order.count == count else { return }
        var old = [Int32](repeating: 0, count: order.count)
        for (index, new) in order.enumerated() { old[Int(new)] = Int32(index) }
        var moved: [UInt8] = []
        moved.reserveCapacity(arena.count)
        var ends = [0]
        ends.reserveCapacity(starts.count)
        for node in old {
            moved.append(contentsOf: octets(of: node))
            ends.append(moved.count)
        }
        for index in slots.indices where slots[index].node >= 0 {
            slots[index].node = order[Int(slots[index].node)]
        }
        arena = moved
        starts = ends
    }

    // MARK: Parts

    private mutating func insert(
        _ key: UInt64, at place: Int, _ text: borrowing Span<UInt8>, _ range: Range<Int>
    ) -> Int32? {
        guard count < NodeNames.maxNodes else { return nil }
        var isASCII = true
        for index in range {
            if text[index] < 0x20 || text[index] == 0x7F { return nil }
            if text[index] >= 0x80 { isASCII = false }
        }
        guard isASCII || (try? UTF8Span(validating: text.extracting(range))) != nil else {
            return nil
        }
        let node = Int32(count)
        for index in range { arena.append(text[index]) }
        starts.append(arena.count)
        slots[place] = Slot(key: key, node: node)
        if count * 2 > slots.count { grow() }
        return node
    }

    private mutating func grow() {
        let size = max(16, slots.count * 2)
        let old = slots
        slots = [Slot](repeating: Slot(), count: size)
        shift = 64 - UInt64(size.trailingZeroBitCount)
        for slot in old where slot.node >= 0 {
            var place = NodeNames.place(slot.key, shift)
            while slots[place].node >= 0 { place = (place + 1) & (size - 1) }
            slots[place] = slot
        }
    }

    private func matches(
        _ node: Int32, _ text: borrowing Span<UInt8>, _ range: Range<Int>
    ) -> Bool {
        let start = starts[Int(node)]
        guard starts[Int(node) + 1] - start == range.count else { return false }
        for index in 0..<range.count where arena[start + index] != text[range.lowerBound + index] {
            return false
        }
        return true
    }

    @inline(__always)
    private static func place(_ key: UInt64, _ shift: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> shift)
    }

    @inline(__always)
    private static func key(_ text: borrowing Span<UInt8>, _ range: Range<Int>) -> UInt64 {
        let count = range.count
        if count < 8 {
            return word(text, range.lowerBound, count) | UInt64(count) << 56
        }
        var state = UInt64(truncatingIfNeeded: count)
        var at = range.lowerBound
        while at < range.upperBound {
            let part = word(text, at, min(8, range.upperBound - at))
            let product = (state ^ part).multipliedFullWidth(by: 0x9FB2_1C65_1E98_DF25)
            state = product.high ^ product.low ^ part
            at += 8
        }
        return state | 0xFF << 56
    }

    /// `count` octets (1 to 8) from `at`, the first one lowest.
    @inline(__always)
    private static func word(_ text: borrowing Span<UInt8>, _ at: Int, _ count: Int) -> UInt64 {
        if at + 8 <= text.count {
            return text.word(at: at) & (~0 >> UInt64(64 - 8 * count))
        }
        var word: UInt64 = 0
        for index in 0..<count { word |= UInt64(text[at + index]) << UInt64(8 * index) }
        return word
    }

    private static func isDidKey(_ text: borrowing Span<UInt8>, _ range: Range<Int>) -> Bool {
        word(text, range.lowerBound, 8) == 0x3A79_656B_3A64_6964
    }
}
