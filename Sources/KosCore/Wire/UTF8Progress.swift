/// Checks UTF-8 (RFC 3629) that comes in pieces: a fault is found with the octet that makes it one.
package struct UTF8Progress: Sendable {
    /// Octets that the character which was begun still needs.
    private var needed = 0
    // What the next of them may be: the first one is bound by the lead octet (RFC 3629 §4).
    private var low: UInt8 = 0x80
    private var high: UInt8 = 0xBF

    package init() {}

    /// Whether what came so far ends with a whole character.
    package var isWhole: Bool { needed == 0 }

    /// Takes the next octets; false when the text can be none any more.
    package mutating func take(_ octets: borrowing Span<UInt8>) -> Bool {
        var at = 0
        while at < octets.count {
            if needed == 0 {
                while at + 8 <= octets.count, octets.word(at: at) & Words.highBits == 0 { at += 8 }
                guard at < octets.count else { break }
                guard begin(octets[at]) else { return false }
            } else {
                guard octets[at] >= low, octets[at] <= high else { return false }
                (low, high) = (0x80, 0xBF)
                needed -= 1
            }
            at += 1
        }
        return true
    }

    private mutating func begin(_ lead: UInt8) -> Bool {
        switch lead {
        case ..<0x80: return true
        case 0xC2...0xDF: needed = 1
        case 0xE0...0xEF:
            needed = 2
            if lead == 0xE0 { low = 0xA0 }
            if lead == 0xED { high = 0x9F }
        case 0xF0...0xF4:
            needed = 3
            if lead == 0xF0 { low = 0x90 }
            if lead == 0xF4 { high = 0x8F }
        default: return false
        }
        return true
    }
}
