/// One member of a record: what decoder, encoder, JSON Schema and kos-records(5) agree on.
package struct Field: Sendable {
    package indirect enum Kind: Sendable {
        /// Text; with names, one of them.
        case string, oneOf([String])
        /// 1 to 128 characters.
        case nodeID
        /// Milliseconds since 1970 UTC.
        case time
        /// 0 … 1.
        case ratio
        case number(min: Double? = nil, max: Double? = nil)
        case integer(min: Int? = nil, max: Int? = nil)
        case boolean
        /// Any JSON value.
        case any
        case object([Field])
        /// An object with names of its own choosing.
        case map(Kind)
        case array(Kind)
        /// The kind, or null.
        case nullable(Kind)
    }
    package let name: String
    package let kind: Kind
    package let isRequired: Bool
    package let note: String

    package static func required(_ name: String, _ kind: Kind, _ note: String = "") -> Field {
        Field(name: name, kind: kind, isRequired: true, note: note)
    }
    package static func optional(_ name: String, _ kind: Kind, _ note: String = "") -> Field {
        Field(name: name, kind: kind, isRequired: false, note: note)
    }
}

/// A kind of record: one line of the language between the tools.
package protocol Record: Sendable {
    /// The `type` member.
    static var type: StaticString { get }
    /// Every member but `type` and `kos`, in the order in which they are written.
    static var fields: [Field] { get }
    /// Writes the record and its newline.
    func write(to writer: inout JSONWriter)
}

extension Record {
    /// The record as one line, newline included.
    package var line: [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }
}

/// JSON Schema 2020-12 of the records.
package enum Schema {
    /// The schema of all types, or of `types` alone.
    package static func text(of types: [any Record.Type]) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("$schema", "https://json-schema.org/draft/2020-12/schema")
        writer.field("$id", "urn:kos:records:\(Version.records)")
        writer.field("type", "object")
        writer.field("required", ["type", "kos"])
        writer.field(
            "properties",
            .object([
                "type": .object(["type": .string("string")]),
                "kos": .object(["const": .number(Double(Version.records))]),
            ]))
        writer.name("allOf")
        writer.beginArray()
        for type in types {
            writer.write(
                .object([
                    "if": .object([
                        "properties": .object([
                            "type": .object(["const": .string(type.type.description)])
                        ])
                    ]),
                    "then": .object(["$ref": .string("#/$defs/\(type.type.description)")]),
                ]))
        }
        writer.endArray()
        writer.name("$defs")
        writer.beginObject()
        for type in types {
            writer.name(dynamic: type.type.description)
            writer.write(object(type.fields))
        }
        writer.endObject()
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private static func object(_ fields: [Field]) -> JSONValue {
        var schema: JSONObject = ["type": .string("object")]
        let required = fields.filter(\.isRequired).map { JSONValue.string($0.name) }
        if !required.isEmpty { schema["required"] = .array(required) }
        var properties = JSONObject()
        for field in fields {
            var kind = Schema.kind(field.kind)
            if !field.note.isEmpty { kind["description"] = .string(field.note) }
            properties[field.name] = .object(kind)
        }
        schema["properties"] = .object(properties)
        return .object(schema)
    }

    private static func kind(_ kind: Field.Kind) -> JSONObject {
        switch kind {
        case .string: return ["type": .string("string")]
        case .oneOf(let names): return ["enum": .array(names.map { .string($0) })]
        case .nodeID:
            return ["type": .string("string"), "minLength": .number(1), "maxLength": .number(128)]
        case .time: return number("integer", 0, 9_007_199_254_740_991)
        case .ratio: return number("number", 0, 1)
        case .number(let min, let max): return number("number", min, max)
        case .integer(let min, let max):
            return number("integer", min.map(Double.init), max.map(Double.init))
        case .boolean: return ["type": .string("boolean")]
        case .any: return [:]
        case .object(let fields): return object(fields).object ?? [:]
        case .map(let values):
            return [
                "type": .string("object"), "additionalProperties": .object(Schema.kind(values)),
            ]
        case .array(let element):
            return ["type": .string("array"), "items": .object(Schema.kind(element))]
        case .nullable(let inner):
            return [
                "anyOf": .array([.object(Schema.kind(inner)), .object(["type": .string("null")])])
            ]
        }
    }

    private static func number(_ type: String, _ min: Double?, _ max: Double?) -> JSONObject {
        var schema: JSONObject = ["type": .string(type)]
        if let min { schema["minimum"] = .number(min) }
        if let max { schema["maximum"] = .number(max) }
        return schema
    }
}
