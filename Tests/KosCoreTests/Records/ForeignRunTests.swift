import KosCore
import Testing

@Suite struct ForeignRunTests {
    private func scan(_ text: String, maxLine: Int = 1 << 20) -> (lines: Int, end: Int) {
        var run = ForeignRun(own: ["link", "peer"])
        return run.scan(Array(text.utf8).span, from: 0, maxLine: maxLine)
    }

    @Test func runsEndAtTheToolsOwnRecords() {
        let note = #"{"type":"note","n":-1.5,"deep":{"a":[1,null]},"ü":"ß"}"# + "\n"
        let text = note + note + #"{"type":"link","source":"a","destination":"b"}"# + "\n" + note
        let found = scan(text)
        #expect(found.lines == 2)
        #expect(found.end == 2 * note.utf8.count)
    }

    @Test(arguments: [
        #"{"source":"a"}"#, #"{"type":"note","type":"note"}"#, #"{"type":"note","n":01}"#,
        #"{"type":"note","n":1e999}"#, #"{"type":"note",}"#, #"{"type":"note"} "#,
        #"{"type":"note"}{}"#, #"["type"]"#, "", #"{"type":"note","a":{"b":1,"b":2}}"#,
        #"{"type":1}"#, #"{"type":"peer"}"#, #"{"ty\u0070e":"note"}"#, #"{"type":"note","a":["#,
    ])
    func whatIsOutOfTheOrdinaryIsLeft(line: String) {
        #expect(scan(line + "\n" + #"{"type":"note"}"# + "\n").lines == 0)
    }

    @Test func unfinishedAndLongLinesAreLeft() {
        #expect(scan(#"{"type":"note"}"#).lines == 0)
        let text = #"{"type":"note","n":"abcdefgh"}"# + "\n"
        #expect(scan(text, maxLine: text.utf8.count - 2).lines == 0)
        #expect(scan(text, maxLine: text.utf8.count - 1).lines == 1)
    }

    /// Whatever a run takes, the general reader takes too and finds foreign; broken lines included.
    @Test func agreesWithTheGeneralReader() {
        var samples = JSONSamples(seed: 7)
        var taken = 0
        for round in 0..<50_000 {
            var object = samples.object()
            object["type"] = .string(["note", "link", "peer", "link2"][round & 3])
            var writer = JSONWriter()
            writer.write(.object(object))
            let text = (round % 3 == 0 ? writer.bytes : samples.broken(writer.bytes)) + [0x0A]
            var run = ForeignRun(own: ["link", "peer"])
            let found = run.scan(text.span, from: 0, maxLine: 1 << 20)
            taken += found.lines
            for part in text.prefix(found.end).split(separator: 0x0A) {
                let type = (try? RecordHead(Array(part).span))?.type
                #expect(
                    type != nil && type != "link" && type != "peer"
                        && String(validating: part, as: UTF8.self) != nil,
                    "round \(round): \(String(decoding: part, as: UTF8.self))")
            }
        }
        #expect(taken > 500)
    }
}
