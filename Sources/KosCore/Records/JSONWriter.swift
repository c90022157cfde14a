/// Writes compact JSON with names in the order in which they are given.
///
/// Commas are put by looking at the octet before, so nesting needs no state:
/// `beginObject(); field("a", 1); name("b"); beginArray(); … endArray(); endObject()`.
package struct JSONWriter: Sendable {
    package private(set) var bytes: [UInt8]

    package init(reserving capacity: Int = 0) {
        bytes = []
        if capacity > 0 { bytes.reserveCapacity(capacity) }
    }

    /// Takes out what was written; the writer is empty then.
    package mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    // MARK: Structure

    /// Opens a record: `{"type":"…","kos":1`.
    package mutating func beginRecord(_ type: StaticString) {
        append("{\"type\":\"")
        append(type)
        append("\",\"kos\":1")
    }

    /// Closes a record and its line.
    package mutating func endRecord() {
        bytes.append(0x7D)
        bytes.append(0x0A)
    }

    package mutating func beginObject() {
        separate()
        bytes.append(0x7B)
    }
    package mutating func endObject() { bytes.append(0x7D) }
    package mutating func beginArray() {
        separate()
        bytes.append(0x5B)
    }
    package mutating func endArray() { bytes.append(0x5D) }
    package mutating func newline() { bytes.append(0x0A) }

    /// A member's name; its value must follow.
    package mutating func name(_ name: StaticString) {
        if bytes.last != 0x7B { bytes.append(0x2C) }
        bytes.append(0x22)
        append(name)
        bytes.append(0x22)
        bytes.append(0x3A)
    }

    /// A member's name that is not known at compile time.
    package mutating func name(dynamic name: String) {
        if bytes.last != 0x7B { bytes.append(0x2C) }
        quote(name)
        bytes.append(0x3A)
    }

    // MARK: Values

    package mutating func write(_ value: String) {
        separate()
        quote(value)
    }
    package mutating func write(_ value: StaticString) {
        separate()
        bytes.append(0x22)
        append(value)
        bytes.append(0x22)
    }
    package mutating func write(_ value: Int) {
        separate()
        JSONNumber.append(Int64(value), to: &bytes)
    }
    package mutating func write(_ value: Double) {
        separate()
        JSONNumber.append(value, to: &bytes)
    }
    package mutating func write(_ value: Bool) {
        separate()
        append(value ? "true" : "false")
    }
    package mutating func writeNull() {
        separate()
        append("null")
    }
    package mutating func write(_ value: JSONValue) {
        switch value {
        case .null: writeNull()
        case .boolean(let value): write(value)
        case .number(let value): write(value)
        case .string(let value): write(value)
        case .array(let elements):
            beginArray()
            for element in elements { write(element) }
            endArray()
        case .object(let object):
            beginObject()
            for member in object.members {
                name(dynamic: member.name)
                write(member.value)
            }
            endObject()
        }
    }

    /// Octets that are JSON already.
    package mutating func write(json: borrowing Span<UInt8>) {
        separate()
        append(json)
    }

    // MARK: Members

    package mutating func field(_ name: StaticString, _ value: String) {
        self.name(name)
        quote(value)
    }
    package mutating func field(_ name: StaticString, _ value: Int) {
        self.name(name)
        JSONNumber.append(Int64(value), to: &bytes)
    }
    package mutating func field(_ name: StaticString, _ value: Double) {
        self.name(name)
        JSONNumber.append(value, to: &bytes)
    }
    package mutating func field(_ name: StaticString, _ value: Bool) {
        self.name(name)
        append(value ? "true" : "false")
    }
    package mutating func field(_ name: StaticString, _ value: Timestamp) {
        self.name(name)
        JSONNumber.append(value.milliseconds, to: &bytes)
    }
    package mutating func field(_ name: StaticString, _ value: NodeID) {
        self.name(name)
        quote(value.text)
    }
    package mutating func field(_ name: StaticString, _ value: JSONValue) {
        self.name(name)
        write(value)
    }
    package mutating func field(_ name: StaticString, _ values: [String]) {
        self.name(name)
        beginArray()
        for value in values { write(value) }
        endArray()
    }
    package mutating func nullField(_ name: StaticString) {
        self.name(name)
        append("null")
    }

    /// Optional members: absent when nil.
    package mutating func optional(_ name: StaticString, _ value: String?) {
        if let value { field(name, value) }
    }
    package mutating func optional(_ name: StaticString, _ value: Double?) {
        if let value { field(name, value) }
    }
    package mutating func optional(_ name: StaticString, _ value: Int?) {
        if let value { field(name, value) }
    }
    package mutating func optional(_ name: StaticString, _ value: Bool?) {
        if let value { field(name, value) }
    }
    package mutating func optional(_ name: StaticString, _ value: Timestamp?) {
        if let value { field(name, value) }
    }
    package mutating func optional(_ name: StaticString, _ value: NodeID?) {
        if let value { field(name, value) }
    }

    /// Members that are always there: `null` when nil.
    package mutating func nullable(_ name: StaticString, _ value: String?) {
        if let value { field(name, value) } else { nullField(name) }
    }
    package mutating func nullable(_ name: StaticString, _ value: Double?) {
        if let value { field(name, value) } else { nullField(name) }
    }

    // MARK: Octets

    /// Appends without a comma.
    package mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
    }

    package mutating func append(_ octets: borrowing Span<UInt8>) {
        unsafe octets.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    }

    /// A comma, unless a value opens the text, an object or an array or follows a name.
    @inline(__always)
    private mutating func separate() {
        switch bytes.last {
        case nil, 0x7B, 0x5B, 0x3A, 0x0A: return
        default: bytes.append(0x2C)
        }
    }

    /// A quoted string: only what must be escaped is, and what would upset a terminal
    /// (DEL, C1 controls, bidirectional overrides).
    private mutating func quote(_ value: String) {
        bytes.append(0x22)
        var value = value
        value.withUTF8 { octets in
            var run = 0
            for index in 0..<octets.count {
                let octet = unsafe octets[index]
                guard
                    octet < 0x20 || octet == 0x22 || octet == 0x5C || octet == 0x7F || octet == 0xC2
                        || octet == 0xE2
                else { continue }
                let width = unsafe JSONWriter.escapeWidth(octets, index)
                guard width > 0 else { continue }
                unsafe bytes.append(contentsOf: octets[run..<index])
                unsafe escape(octets, index, width)
                run = index + width
            }
            guard run < octets.count else { return }
            unsafe bytes.append(contentsOf: octets[run...])
        }
        bytes.append(0x22)
    }

    /// How many octets at `index` form a character that is to be escaped; 0 for none.
    private static func escapeWidth(_ octets: UnsafeBufferPointer<UInt8>, _ index: Int) -> Int {
        let octet = unsafe octets[index]
        if octet < 0x80 { return 1 }
        let left = octets.count - index
        // U+0080…U+009F are C2 80…9F; U+202A…E are E2 80 AA…AE, U+2066…9 are E2 81 A6…A9.
        if octet == 0xC2 { return unsafe left >= 2 && octets[index + 1] < 0xA0 ? 2 : 0 }
        guard left >= 3 else { return 0 }
        let (second, third) = unsafe (octets[index + 1], octets[index + 2])
        let isBidi =
            second == 0x80 && (0xAA...0xAE).contains(third)
            || second == 0x81 && (0xA6...0xA9).contains(third)
        return isBidi ? 3 : 0
    }

    private mutating func escape(_ octets: UnsafeBufferPointer<UInt8>, _ index: Int, _ width: Int) {
        let octet = unsafe octets[index]
        if width == 1 {
            switch octet {
            case 0x22: return append("\\\"")
            case 0x5C: return append("\\\\")
            case 0x0A: return append("\\n")
            case 0x0D: return append("\\r")
            case 0x09: return append("\\t")
            case 0x08: return append("\\b")
            case 0x0C: return append("\\f")
            default: return escape(scalar: UInt32(octet))
            }
        }
        if width == 2 { return unsafe escape(scalar: UInt32(octets[index + 1])) }
        let low = unsafe UInt32(octets[index + 1] & 0x3F) << 6 | UInt32(octets[index + 2] & 0x3F)
        escape(scalar: 0x2000 | low)
    }

    private mutating func escape(scalar: UInt32) {
        append("\\u")
        for shift: UInt32 in [12, 8, 4, 0] {
            let digit = UInt8(truncatingIfNeeded: scalar >> shift) & 0xF
            bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
        }
    }
}
