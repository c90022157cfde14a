/// Typed access to the members of a record's object, with complaints that name the member.
package struct RecordFields: Sendable {
    package let object: JSONObject

    package init(_ object: JSONObject) { self.object = object }

    package init(parsing line: borrowing Span<UInt8>) throws(RecordError) {
        do throws(JSONError) {
            object = try JSONObject(parsing: line)
        } catch {
            throw RecordError(error)
        }
    }

    private func value(_ name: String) -> JSONValue? {
        guard let value = object[name], !value.isNull else { return nil }
        return value
    }

    private func required<Value>(_ name: String, _ value: Value?) throws(RecordError) -> Value {
        guard let value else { throw .member(name, "is missing") }
        return value
    }

    package func optionalString(_ name: String) throws(RecordError) -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.string else { throw .member(name, "is not a string") }
        return text
    }
    package func string(_ name: String) throws(RecordError) -> String {
        try required(name, optionalString(name))
    }

    package func optionalNodeID(_ name: String) throws(RecordError) -> NodeID? {
        guard let text = try optionalString(name) else { return nil }
        guard let node = NodeID(text) else {
            throw .member(name, "is not a node id (1 to \(NodeID.maxCharacters) characters)")
        }
        return node
    }
    package func nodeID(_ name: String) throws(RecordError) -> NodeID {
        try required(name, optionalNodeID(name))
    }

    package func optionalNumber(
        _ name: String,
        in range: ClosedRange<Double> = -Double
            .greatestFiniteMagnitude...Double.greatestFiniteMagnitude
    ) throws(RecordError) -> Double? {
        guard let value = value(name) else { return nil }
        guard let number = value.number else { throw .member(name, "is not a number") }
        guard range.contains(number) else {
            throw .member(
                name,
                range.upperBound >= .greatestFiniteMagnitude
                    ? "is less than \(range.lowerBound)"
                    : "is not within \(range.lowerBound)…\(range.upperBound)")
        }
        return number
    }
    package func number(
        _ name: String,
        in range: ClosedRange<Double> = -Double
            .greatestFiniteMagnitude...Double.greatestFiniteMagnitude
    ) throws(RecordError) -> Double {
        try required(name, optionalNumber(name, in: range))
    }

    package func optionalInteger(
        _ name: String, in range: ClosedRange<Int> = -9_007_199_254_740_991...9_007_199_254_740_991
    ) throws(RecordError) -> Int? {
        guard let value = value(name) else { return nil }
        guard let integer = value.integer else {
            throw .member(name, "is not an integer within ±(2^53−1)")
        }
        guard range.contains(integer) else {
            throw .member(name, "is not within \(range.lowerBound)…\(range.upperBound)")
        }
        return integer
    }
    package func integer(
        _ name: String, in range: ClosedRange<Int> = -9_007_199_254_740_991...9_007_199_254_740_991
    ) throws(RecordError) -> Int {
        try required(name, optionalInteger(name, in: range))
    }

    package func optionalTime(_ name: String) throws(RecordError) -> Timestamp? {
        try optionalInteger(name, in: 0...9_007_199_254_740_991)
            .map { Timestamp(milliseconds: Int64($0)) }
    }
    package func time(_ name: String) throws(RecordError) -> Timestamp {
        try required(name, optionalTime(name))
    }

    package func optionalBoolean(_ name: String) throws(RecordError) -> Bool? {
        guard let value = value(name) else { return nil }
        guard let boolean = value.boolean else { throw .member(name, "is not true or false") }
        return boolean
    }

    package func strings(_ name: String) throws(RecordError) -> [String] {
        guard let value = value(name) else { return [] }
        guard let elements = value.array else { throw .member(name, "is not an array") }
        var strings: [String] = []
        for element in elements {
            guard let text = element.string else {
                throw .member(name, "has an element that is no string")
            }
            strings.append(text)
        }
        return strings
    }

    package func objects(_ name: String) throws(RecordError) -> [RecordFields] {
        guard let value = value(name) else { return [] }
        guard let elements = value.array else { throw .member(name, "is not an array") }
        var objects: [RecordFields] = []
        for element in elements {
            guard let object = element.object else {
                throw .member(name, "has an element that is no object")
            }
            objects.append(RecordFields(object))
        }
        return objects
    }

    package func optionalObject(_ name: String) throws(RecordError) -> RecordFields? {
        guard let value = value(name) else { return nil }
        guard let object = value.object else { throw .member(name, "is not an object") }
        return RecordFields(object)
    }

    package func any(_ name: String) -> JSONValue? { object[name] }

    /// One of the cases of a string enumeration.
    package func optionalCase<Name: RawRepresentable>(
        _ name: String, of _: Name.Type
    ) throws(RecordError) -> Name? where Name.RawValue == String {
        guard let text = try optionalString(name) else { return nil }
        guard let value = Name(rawValue: text) else {
            throw .member(name, "is \"\(text)\", which is unknown")
        }
        return value
    }
    package func oneCase<Name: RawRepresentable>(
        _ name: String, of type: Name.Type
    ) throws(RecordError) -> Name where Name.RawValue == String {
        try required(name, optionalCase(name, of: type))
    }
}
