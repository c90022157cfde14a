/// Hexadecimal digits as published vectors have them.
enum Hex {
    /// The octets of `text`; white space does not count.
    static func octets(_ text: String) -> [UInt8] {
        let digits = text.utf8.filter { $0 > 0x20 }.map { $0 < 0x3A ? $0 - 0x30 : $0 - 0x57 }
        return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
