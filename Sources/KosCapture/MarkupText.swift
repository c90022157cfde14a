import KosCore

/// Text of a page: what is not the page's own is escaped, so that no name from the wire becomes
/// markup or bends the reader's eyes.
struct MarkupText {
    private(set) var text = ""

    /// Markup of the page's own.
    mutating func put(_ markup: String) { text += markup }

    /// Text of strangers.
    mutating func write(_ value: String) {
        for scalar in value.unicodeScalars.prefix(256) {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "'": text += "&#39;"
            case _ where MarkupText.isDoubtful(scalar):
                text += "\\u{" + String(scalar.value, radix: 16) + "}"
            default: text.unicodeScalars.append(scalar)
            }
        }
    }

    /// Controls, and what turns the direction of writing.
    private static func isDoubtful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F...0x9F, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069,
            0xFFFE...0xFFFF:
            true
        default: false
        }
    }

    mutating func put(_ value: Double) { text += JSONValue.number(value).text }
    /// A coordinate: one decimal is finer than a screen.
    mutating func put(place value: Double) { put((value * 10).rounded() / 10) }
}
