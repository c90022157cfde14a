import KosCore

/// A place in octets from a stranger, and the end up to which it may read.
///
/// Every read is an optional: nil when fewer octets are left, with the place unmoved. The octets
/// are handed to each call, since a value that is kept cannot hold a span.
package struct Cursor: Sendable, Hashable {
    package private(set) var at: Int
    package let end: Int

    /// From `range`, cut to what `bytes` has.
    package init(_ range: Range<Int>, in bytes: borrowing Span<UInt8>) {
        end = min(max(0, range.upperBound), bytes.count)
        at = min(max(0, range.lowerBound), end)
    }

    package init(_ bytes: borrowing Span<UInt8>) {
        at = 0
        end = bytes.count
    }

    package var left: Int { end - at }
    package var range: Range<Int> { at..<end }

    package mutating func u8(_ bytes: borrowing Span<UInt8>) -> UInt8? {
        guard at < end else { return nil }
        defer { at += 1 }
        return bytes[at]
    }
    package mutating func be16(_ bytes: borrowing Span<UInt8>) -> UInt16? {
        guard left >= 2 else { return nil }
        defer { at += 2 }
        return bytes.be16(at)
    }
    package mutating func be32(_ bytes: borrowing Span<UInt8>) -> UInt32? {
        guard left >= 4 else { return nil }
        defer { at += 4 }
        return bytes.be32(at)
    }
    package mutating func be64(_ bytes: borrowing Span<UInt8>) -> UInt64? {
        guard left >= 8 else { return nil }
        defer { at += 8 }
        return bytes.be64(at)
    }
    /// The next `count` octets; nil when there are fewer, or `count` is negative.
    package mutating func take(_ count: Int) -> Range<Int>? {
        guard count >= 0, count <= left else { return nil }
        defer { at += count }
        return at..<at + count
    }
    /// Steps over `count` octets; false, unmoved, when there are fewer.
    package mutating func skip(_ count: Int) -> Bool { take(count) != nil }
}

/// Numbers at an offset: 0 where octets are missing, so that damage never traps. Callers that must
/// tell have compared lengths before, or use a `Cursor`.
extension Span<UInt8> {
    @inline(__always)
    package func octet(_ at: Int) -> UInt8 {
        guard at >= 0, at < count else { return 0 }
        return self[at]
    }
    @inline(__always)
    package func be16(_ at: Int) -> UInt16 {
        guard at >= 0, at &+ 2 <= count else { return 0 }
        return UInt16(self[at]) << 8 | UInt16(self[at &+ 1])
    }
    @inline(__always)
    package func be32(_ at: Int) -> UInt32 {
        guard at >= 0, at &+ 4 <= count else { return 0 }
        return UInt32(be16(at)) << 16 | UInt32(be16(at &+ 2))
    }
    @inline(__always)
    package func be64(_ at: Int) -> UInt64 {
        guard at >= 0, at &+ 8 <= count else { return 0 }
        return word(at: at).byteSwapped
    }
    @inline(__always)
    package func le16(_ at: Int) -> UInt16 { be16(at).byteSwapped }
    @inline(__always)
    package func le32(_ at: Int) -> UInt32 { be32(at).byteSwapped }
    @inline(__always)
    package func le64(_ at: Int) -> UInt64 {
        guard at >= 0, at &+ 8 <= count else { return 0 }
        return word(at: at)
    }
    /// A 48-bit number, as MAC addresses are.
    @inline(__always)
    package func be48(_ at: Int) -> UInt64 { UInt64(be16(at)) << 32 | UInt64(be32(at &+ 2)) }

    /// Whether `text` stands at `at`.
    package func starts(with text: StaticString, at: Int) -> Bool {
        guard at >= 0, at &+ text.utf8CodeUnitCount <= count else { return false }
        return text.withUTF8Buffer { wanted in
            for index in 0..<wanted.count where unsafe wanted[index] != self[at + index] {
                return false
            }
            return true
        }
    }

    /// A copy of `range`, cut to what is there.
    package func array(_ range: Range<Int>) -> [UInt8] {
        let end = Swift.min(range.upperBound, count)
        let start = Swift.max(0, Swift.min(range.lowerBound, end))
        return unsafe extracting(start..<end).withUnsafeBufferPointer { unsafe [UInt8]($0) }
    }
}
