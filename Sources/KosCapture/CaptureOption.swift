/// An option of a pcapng block that goes with it into a copy: comments, hashes, drop counts.
package struct CaptureOption: Hashable, Sendable {
    /// `opt_comment`, of any block.
    package static let comment: UInt16 = 1

    package let code: UInt16
    /// Numbers are little-endian, as the writer has them.
    package let value: [UInt8]

    package init(code: UInt16, value: [UInt8]) {
        self.code = code
        self.value = value
    }

    /// As text, where it is one.
    package var text: String { String(decoding: value.prefix { $0 != 0 }, as: UTF8.self) }
}

extension [CaptureOption] {
    /// The comments among them.
    package var comments: [String] {
        filter { $0.code == CaptureOption.comment }.map(\.text)
    }
}
