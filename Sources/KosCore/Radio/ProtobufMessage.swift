/// Protocol Buffers as octets (protobuf.dev, "Encoding"), as much as a modem's few messages need:
/// the fields in their order, without a schema, unknown ones passed over.
package struct ProtobufMessage: Hashable, Sendable {
    package enum Value: Hashable, Sendable {
        case varint(UInt64)
        case fixed32(UInt32)
        case fixed64(UInt64)
        case octets([UInt8])
    }
    package private(set) var fields: [(number: Int, value: Value)] = []
    /// More fields than any message here has make it malformed.
    private static let maxFields = 256

    package init() {}

    package static func == (left: ProtobufMessage, right: ProtobufMessage) -> Bool {
        left.bytes == right.bytes
    }
    package func hash(into hasher: inout Hasher) { hasher.combine(bytes) }

    // MARK: Reading

    /// Nil for octets that are no message.
    package init?(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard fields.count < ProtobufMessage.maxFields,
                let key = ProtobufMessage.varint(&rest), key >> 3 > 0, key >> 3 < 1 << 29
            else { return nil }
            let number = Int(key >> 3)
            switch key & 7 {
            case 0:
                guard let value = ProtobufMessage.varint(&rest) else { return nil }
                fields.append((number, .varint(value)))
            case 1:
                guard let value = ProtobufMessage.fixed(8, &rest) else { return nil }
                fields.append((number, .fixed64(value)))
            case 2:
                guard let count = ProtobufMessage.varint(&rest), count <= UInt64(rest.count) else {
                    return nil
                }
                fields.append((number, .octets(Array(rest.prefix(Int(count))))))
                rest = rest.dropFirst(Int(count))
            case 5:
                guard let value = ProtobufMessage.fixed(4, &rest) else { return nil }
                fields.append((number, .fixed32(UInt32(truncatingIfNeeded: value))))
            default: return nil
            }
        }
    }

    private static func varint(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let octet = rest.popFirst() else { return nil }
            if shift < 64 { value |= UInt64(octet & 0x7F) << shift }
            if octet < 0x80 { return value }
        }
        return nil
    }

    private static func fixed(_ count: Int, _ rest: inout ArraySlice<UInt8>) -> UInt64? {
        guard rest.count >= count else { return nil }
        let value = rest.prefix(count).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        rest = rest.dropFirst(count)
        return value
    }

    /// The last field of the number counts, as the format has it.
    private func last(_ number: Int) -> Value? { fields.last { $0.number == number }?.value }

    package func has(_ number: Int) -> Bool { fields.contains { $0.number == number } }

    /// 0 where it is absent, as in proto3.
    package func unsigned(_ number: Int) -> UInt64 {
        switch last(number) {
        case .varint(let value), .fixed64(let value): value
        case .fixed32(let value): UInt64(value)
        default: 0
        }
    }

    /// int32 and int64 (not zigzag).
    package func signed(_ number: Int) -> Int { Int(Int64(bitPattern: unsigned(number))) }

    package func float(_ number: Int) -> Double {
        guard case .fixed32(let bits) = last(number) else { return 0 }
        return Double(Float(bitPattern: bits))
    }

    package func octets(_ number: Int) -> [UInt8]? {
        guard case .octets(let octets) = last(number) else { return nil }
        return octets
    }

    package func text(_ number: Int) -> String? {
        octets(number).map { String(decoding: $0, as: UTF8.self) }
    }

    package func message(_ number: Int) -> ProtobufMessage? {
        octets(number).flatMap { ProtobufMessage($0) }
    }

    // MARK: Writing

    package func with(_ number: Int, _ value: Value) -> ProtobufMessage {
        var copy = self
        copy.fields.append((number, value))
        return copy
    }

    package func with(_ number: Int, _ message: ProtobufMessage) -> ProtobufMessage {
        with(number, .octets(message.bytes))
    }

    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        func append(_ value: UInt64) {
            var value = value
            while value >= 0x80 {
                bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
                value >>= 7
            }
            bytes.append(UInt8(truncatingIfNeeded: value))
        }
        func append(_ value: UInt64, _ count: Int) {
            for shift in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * shift))) }
        }
        for (number, value) in fields {
            let key = UInt64(truncatingIfNeeded: number) << 3
            switch value {
            case .varint(let value):
                append(key)
                append(value)
            case .fixed64(let value):
                append(key | 1)
                append(value, 8)
            case .octets(let octets):
                append(key | 2)
                append(UInt64(octets.count))
                bytes += octets
            case .fixed32(let value):
                append(key | 5)
                append(UInt64(value), 4)
            }
        }
        return bytes
    }
}
