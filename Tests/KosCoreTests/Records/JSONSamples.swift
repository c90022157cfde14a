import KosCore

/// Random JSON, from a seed, for the tests of reader and writer.
struct JSONSamples {
    private var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    mutating func value(depth: Int = 4) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &random) {
        case 0: return .null
        case 1: return .boolean(Bool.random(using: &random))
        case 2: return .number(Double(Int.random(in: -1000...1000, using: &random)))
        case 3: return .number(number())
        case 4: return .string(string())
        case 5:
            let count = Int.random(in: 0...4, using: &random)
            return .array((0..<count).map { _ in value(depth: depth - 1) })
        default: return .object(object(depth: depth - 1))
        }
    }

    mutating func object(depth: Int = 3) -> JSONObject {
        var object = JSONObject()
        for _ in 0..<Int.random(in: 0...5, using: &random) {
            object[string()] = value(depth: depth)
        }
        return object
    }

    mutating func string() -> String {
        let alphabet: [Unicode.Scalar] = [
            "a", "b", "z", "\"", "\\", "/", "\n", "\t", "\0", "\u{1F}", "\u{7F}", "\u{85}", "é",
            "ß",
            "\u{2028}", "\u{202E}", "\u{FFFD}", "\u{10FFFF}", "😀", "漢",
        ]
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...12, using: &random) {
            text.append(alphabet.randomElement(using: &random) ?? "a")
        }
        return String(text)
    }

    /// A finite double of any size.
    mutating func number() -> Double {
        while true {
            let value =
                Bool.random(using: &random)
                ? Double(bitPattern: random.next())
                : (Double.random(in: -1e6...1e6, using: &random) * 1000).rounded() / 1000
            if value.isFinite { return value }
        }
    }

    /// The text with one to four octets changed, dropped or doubled.
    mutating func broken(_ text: [UInt8]) -> [UInt8] {
        var text = text
        for _ in 0..<Int.random(in: 1...4, using: &random) where !text.isEmpty {
            let place = Int.random(in: 0..<text.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: text[place] = UInt8.random(in: 0...255, using: &random)
            case 1: text.remove(at: place)
            case 2: text.insert(text[place], at: place)
            default: text.removeLast(text.count - place)
            }
        }
        return text
    }

    /// The octets in pieces of 1 to 40.
    mutating func pieces(of octets: [UInt8]) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var at = 0
        while at < octets.count {
            let end = min(octets.count, at + Int.random(in: 1...40, using: &random))
            pieces.append(Array(octets[at..<end]))
            at = end
        }
        return pieces
    }
}
