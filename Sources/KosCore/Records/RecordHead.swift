/// What kind of record a line is, found in one validating pass over it.
package struct RecordHead: Sendable, Hashable {
    /// The `type`, given or told from a bare seed object's members; nil for an object that has neither.
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
                if name.equals("type", in: line), try reader.peek(line) == 0x22 {
                    type = try reader.string(line).string(in: line)
                } else if name.equals("kos", in: line), try reader.peek(line) != 0x22 {
                    let value = try reader.skip(line)
                    version = Int(
                        JSONText(
                            start: value.lowerBound, end: value.upperBound, isEscaped: false
                        ).string(in: line))
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
    private var found: Set<String> = []
    private static let interesting: [StaticString] = [
        "nodeId", "addresses", "hops", "algorithm", "source", "destination", "payload", "packetId",
        "success",
    ]

    mutating func note(_ name: JSONText, _ line: borrowing Span<UInt8>) {
        for candidate in SeedNames.interesting where name.equals(candidate, in: line) {
            found.insert(candidate.description)
        }
    }

    var type: String? {
        if found.isSuperset(of: ["nodeId", "addresses"]) { return "peer" }
        if found.isSuperset(of: ["hops", "algorithm"]) { return "route" }
        if found.isSuperset(of: ["source", "destination", "payload"]) { return "packet" }
        if found.isSuperset(of: ["packetId", "success"]) { return "sendResult" }
        return nil
    }
}
