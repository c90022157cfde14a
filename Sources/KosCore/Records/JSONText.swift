/// A string inside a JSON text: where its octets lie between the quotes.
package struct JSONText: Sendable, Hashable {
    package let start: Int
    package let end: Int
    /// Whether there is a backslash in it, so that the octets are not the string itself.
    package let isEscaped: Bool

    package init(start: Int, end: Int, isEscaped: Bool) {
        self.start = start
        self.end = end
        self.isEscaped = isEscaped
    }

    package var range: Range<Int> { start..<end }

    /// The string, unescaped. The octets were validated when the text was scanned.
    package func string(in bytes: borrowing Span<UInt8>) -> String {
        guard !isEscaped, let plain = try? UTF8Span(validating: bytes.extracting(range)) else {
            return String(decoding: octets(in: bytes), as: UTF8.self)
        }
        return String(copying: plain)
    }

    /// The string's UTF-8, unescaped.
    package func octets(in bytes: borrowing Span<UInt8>) -> [UInt8] {
        var plain: [UInt8] = []
        plain.reserveCapacity(end - start)
        var at = start
        while at < end {
            let octet = bytes[at]
            if octet == 0x5C {
                at = JSONText.unescape(bytes, at: at, into: &plain)
            } else {
                plain.append(octet)
                at += 1
            }
        }
        return plain
    }

    /// Whether the string is `name`.
    package func equals(_ name: StaticString, in bytes: borrowing Span<UInt8>) -> Bool {
        guard !isEscaped else { return equalsUnescaped(name, in: bytes) }
        guard end - start == name.utf8CodeUnitCount else { return false }
        return name.withUTF8Buffer { wanted in
            for index in 0..<wanted.count where unsafe wanted[index] != bytes[start + index] {
                return false
            }
            return true
        }
    }

    @inline(never)
    private func equalsUnescaped(_ name: StaticString, in bytes: borrowing Span<UInt8>) -> Bool {
        string(in: bytes) == name.description
    }

    /// Whether the octets between the quotes, which must have no escape, are `octets`.
    package func equals(octets: [UInt8], in bytes: borrowing Span<UInt8>) -> Bool {
        guard !isEscaped, end - start == octets.count else { return false }
        return bytes.matches(from: start, octets.span, from: 0, octets.count)
    }

    /// Reads the escape at `at` (a backslash, already validated), appends what it stands for, and
    /// returns the offset behind it.
    private static func unescape(
        _ bytes: borrowing Span<UInt8>, at: Int, into plain: inout [UInt8]
    ) -> Int {
        switch bytes[at + 1] {
        case 0x62: plain.append(0x08)
        case 0x66: plain.append(0x0C)
        case 0x6E: plain.append(0x0A)
        case 0x72: plain.append(0x0D)
        case 0x74: plain.append(0x09)
        case 0x75:
            let first = hex4(bytes, at: at + 2) ?? 0xFFFD
            var scalar = UInt32(first)
            var next = at + 6
            if (0xD800..<0xDC00).contains(first), let second = hex4(bytes, at: at + 8) {
                scalar = 0x10000 + (UInt32(first & 0x3FF) << 10 | UInt32(second & 0x3FF))
                next = at + 12
            }
            plain.append(contentsOf: String(Unicode.Scalar(scalar) ?? "\u{FFFD}").utf8)
            return next
        case let other: plain.append(other)
        }
        return at + 2
    }

    /// Four hexadecimal digits at `at`; nil when they are not there.
    package static func hex4(_ bytes: borrowing Span<UInt8>, at: Int) -> UInt16? {
        guard at >= 0, at + 4 <= bytes.count else { return nil }
        var value: UInt16 = 0
        for index in at..<at + 4 {
            let octet = bytes[index]
            let digit: UInt8
            switch octet {
            case 0x30...0x39: digit = octet - 0x30
            case 0x41...0x46: digit = octet - 0x37
            case 0x61...0x66: digit = octet - 0x57
            default: return nil
            }
            value = value << 4 | UInt16(digit)
        }
        return value
    }
}
