/// What kind of record a line is, found in one validating pass over it.
package struct RecordHead: Sendable, Hashable {
    /// The `type`, given or told from a bare seed object's members; nil for an object that has
    /// neither.
    package let type: String?
    /// The `kos` member; nil when it is absent (a bare seed object, or somebody else's record).
    package let version: Int?

    /// Validates `line` whole: one object, no name twice, nothing behind it.
    package init(_ line: borrowing Span<UInt8>) throws(RecordError) {
        var reader = JSONReader()
        try self.init(line, using: &reader)
    }

    /// The same with a reader to be used again, so that nothing is allocated.
    package init(
        _ line: borrowing Span<UInt8>, using reader: inout JSONReader
    ) throws(RecordError) {
        reader.reset()
        do throws(JSONError) {
            var type: String?
            var version: Int?
            var names = SeedNames()
            try reader.enterObject(line)
            while let name = try reader.nextName(line) {
                let value = try reader.peek(line)
                if value == 0x22, name.equals("type", in: line) {
                    type = try reader.string(line).string(in: line)
                } else if value != 0x22, name.equals("kos", in: line) {
                    version = RecordHead.integer(line, try reader.skip(line))
                } else {
                    names.note(name, line)
                    try reader.skip(line)
                }
            }
            try reader.end(line)
            self.type = type ?? names.type
            self.version = version
        } catch {
            throw RecordError(RecordHead.isOtherValue(error, line) ? error : error.asSyntax)
        }
    }

    private static func integer(_ line: borrowing Span<UInt8>, _ range: Range<Int>) -> Int? {
        if range.count == 1, (0x30...0x39).contains(line[range.lowerBound]) {
            return Int(line[range.lowerBound]) - 0x30
        }
        let text = JSONText(start: range.lowerBound, end: range.upperBound, isEscaped: false)
        return Int(text.string(in: line))
    }

    /// Whether a line that is no object is at least JSON of another kind.
    private static func isOtherValue(_ error: JSONError, _ line: borrowing Span<UInt8>) -> Bool {
        guard error.code == .notAnObject else { return true }
        var reader = JSONReader()
        do throws(JSONError) {
            try reader.skip(line)
            try reader.end(line)
            return true
        } catch {
            return false
        }
    }
}

extension JSONError {
    fileprivate var asSyntax: JSONError { JSONError(.syntax, at: offset) }
}

/// Tells the seed's own objects, which carry no `type`, by the names that they have.
private struct SeedNames {
    private var found: UInt16 = 0
    private static let nodeID: UInt16 = 1
    private static let addresses: UInt16 = 2
    private static let hops: UInt16 = 4
    private static let algorithm: UInt16 = 8
    private static let source: UInt16 = 16
    private static let destination: UInt16 = 32
    private static let payload: UInt16 = 64
    private static let packetID: UInt16 = 128
    private static let success: UInt16 = 256

    @inline(__always)
    mutating func note(_ name: JSONText, _ line: borrowing Span<UInt8>) {
        // By length first: most names are none of these.
        switch name.range.count {
        case 4: note(name, "hops", SeedNames.hops, line)
        case 6:
            note(name, "nodeId", SeedNames.nodeID, line)
            note(name, "source", SeedNames.source, line)
        case 7:
            note(name, "payload", SeedNames.payload, line)
            note(name, "success", SeedNames.success, line)
        case 8: note(name, "packetId", SeedNames.packetID, line)
        case 9:
            note(name, "addresses", SeedNames.addresses, line)
            note(name, "algorithm", SeedNames.algorithm, line)
        case 11: note(name, "destination", SeedNames.destination, line)
        default: return
        }
    }

    @inline(__always)
    private mutating func note(
        _ name: JSONText, _ wanted: StaticString, _ bit: UInt16, _ line: borrowing Span<UInt8>
    ) {
        if name.equals(wanted, in: line) { found |= bit }
    }

    private func has(_ bits: UInt16) -> Bool { found & bits == bits }

    var type: String? {
        if has(SeedNames.nodeID | SeedNames.addresses) { return "peer" }
        if has(SeedNames.hops | SeedNames.algorithm) { return "route" }
        if has(SeedNames.source | SeedNames.destination | SeedNames.payload) { return "packet" }
        if has(SeedNames.packetID | SeedNames.success) { return "sendResult" }
        return nil
    }
}
