package import KosCore

/// The loop of a Unix filter: hands out the records that a tool consumes, and passes everything
/// else on in its place, byte for byte.
///
/// ```
/// var filter = RecordFilter(io, try io.input(file), consumes: ["peer", "link"])
/// while let record = try filter.next() {
///     guard let link = try filter.decode(record, LinkRecord.init) else { continue }
///     …
/// }
/// return filter.status(.yes)
/// ```
/// Bad lines become `error` records in their place (`ToolIO.report`); with `--only` nothing is
/// passed on; with `-k` the consumed lines are repeated as well. A record of a newer format (`kos`
/// above 1) is passed on where it is not consumed, and is an error where it is.
package struct RecordFilter {
    /// A line that the tool consumes.
    package struct Consumed: Sendable {
        /// Its `type`, given or told from a bare seed object.
        package let type: String
        package let number: Int
        package let range: Range<Int>
    }
    private let io: ToolIO
    package let input: RecordInput
    private let consumes: Set<String>
    // Read once: an option's value costs more than a line.
    private let isOnly: Bool
    private let isKept: Bool
    private var reader = JSONReader()

    package init(_ io: ToolIO, _ input: RecordInput, consumes: Set<String>) {
        self.io = io
        self.input = input
        self.consumes = consumes
        isOnly = io.common.only
        isKept = io.common.keep
    }

    /// The next record to consume; nil at the end of the input. Its octets are there until the next
    /// call.
    package mutating func next() throws -> Consumed? {
        while true {
            switch try input.next() {
            case .end: return nil
            case .bad(let number, let error): try io.report(error, line: number, of: input)
            case .line(let number, let range):
                if let record = try take(number, range) { return record }
            }
        }
    }

    /// The record's octets.
    package func withText<Result>(
        _ record: Consumed, _ body: (borrowing Span<UInt8>) throws -> Result
    ) rethrows -> Result {
        try input.withText(record.range, body)
    }

    /// Makes a value of the record; nil, with the complaint made, where its members are not right.
    package mutating func decode<Value>(
        _ record: Consumed, _ make: (RecordFields) throws(RecordError) -> Value
    ) throws -> Value? {
        let outcome: Swift.Result<Value, RecordError> = input.withText(record.range) { text in
            do throws(RecordError) {
                return .success(try make(try RecordFields(parsing: text)))
            } catch {
                return .failure(error)
            }
        }
        switch outcome {
        case .success(let value):
            io.goodLines += 1
            return value
        case .failure(let error):
            try io.report(error, line: record.number, of: input)
            return nil
        }
    }

    private mutating func take(_ number: Int, _ range: Range<Int>) throws -> Consumed? {
        let outcome: Swift.Result<RecordHead, RecordError>
        do {
            let buffer = input.text
            do throws(RecordError) {
                outcome = .success(
                    try RecordHead(buffer.span.extracting(range), using: &reader))
            } catch {
                outcome = .failure(error)
            }
        }
        switch outcome {
        case .failure(let error):
            try io.report(error, line: number, of: input)
            return nil
        case .success(let head):
            guard let type = head.type, consumes.contains(type) else {
                if !isOnly { try input.withText(range) { try io.output.pass($0) } }
                return nil
            }
            if let version = head.version, version > Version.records {
                try io.report(
                    RecordError(
                        .unsupportedFormat, "record format \(version) is newer than this tool's",
                        hint: "install a newer \(io.tool)"), line: number, of: input)
                return nil
            }
            if isKept { try input.withText(range) { try io.output.pass($0) } }
            return Consumed(type: type, number: number, range: range)
        }
    }
}
