/// Who a node is: an opaque name of 1 to 128 characters.
///
/// A node with an identity is named `z6Mk…` (multibase base58btc of 0xed01 and its Ed25519 public
/// key, as in did:key); `did:key:` in front is accepted and dropped. Topologies from elsewhere
/// bring names of their own (a MAC address, a NetJSON label), which are taken as they are.
package struct NodeID: Hashable, Sendable {
    package let text: String

    package static let maxCharacters = 128

    /// Nil when `text` is empty, longer than 128 characters, or has a control character in it.
    package init?(_ text: some StringProtocol) {
        var name = text[...]
        if name.utf8.starts(with: "did:key:".utf8) {
            name = name.dropFirst(8)
        }
        // Counting characters costs a grapheme walk; 128 octets can never be more than 128
        // characters.
        guard !name.isEmpty, name.utf8.count <= 128 || name.count <= NodeID.maxCharacters,
            name.utf8.count <= 1024, name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { return nil }
        self.text = String(name)
    }

    /// Shortened for tables: the first 12 characters and an ellipsis where there are more than 16.
    package var brief: String {
        text.utf8.count <= 16 ? text : String(text.prefix(12)) + "…"
    }
}

extension NodeID: Comparable, CustomStringConvertible {
    package static func < (left: NodeID, right: NodeID) -> Bool { left.text < right.text }
    package var description: String { text }
}
