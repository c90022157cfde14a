/// Cuts octets into lines of newline-delimited JSON, in bounded memory.
///
/// Push chunks with `append` (or read straight into `withFreeSpace`), pull with `next` until it
/// says nil, and at the end of input pull with `finish`. A line is a range of `buffer`; it is valid
/// until the next push. What a line may be: the manual's table "NDJSON, exactly" (LF or CRLF, blank
/// lines skipped, one BOM at the very start and RS at line starts dropped, at most `maxLine`
/// octets).
package struct NDJSONReader: Sendable {
    package static let defaultMaxLine = 1 << 20

    package enum Event: Sendable {
        /// A line that is not blank and is UTF-8; JSON is not looked at yet.
        case line(number: Int, range: Range<Int>)
        /// A line that cannot be a record.
        case bad(number: Int, RecordError)
    }

    package private(set) var buffer: [UInt8] = []
    package let maxLine: Int
    package let isStrict: Bool
    private var start = 0
    private var scanned = 0
    private var lineNumber = 0
    private var isSkipping = false
    private var isAtStart = true

    package init(maxLine: Int = NDJSONReader.defaultMaxLine, isStrict: Bool = false) {
        self.maxLine = maxLine
        self.isStrict = isStrict
    }

    /// Adds a chunk; ranges handed out before are no longer valid.
    package mutating func append(_ chunk: borrowing Span<UInt8>) {
        compact()
        unsafe chunk.withUnsafeBufferPointer { unsafe buffer.append(contentsOf: $0) }
    }

    /// Lets `read` fill up to `capacity` octets behind what is there, and returns its count;
    /// nothing is added when it is zero or less.
    package mutating func withFreeSpace(
        _ capacity: Int, _ read: (UnsafeMutableRawBufferPointer) -> Int
    ) -> Int {
        compact()
        let used = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: capacity))
        let count = unsafe buffer.withUnsafeMutableBytes { all in
            unsafe read(UnsafeMutableRawBufferPointer(rebasing: all[used...]))
        }
        buffer.removeLast(capacity - max(0, min(capacity, count)))
        return count
    }

    /// Whether a whole line is there.
    package var hasLine: Bool { buffer.span.firstOffset(of: 0x0A, from: scanned) != nil }

    /// The next whole line; nil when more octets are needed.
    package mutating func next() -> Event? {
        while true {
            guard let end = buffer.span.firstOffset(of: 0x0A, from: scanned) else {
                scanned = buffer.count
                if !isSkipping, buffer.count - start > maxLine { return startSkipping() }
                if isSkipping { start = scanned }
                return nil
            }
            let range = start..<end
            start = end + 1
            scanned = start
            if isSkipping {
                isSkipping = false
                continue
            }
            lineNumber += 1
            if let event = classify(range) { return event }
        }
    }

    /// Where the next line starts in `buffer`.
    package var runStart: Int { start }

    /// Lets `take` have the lines that are there, as many as it can use, without looking at them
    /// here: it is handed the buffer and where the next line starts, and returns how many lines it
    /// took and the offset behind them. The caller must itself refuse what is no UTF-8.
    package mutating func takeRun(
        _ take: (borrowing Span<UInt8>, Int) -> (lines: Int, end: Int)
    ) -> Int {
        guard !isSkipping, !isAtStart, scanned == start else { return 0 }
        let (lines, end) = take(buffer.span, start)
        guard lines > 0, end > start, end <= buffer.count else { return 0 }
        start = end
        scanned = end
        lineNumber += lines
        return lines
    }

    /// The last line, when it has no newline at its end; a broken one there is `truncated`.
    package mutating func finish() -> Event? {
        if let event = next() { return event }
        guard start < buffer.count, !isSkipping else { return nil }
        let range = start..<buffer.count
        start = buffer.count
        scanned = start
        lineNumber += 1
        guard let event = classify(range) else { return nil }
        guard case .line(let number, let line) = event else { return event }
        var reader = JSONReader(at: line.lowerBound)
        do throws(JSONError) {
            let text = buffer.span.extracting(0..<line.upperBound)
            try reader.skip(text)
            try reader.end(text)
            return event
        } catch {
            return .bad(
                number: number,
                RecordError(
                    .truncated, "the last line is cut off", hint: "the writer stopped in the middle"
                ))
        }
    }

    private mutating func startSkipping() -> Event {
        isSkipping = true
        start = scanned
        lineNumber += 1
        return .bad(
            number: lineNumber,
            RecordError(
                .lineTooLong, "longer than \(maxLine) octets; skipped to the next line",
                hint: "raise --max-line"))
    }

    /// Strips what may surround a record; nil for a blank line that is to be skipped.
    private mutating func classify(_ whole: Range<Int>) -> Event? {
        var first = whole.lowerBound
        var last = whole.upperBound
        if isAtStart {
            isAtStart = false
            if last - first >= 3, buffer[first] == 0xEF, buffer[first + 1] == 0xBB,
                buffer[first + 2] == 0xBF
            {
                first += 3
            }
        }
        while first < last, buffer[first] == 0x1E { first += 1 }
        if first < last, buffer[last - 1] == 0x0D { last -= 1 }
        if last - first > maxLine {
            return .bad(
                number: lineNumber,
                RecordError(
                    .lineTooLong, "longer than \(maxLine) octets; skipped", hint: "raise --max-line"
                ))
        }
        let text = buffer.span.extracting(first..<last)
        if NDJSONReader.isBlank(text) {
            guard isStrict else { return nil }
            return .bad(number: lineNumber, RecordError(.blankLine, "a blank line"))
        }
        do throws(RecordError) {
            try text.requireUTF8()
        } catch {
            return .bad(number: lineNumber, error)
        }
        return .line(number: lineNumber, range: first..<last)
    }

    private static func isBlank(_ text: borrowing Span<UInt8>) -> Bool {
        for index in text.indices where text[index] != 0x20 && text[index] != 0x09 { return false }
        return true
    }

    private mutating func compact() {
        guard start > 0 else { return }
        buffer.removeSubrange(0..<start)
        scanned -= start
        start = 0
    }
}
