/// Why one line of input is not a record that can be used. The stream goes on with the next line.
package struct RecordError: Error, Hashable, Sendable {
    /// Stable token, as the `code` of an `error` record.
    package enum Code: String, Sendable {
        case notJSON, lineTooLong, truncated, badUTF8, blankLine, badRecord, unsupportedFormat
    }
    package let code: Code
    /// What is wrong, for people; without the place and the cure.
    package let message: String
    /// The cure; empty when there is none to offer.
    package let hint: String

    package init(_ code: Code, _ message: String, hint: String = "") {
        self.code = code
        self.message = message
        self.hint = hint
    }

    package init(_ error: JSONError) {
        let code: Code
        switch error.code {
        case .truncated: code = .truncated
        case .badUTF8: code = .badUTF8
        default: code = .notJSON
        }
        let hint: String
        switch error.code {
        case .notAnObject: hint = "one object per line; for an array try 'jq -c .[]'"
        case .syntax, .truncated, .trailingText: hint = "one record per line, try 'jq -c .'"
        default: hint = ""
        }
        self.init(code, error.description, hint: hint)
    }

    /// A member is missing or of the wrong kind: `latency is not a number of at least 0`.
    package static func member(_ name: String, _ complaint: String) -> RecordError {
        RecordError(.badRecord, "\(name) \(complaint)")
    }
}

extension Span<UInt8> {
    /// Throws unless the octets are UTF-8.
    package func requireUTF8() throws(RecordError) {
        if isASCII { return }
        do {
            _ = try UTF8Span(validating: self)
        } catch {
            throw RecordError(.badUTF8, "not UTF-8")
        }
    }
}
