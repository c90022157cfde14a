/// Numbers of JSON (RFC 8259 §6) and how ECMAScript, hence RFC 8785, prints them.
package enum JSONNumber {
    /// Parses the number at `start`; returns its value and the offset behind it.
    package static func double(
        _ text: borrowing Span<UInt8>, at start: Int
    ) throws(JSONError) -> (value: Double, end: Int) {
        let parts = try scan(text, at: start)
        // Exact when both the digits and the power of ten are (Clinger 1990).
        if parts.digits <= 15, parts.exponent >= -22, parts.exponent <= 22 {
            let magnitude = Double(parts.mantissa)
            let value =
                parts.exponent < 0
                ? magnitude / power(-parts.exponent)
                : magnitude * power(parts.exponent)
            return (parts.isNegative ? -value : value, parts.end)
        }
        var octets: [UInt8] = []
        for index in start..<parts.end { octets.append(text[index]) }
        guard let value = Double(String(decoding: octets, as: UTF8.self)), value.isFinite else {
            throw JSONError(.numberTooLarge, at: start)
        }
        return (value, parts.end)
    }

    /// Validates the number at `start` and returns the offset behind it.
    package static func skip(_ text: borrowing Span<UInt8>, at start: Int) throws(JSONError) -> Int
    {
        try scan(text, at: start).end
    }

    private struct Parts {
        var mantissa: UInt64 = 0
        var digits = 0
        var exponent = 0
        var isNegative = false
        var end = 0
    }

    private static func scan(
        _ text: borrowing Span<UInt8>, at start: Int
    ) throws(JSONError) -> Parts {
        var parts = Parts()
        var at = start
        if at < text.count, text[at] == 0x2D {
            parts.isNegative = true
            at += 1
        }
        let first = at
        at = readDigits(text, from: at, into: &parts)
        guard at > first else {
            throw JSONError(at < text.count ? .syntax : .truncated, at: at)
        }
        guard at == first + 1 || text[first] != 0x30 else { throw JSONError(.badNumber, at: first) }
        if at < text.count, text[at] == 0x2E {
            let point = at + 1
            at = readDigits(text, from: point, into: &parts)
            guard at > point else { throw JSONError(.badNumber, at: point) }
            parts.exponent = point - at
        }
        if at < text.count, text[at] | 0x20 == 0x65 {
            at = try readExponent(text, from: at + 1, into: &parts)
        }
        parts.end = at
        return parts
    }

    private static func readDigits(
        _ text: borrowing Span<UInt8>, from start: Int, into parts: inout Parts
    ) -> Int {
        var at = start
        while at < text.count {
            let digit = text[at] &- 0x30
            guard digit < 10 else { break }
            parts.mantissa = parts.mantissa &* 10 &+ UInt64(digit)
            // Leading zeros are no digits: 0.000123 has three.
            if parts.digits > 0 || digit > 0 { parts.digits += 1 }
            at += 1
        }
        return at
    }

    private static func readExponent(
        _ text: borrowing Span<UInt8>, from start: Int, into parts: inout Parts
    ) throws(JSONError) -> Int {
        var at = start
        var isNegative = false
        if at < text.count, text[at] == 0x2B || text[at] == 0x2D {
            isNegative = text[at] == 0x2D
            at += 1
        }
        let first = at
        var exponent = 0
        while at < text.count, text[at] &- 0x30 < 10 {
            exponent = min(100_000, exponent * 10 + Int(text[at] &- 0x30))
            at += 1
        }
        guard at > first else { throw JSONError(.badNumber, at: at) }
        parts.exponent += isNegative ? -exponent : exponent
        return at
    }

    @inline(__always)
    private static func power(_ exponent: Int) -> Double {
        switch exponent {
        case 0: 1
        case 1: 1e1
        case 2: 1e2
        case 3: 1e3
        case 4: 1e4
        case 5: 1e5
        case 6: 1e6
        case 7: 1e7
        case 8: 1e8
        case 9: 1e9
        case 10: 1e10
        case 11: 1e11
        case 12: 1e12
        case 13: 1e13
        case 14: 1e14
        case 15: 1e15
        case 16: 1e16
        case 17: 1e17
        case 18: 1e18
        case 19: 1e19
        case 20: 1e20
        case 21: 1e21
        default: 1e22
        }
    }

    // MARK: Printing

    /// Appends `value` as ECMAScript's Number::toString does: the shortest digits that read back,
    /// integers below 1e21 in full, `1e-7` and `1e+21` beyond. NaN and infinities become `null`.
    package static func append(_ value: Double, to bytes: inout [UInt8]) {
        guard value.isFinite else { return bytes.append(contentsOf: [0x6E, 0x75, 0x6C, 0x6C]) }
        if abs(value) < 9_007_199_254_740_992 {
            let whole = Int64(value)
            if Double(whole) == value { return append(whole, to: &bytes) }
            // Most measurements have at most three decimals: checked, not assumed. Up to fifteen
            // digits no other decimal is as short and reads back as the same value.
            let thousandths = (value * 1000).rounded()
            if abs(thousandths) < 1e15, thousandths / 1000 == value {
                return appendThousandths(Int64(thousandths), to: &bytes)
            }
        }
        appendShortest(value, to: &bytes)
    }

    package static func append(_ value: Int64, to bytes: inout [UInt8]) {
        if value < 0 { bytes.append(0x2D) }
        appendDigits(value.magnitude, to: &bytes)
    }

    private static func appendDigits(_ value: UInt64, to bytes: inout [UInt8]) {
        var rest = value
        var buffer: (UInt64, UInt64, UInt64) = (0, 0, 0)
        var count = 0
        repeat {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            buffer.2 = buffer.2 << 8 | buffer.1 >> 56
            buffer.1 = buffer.1 << 8 | buffer.0 >> 56
            buffer.0 = buffer.0 << 8 | (0x30 + digit)
            rest = quotient
            count += 1
        } while rest > 0
        for _ in 0..<count {
            bytes.append(UInt8(truncatingIfNeeded: buffer.0))
            buffer.0 = buffer.0 >> 8 | buffer.1 << 56
            buffer.1 = buffer.1 >> 8 | buffer.2 << 56
            buffer.2 >>= 8
        }
    }

    private static func appendThousandths(_ value: Int64, to bytes: inout [UInt8]) {
        if value < 0 { bytes.append(0x2D) }
        let (whole, part) = value.magnitude.quotientAndRemainder(dividingBy: 1000)
        appendDigits(whole, to: &bytes)
        bytes.append(0x2E)
        bytes.append(0x30 + UInt8(part / 100))
        if part % 100 != 0 { bytes.append(0x30 + UInt8(part / 10 % 10)) }
        if part % 10 != 0 { bytes.append(0x30 + UInt8(part % 10)) }
    }

    /// Swift's description has the same shortest digits as ECMAScript and another layout.
    private static func appendShortest(_ value: Double, to bytes: inout [UInt8]) {
        var digits: [UInt8] = []
        var point = 0
        var exponent = 0
        var isAfterPoint = false
        let text = Array(abs(value).description.utf8)
        for (index, octet) in text.enumerated() {
            if octet == 0x2E {
                isAfterPoint = true
            } else if octet == 0x65 {
                exponent = Int(String(decoding: text[(index + 1)...], as: UTF8.self)) ?? 0
                break
            } else {
                digits.append(octet)
                if !isAfterPoint { point += 1 }
            }
        }
        point += exponent
        while digits.count > 1, digits.first == 0x30 {
            digits.removeFirst()
            point -= 1
        }
        while digits.count > 1, digits.last == 0x30 { digits.removeLast() }
        if value < 0 { bytes.append(0x2D) }
        layOut(digits, point: point, to: &bytes)
    }

    /// ECMAScript's rules: k digits, the decimal point behind the n-th.
    private static func layOut(_ digits: [UInt8], point: Int, to bytes: inout [UInt8]) {
        switch point {
        case digits.count...21 where digits.count <= 21:
            bytes += digits + [UInt8](repeating: 0x30, count: point - digits.count)
        case 1...21:
            bytes += digits[..<point] + [0x2E] + digits[point...]
        case -5...0:
            bytes += [0x30, 0x2E] + [UInt8](repeating: 0x30, count: -point) + digits
        default:
            bytes.append(digits[0])
            if digits.count > 1 { bytes += [0x2E] + digits[1...] }
            bytes += [0x65, point > 0 ? 0x2B : 0x2D]
            appendDigits(UInt64(abs(point - 1)), to: &bytes)
        }
    }
}
