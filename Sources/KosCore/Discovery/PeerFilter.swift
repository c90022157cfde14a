/// Which peers are wanted: the seed's `DiscoveryCriteria`. What is left out holds for every peer.
package struct PeerFilter: Sendable {
    /// How far away: on this host, on a network of its own, anywhere.
    package enum Scope: String, Sendable, CaseIterable {
        case local, lan, wan

        /// The scope that an address belongs to; names count as far away.
        package init(of address: String) {
            guard let ip = IPAddress(address) else {
                self = address == "localhost" ? .local : address.hasSuffix(".local") ? .lan : .wan
                return
            }
            self = ip.isLoopback ? .local : ip.isLinkLocal || ip.isPrivate ? .lan : .wan
        }

        private var rank: Int {
            switch self {
            case .local: 0
            case .lan: 1
            case .wan: 2
            }
        }
        /// Whether this scope lies within `other`.
        package func isWithin(_ other: Scope) -> Bool { rank <= other.rank }
    }
    /// Pattern of the node id or the name, with `*`, `?` and `[…]`.
    package var node: String?
    /// All of them must be there.
    package var capabilities: [String] = []
    package var scope: Scope?

    package init() {}

    package func matches(_ record: PeerRecord) -> Bool {
        if let node {
            let names = [record.nodeId.text] + (record.metadata.name.map { [$0] } ?? [])
            guard names.contains(where: { Glob.matches(node, $0) }) else { return false }
        }
        guard capabilities.allSatisfy(record.capabilities.contains) else { return false }
        guard let scope else { return true }
        return record.addresses.contains { Scope(of: $0.address).isWithin(scope) }
    }
}

/// Patterns of the shell: `*` any text, `?` one character, `[a-z]` and `[!a-z]` one of a set,
/// `\` in front takes a character as it is.
package enum Glob {
    /// Linear in the product of the lengths at worst, whatever the pattern.
    package static func matches(_ pattern: some StringProtocol, _ text: some StringProtocol) -> Bool
    {
        let pattern = Array(pattern.unicodeScalars)
        let text = Array(text.unicodeScalars)
        var (at, from) = (0, 0)
        var retry: (pattern: Int, text: Int)?
        while from < text.count {
            if at < pattern.count, pattern[at] == "*" {
                at += 1
                retry = (at, from)
            } else if let end = one(pattern, at, text[from]) {
                at = end
                from += 1
            } else if let last = retry {
                at = last.pattern
                from = last.text + 1
                retry = (at, from)
            } else {
                return false
            }
        }
        return pattern[at...].allSatisfy { $0 == "*" }
    }

    /// Where the pattern goes on when its next element takes `scalar`; nil when it does not.
    private static func one(_ pattern: [Unicode.Scalar], _ at: Int, _ scalar: Unicode.Scalar)
        -> Int?
    {
        guard at < pattern.count else { return nil }
        switch pattern[at] {
        case "?": return at + 1
        case "[": return set(pattern, at, scalar)
        case "\\" where at + 1 < pattern.count: return pattern[at + 1] == scalar ? at + 2 : nil
        default: return pattern[at] == scalar ? at + 1 : nil
        }
    }

    private static func set(_ pattern: [Unicode.Scalar], _ at: Int, _ scalar: Unicode.Scalar)
        -> Int?
    {
        var index = at + 1
        let isNegated = index < pattern.count && (pattern[index] == "!" || pattern[index] == "^")
        if isNegated { index += 1 }
        let first = index
        var isFound = false
        while index < pattern.count, pattern[index] != "]" || index == first {
            let low = pattern[index]
            let isRange =
                index + 2 < pattern.count && pattern[index + 1] == "-" && pattern[index + 2] != "]"
            let high = isRange ? pattern[index + 2] : low
            if low <= scalar, scalar <= high { isFound = true }
            index += isRange ? 3 : 1
        }
        // A bracket that is never closed stands for itself.
        guard index < pattern.count else { return pattern[at] == scalar ? at + 1 : nil }
        return isFound != isNegated ? index + 1 : nil
    }
}
