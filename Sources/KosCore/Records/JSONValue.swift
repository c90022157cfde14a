/// A JSON value in memory, for what is small or unknown in shape: payloads, options, configuration.
/// Members keep their order. Records on the main road do not pass through it.
package indirect enum JSONValue: Hashable, Sendable {
    case null
    case boolean(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// Parses a whole text.
    package init(parsing text: borrowing Span<UInt8>) throws(JSONError) {
        var reader = JSONReader()
        self = try JSONValue(from: &reader, text)
        try reader.end(text)
    }

    package init(parsing text: String) throws(JSONError) {
        let octets = Array(text.utf8)
        try self.init(parsing: octets.span)
    }

    /// Reads the next value of `reader`.
    package init(
        from reader: inout JSONReader, _ text: borrowing Span<UInt8>
    ) throws(JSONError) {
        switch try reader.peek(text) {
        case 0x7B: self = .object(try JSONObject(from: &reader, text))
        case 0x5B:
            var elements: [JSONValue] = []
            try reader.enterArray(text)
            while try reader.nextElement(text) {
                elements.append(try JSONValue(from: &reader, text))
            }
            self = .array(elements)
        case 0x22: self = .string(try reader.string(text).string(in: text))
        case 0x74, 0x66: self = .boolean(try reader.boolean(text))
        case 0x6E:
            _ = try reader.null(text)
            self = .null
        default: self = .number(try reader.double(text))
        }
    }

    /// Octets as records carry them: a string where they are UTF-8, else `{"base64":"…"}`.
    package init(octets: [UInt8]) {
        if let text = String(validating: octets, as: UTF8.self) {
            self = .string(text)
        } else {
            self = .object(["base64": .string(Base64.encode(octets))])
        }
    }

    /// The octets of a string or of `{"base64":"…"}`; nil for every other value.
    package var octets: [UInt8]? {
        switch self {
        case .string(let text): Array(text.utf8)
        case .object(let object) where object.members.count == 1:
            object["base64"]?.string.flatMap { Base64.decode($0) }
        default: nil
        }
    }

    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }
    package var number: Double? {
        if case .number(let value) = self { value } else { nil }
    }
    package var integer: Int? {
        guard case .number(let value) = self, value.rounded() == value,
            abs(value) <= 9_007_199_254_740_991
        else { return nil }
        return Int(value)
    }
    package var boolean: Bool? {
        if case .boolean(let value) = self { value } else { nil }
    }
    package var array: [JSONValue]? {
        if case .array(let value) = self { value } else { nil }
    }
    package var object: JSONObject? {
        if case .object(let value) = self { value } else { nil }
    }
    package var isNull: Bool { self == .null }

    /// The value as compact JSON.
    package var text: String {
        var writer = JSONWriter()
        writer.write(self)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

/// Names and values in the order in which they stood; no name twice.
package struct JSONObject: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    package struct Member: Hashable, Sendable {
        package let name: String
        package var value: JSONValue
    }
    package private(set) var members: [Member] = []

    package init() {}

    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        for (name, value) in elements { self[name] = value }
    }

    package init(
        from reader: inout JSONReader, _ text: borrowing Span<UInt8>
    ) throws(JSONError) {
        try reader.enterObject(text)
        while let name = try reader.nextName(text) {
            let value = try JSONValue(from: &reader, text)
            members.append(Member(name: name.string(in: text), value: value))
        }
    }

    package init(parsing text: borrowing Span<UInt8>) throws(JSONError) {
        var reader = JSONReader()
        try self.init(from: &reader, text)
        try reader.end(text)
    }

    package subscript(name: String) -> JSONValue? {
        get { members.first { $0.name == name }?.value }
        set {
            let index = members.firstIndex { $0.name == name }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append(Member(name: name, value: value))
            case (nil, nil): break
            }
        }
    }
}
