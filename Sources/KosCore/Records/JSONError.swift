/// Why a text is not the JSON that a record must be (RFC 8259, RFC 7493), and where.
package struct JSONError: Error, Hashable, Sendable {
    package enum Code: String, Sendable {
        case syntax, truncated, tooDeep, duplicateName, badString, badNumber, numberTooLarge,
            badUTF8
        case trailingText, notAnObject, tooManyNames
    }
    package let code: Code
    /// Offset of the offending octet in the line, from 0.
    package let offset: Int

    package init(_ code: Code, at offset: Int) {
        self.code = code
        self.offset = offset
    }
}

extension JSONError: CustomStringConvertible {
    package var description: String {
        let place = "(byte \(offset + 1))"
        return switch code {
        case .syntax: "not JSON \(place)"
        case .truncated: "cut off in the middle of a value \(place)"
        case .tooDeep: "nested deeper than \(JSONReader.maxDepth) \(place)"
        case .duplicateName: "a name stands twice in one object \(place)"
        case .badString:
            "a string is not valid: bad escape, control character or lone surrogate \(place)"
        case .badNumber: "a number is not valid JSON \(place)"
        case .numberTooLarge: "an integer is beyond ±(2^53−1) \(place)"
        case .badUTF8: "not UTF-8 \(place)"
        case .trailingText: "text after the end of the object \(place)"
        case .notAnObject: "not an object \(place)"
        case .tooManyNames: "an object has more than \(JSONReader.maxNames) names \(place)"
        }
    }
}
