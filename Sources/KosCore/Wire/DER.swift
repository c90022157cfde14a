/// Distinguished encoding rules (X.690), as much as certificates need.
package enum DER {
    package enum Tag {
        package static let integer: UInt8 = 0x02
        package static let bitString: UInt8 = 0x03
        package static let octetString: UInt8 = 0x04
        package static let objectIdentifier: UInt8 = 0x06
        package static let utf8String: UInt8 = 0x0C
        package static let utcTime: UInt8 = 0x17
        package static let generalizedTime: UInt8 = 0x18
        package static let sequence: UInt8 = 0x30
        package static let set: UInt8 = 0x31
        /// Context-specific and constructed: `[number]`.
        package static func context(_ number: UInt8) -> UInt8 { 0xA0 | number }
    }

    package struct Malformed: Error, Hashable, Sendable {
        package let offset: Int
    }

    package static func element(_ tag: UInt8, _ parts: [UInt8]...) -> [UInt8] {
        let body = parts.flatMap { $0 }
        var octets = [tag]
        switch body.count {
        case ..<0x80: octets.append(UInt8(body.count))
        case ..<0x100: octets += [0x81, UInt8(body.count)]
        default:
            octets += [
                0x82, UInt8(truncatingIfNeeded: body.count >> 8),
                UInt8(truncatingIfNeeded: body.count),
            ]
        }
        return octets + body
    }

    /// One element, read in place.
    package struct Element: Hashable, Sendable {
        package let tag: UInt8
        /// Tag and length included.
        package let whole: Range<Int>
        package let body: Range<Int>
    }

    /// The element that starts at `offset` of `octets` and ends at `end` or before.
    package static func element(
        of octets: [UInt8], at offset: Int, before end: Int
    ) throws(Malformed) -> Element {
        guard offset >= 0, end <= octets.count, offset + 2 <= end else {
            throw Malformed(offset: offset)
        }
        var place = offset + 1
        var length = Int(octets[place])
        place += 1
        if length >= 0x80 {
            let count = length & 0x7F
            // The shortest form alone is allowed, and nothing here needs more than 64 KiB.
            guard (1...2).contains(count), place + count <= end, octets[place] != 0 else {
                throw Malformed(offset: offset)
            }
            length = octets[place..<place + count].reduce(0) { $0 << 8 | Int($1) }
            place += count
            guard length >= (count == 1 ? 0x80 : 0x100) else { throw Malformed(offset: offset) }
        }
        guard length <= end - place else { throw Malformed(offset: offset) }
        return Element(
            tag: octets[offset], whole: offset..<place + length, body: place..<place + length)
    }

    /// The elements that fill `range`.
    package static func elements(
        of octets: [UInt8], in range: Range<Int>
    ) throws(Malformed) -> [Element] {
        var found: [Element] = []
        var place = range.lowerBound
        while place < range.upperBound {
            let next = try element(of: octets, at: place, before: range.upperBound)
            found.append(next)
            place = next.whole.upperBound
        }
        return found
    }
}

extension Timestamp {
    /// Whole seconds since 1970 as `YYYYMMDDHHMMSSZ` (RFC 5280 §4.1.2.5.2).
    package var generalizedTime: String {
        let seconds = max(0, milliseconds / 1000)
        let (year, month, day) = CivilDate.of(day: seconds / 86400)
        func two(_ number: Int64) -> String { (number < 10 ? "0" : "") + String(number) }
        let clock = seconds % 86400
        return "\(year)" + two(month) + two(day) + two(clock / 3600) + two(clock / 60 % 60)
            + two(clock % 60) + "Z"
    }

    /// From a UTCTime (`YYMMDDHHMMSSZ`, 1950 to 2049) or a GeneralizedTime.
    package init?(certificateTime text: String) {
        var digits = text
        if digits.utf8.count == 13 {
            digits = (digits < "5" ? "20" : "19") + digits
        }
        guard digits.utf8.count == 15, digits.hasSuffix("Z"),
            digits.utf8.dropLast().allSatisfy({
                (0x30...0x39).contains($0)
            })
        else { return nil }
        let numbers = digits.utf8.dropLast().map { Int64($0) - 0x30 }
        func number(_ at: Int, _ count: Int) -> Int64 {
            numbers[at..<at + count].reduce(0) { $0 * 10 + $1 }
        }
        let (month, day) = (number(4, 2), number(6, 2))
        guard (1...12).contains(month), (1...31).contains(day), number(8, 2) < 24,
            number(10, 2) < 60, number(12, 2) <= 60
        else { return nil }
        let days = CivilDate.day(number(0, 4), month, day)
        let clock = number(8, 2) * 3600 + number(10, 2) * 60 + number(12, 2)
        self.init(milliseconds: (days * 86400 + clock) * 1000)
    }
}

/// Days since 1970 and dates of the proleptic Gregorian calendar: years that begin in March, in
/// eras of 400.
enum CivilDate {
    static func of(day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = day + 719_468
        let era = shifted / 146_097
        let ofEra = shifted % 146_097
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let march = (5 * ofYear + 2) / 153
        let month = march < 10 ? march + 3 : march - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, ofYear - (153 * march + 2) / 5 + 1
        )
    }

    static func day(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let ofEra = shifted % 400
        let march = month > 2 ? month - 3 : month + 9
        let ofYear = (153 * march + 2) / 5 + day - 1
        return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
    }
}
