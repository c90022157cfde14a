import KosCore
import Testing

/// The JSON reader and writer against RFC 8259 and I-JSON (RFC 7493).
struct JSONTests {
    private func parse(_ text: String) -> Result<JSONValue, JSONError> {
        do throws(JSONError) {
            return .success(try JSONValue(parsing: text))
        } catch {
            return .failure(error)
        }
    }

    @Test(arguments: [
        "{}", "[]", "0", "-0", "1.5e-3", "1E+2", "\"\"", "true", "false", "null", " [ 1 , 2 ] ",
        "{\"a\":{\"a\":1}}", "\"\\u00e9\\ud83d\\ude00\"", "\"\\/\\b\\f\\n\\r\\t\"", "\"\u{2028}\"",
        "9007199254740993", "1e308", "\"\u{7F}\"",
    ])
    func accepted(_ text: String) {
        #expect(throws: Never.self) { try JSONValue(parsing: text) }
    }

    @Test(
        arguments: [
            ("", .truncated), ("{", .truncated), ("[1,", .truncated), ("\"a", .truncated),
            ("{\"a\"", .truncated), ("tru", .truncated), ("{\"a\":1,}", .syntax), ("[1,]", .syntax),
            ("{,}", .syntax), ("{\"a\" 1}", .syntax), ("{a:1}", .syntax), ("01", .trailingText),
            ("+1", .badNumber), (".5", .badNumber), ("1.", .badNumber), ("-", .badNumber),
            ("1e", .badNumber), ("NaN", .badNumber), ("Infinity", .badNumber),
            ("1 2", .trailingText),
            ("{} {}", .trailingText), ("\"\t\"", .badString), ("\"\\x\"", .badString),
            ("\"\\ud800\"", .badString), ("\"\\udc00\\ud800\"", .badString),
            ("\"\\u12\"", .badString),
            ("{\"a\":1,\"a\":2}", .duplicateName), ("{\"a\":1,\"\\u0061\":2}", .duplicateName),
            ("[1,,2]", .syntax), ("[1 2]", .syntax), ("'a'", .badNumber), ("//", .badNumber),
        ] as [(String, JSONError.Code)])
    func refused(_ text: String, _ code: JSONError.Code) {
        guard case .failure(let error) = parse(text) else {
            Issue.record("\(text) was accepted")
            return
        }
        // Which of the three says that a text stops short is a matter of taste.
        let loose: Set<JSONError.Code> = [.syntax, .badNumber, .trailingText, .truncated]
        #expect(
            error.code == code || loose.isSuperset(of: [error.code, code]), "\(text): \(error)")
    }

    @Test func depthIsBounded() {
        let deep = JSONReader.maxDepth
        let fits = String(repeating: "[", count: deep) + String(repeating: "]", count: deep)
        #expect(throws: Never.self) { try JSONValue(parsing: fits) }
        guard case .failure(let error) = parse("[" + fits + "]") else {
            Issue.record("deeper than the limit was accepted")
            return
        }
        #expect(error.code == .tooDeep)
    }

    @Test func namesAreBounded() {
        let names = (0...JSONReader.maxNames).map { "\"n\($0)\":0" }
        #expect(throws: Never.self) {
            try JSONValue(parsing: "{\(names.dropLast().joined(separator: ","))}")
        }
        guard case .failure(let error) = parse("{\(names.joined(separator: ","))}") else {
            Issue.record("more names than the limit were accepted")
            return
        }
        #expect(error.code == .tooManyNames)
    }

    @Test func integersAreExactToTheLimit() throws {
        for (text, isFine) in [
            ("9007199254740991", true), ("-9007199254740991", true), ("9007199254740992", false),
            ("1e3", true), ("5.0", true), ("5.5", false),
        ] {
            var reader = JSONReader()
            let octets = Array(text.utf8)
            var value: Int?
            do throws(JSONError) {
                value = try reader.integer(octets.span)
            } catch {
                value = nil
            }
            #expect((value != nil) == isFine, "\(text)")
        }
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func whatIsWrittenIsRead(_ seed: UInt64) throws {
        var samples = JSONSamples(seed: seed)
        for _ in 0..<50 {
            let value = samples.value()
            let text = value.text
            #expect(try JSONValue(parsing: text) == value, "seed \(seed): \(text)")
            #expect(!text.utf8.contains { $0 < 0x20 }, "seed \(seed): \(text)")
        }
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func numbersAreRoundedAsTheLibraryDoes(_ seed: UInt64) throws {
        var samples = JSONSamples(seed: seed)
        for _ in 0..<100 {
            let value = samples.number()
            let text = JSONValue.number(value).text
            #expect(Double(text) == value, "seed \(seed): \(value) was written as \(text)")
            for spelling in [text, "\(value)", "\(value)".uppercased()] {
                #expect(
                    try JSONValue(parsing: spelling).number == Double(spelling),
                    "seed \(seed): \(spelling)")
            }
        }
    }

    @Test(arguments: [
        "0.1", "1e23", "8.5e-324", "2.2250738585072011e-308", "1.7976931348623157e308",
        "9007199254740993", "123456789012345678901234567890", "0.30000000000000004",
        "7205759403792793e1", "5e-324", "4.9406564584124654417656879286822137e-324",
    ])
    func hardNumbers(_ text: String) throws {
        #expect(try JSONValue(parsing: text).number == Double(text))
    }

    /// The shortest digits that read back, also where three decimals would read back as well.
    @Test(arguments: [
        "-8816309688932.3", "8796093022208.002", "1234567890123.25", "999999999999.999",
        "4503599627370.497", "0.001", "123.457",
    ])
    func theShortestDigitsAreWritten(_ text: String) throws {
        #expect(try JSONValue(parsing: text).text == text)
    }

    @Test func whatIsNoNumberBecomesNull() {
        for value in [Double.nan, .infinity, -.infinity] {
            #expect(JSONValue.number(value).text == "null")
        }
    }

    /// Broken texts are refused or are another value; nothing traps, and what is accepted is JSON.
    @Test(arguments: 0..<200 as Range<UInt64>)
    func brokenTextsAreValuesToo(_ seed: UInt64) {
        var samples = JSONSamples(seed: seed)
        for _ in 0..<50 {
            let text = samples.broken(Array(JSONValue.object(samples.object()).text.utf8))
            do throws(JSONError) {
                let value = try JSONValue(parsing: text.span)
                let again = Array(value.text.utf8)
                #expect(throws: Never.self, "seed \(seed)") { try JSONValue(parsing: again.span) }
            } catch {
                #expect((0...text.count).contains(error.offset), "seed \(seed): \(error)")
            }
        }
    }
}
