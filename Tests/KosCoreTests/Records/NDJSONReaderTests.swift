import KosCore
import Testing

/// Lines out of octets: the table "NDJSON, exactly" of kos-records(5).
struct NDJSONReaderTests {
    private enum Got: Equatable {
        case line(Int, String)
        case bad(Int, RecordError.Code)
    }

    private func read(
        _ pieces: [[UInt8]], maxLine: Int = 1 << 20, isStrict: Bool = false
    ) -> [Got] {
        var reader = NDJSONReader(maxLine: maxLine, isStrict: isStrict)
        var got: [Got] = []
        func note(_ event: NDJSONReader.Event) {
            switch event {
            case .line(let number, let range):
                got.append(.line(number, String(decoding: reader.buffer[range], as: UTF8.self)))
            case .bad(let number, let error): got.append(.bad(number, error.code))
            }
        }
        for piece in pieces {
            reader.append(piece.span)
            while let event = reader.next() { note(event) }
        }
        while let event = reader.finish() { note(event) }
        return got
    }

    private func read(_ text: String, maxLine: Int = 1 << 20, isStrict: Bool = false) -> [Got] {
        read([Array(text.utf8)], maxLine: maxLine, isStrict: isStrict)
    }

    @Test func lineEnds() {
        #expect(read("{}\n{}\r\n{}") == [.line(1, "{}"), .line(2, "{}"), .line(3, "{}")])
    }

    @Test func blankLinesCountButAreSkipped() {
        #expect(read("\n \t\r\n{}\n") == [.line(3, "{}")])
        #expect(
            read("\n{}\n", isStrict: true) == [.bad(1, .blankLine), .line(2, "{}")])
    }

    @Test func marksAreDropped() {
        #expect(read("\u{FEFF}{}\n\u{1E}{}\n") == [.line(1, "{}"), .line(2, "{}")])
        // Only the first line may have a byte order mark.
        #expect(read("{}\n\u{FEFF}{}\n").last == .line(2, "\u{FEFF}{}"))
    }

    @Test func lastLineIsTruncatedUnlessItParses() {
        #expect(read("{}\n{\"a\":") == [.line(1, "{}"), .bad(2, .truncated)])
        #expect(read("{\"a\":1}") == [.line(1, "{\"a\":1}")])
    }

    @Test func longLinesAreSkippedInBoundedMemory() {
        var reader = NDJSONReader(maxLine: 64)
        var bad = 0
        let chunk = [UInt8](repeating: 0x61, count: 1000)
        for _ in 0..<1000 {
            reader.append(chunk.span)
            while let event = reader.next() {
                if case .bad(1, let error) = event, error.code == .lineTooLong { bad += 1 }
            }
            #expect(reader.buffer.count <= 2000)
        }
        reader.append(Array("\n{}\n".utf8).span)
        #expect(bad == 1)
        guard case .line(2, _) = reader.next() else {
            Issue.record("the line behind the long one was lost")
            return
        }
    }

    @Test func exactlyTheLimitFits() {
        let fits = "\"" + String(repeating: "a", count: 62) + "\""
        #expect(read(fits + "\n", maxLine: 64) == [.line(1, fits)])
        #expect(read(fits + " \n", maxLine: 64) == [.bad(1, .lineTooLong)])
    }

    @Test func invalidUTF8IsToldByLine() {
        let octets = Array("{}\n".utf8) + [0x22, 0xFF, 0x22, 0x0A] + Array("{}\n".utf8)
        #expect(read([octets]) == [.line(1, "{}"), .bad(2, .badUTF8), .line(3, "{}")])
    }

    /// However the octets are cut, the lines are the same.
    @Test(arguments: 0..<200 as Range<UInt64>)
    func cutsDoNotMatter(_ seed: UInt64) {
        var samples = JSONSamples(seed: seed)
        var octets: [UInt8] = []
        for index in 0..<30 {
            octets += Array(samples.value().text.utf8)
            octets += index % 7 == 0 ? [0x0D, 0x0A] : [0x0A]
            if index % 11 == 0 { octets += [0x0A] }
        }
        octets = samples.broken(octets)
        let whole = read([octets], maxLine: 80)
        #expect(read(samples.pieces(of: octets), maxLine: 80) == whole, "seed \(seed)")
    }
}
