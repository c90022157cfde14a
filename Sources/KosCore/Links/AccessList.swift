/// Who may not (or who alone may) be a neighbour: node ids and networks, one a line.
///
/// A line is a node id, an IP address, or a network in CIDR notation (RFC 4632); `#` starts a
/// comment.
package struct AccessList: Sendable, Hashable {
    package static let maxEntries = 100_000

    private struct Network: Hashable, Sendable {
        let address: IPAddress
        let bits: Int

        func holds(_ other: IPAddress) -> Bool {
            guard other.octets.count == address.octets.count else { return false }
            for index in 0..<(bits + 7) / 8 {
                let mask: UInt8 = bits >= 8 * (index + 1) ? 0xFF : ~(0xFF >> UInt8(bits & 7))
                guard (other.octets[index] ^ address.octets[index]) & mask == 0 else {
                    return false
                }
            }
            return true
        }
    }
    private var nodes: Set<NodeID> = []
    private var networks: [Network] = []

    package init() {}

    /// Reads a list; throws `usage` with the line's number for a line that is neither.
    package init(parsing text: String) throws(RecordError) {
        var number = 0
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            number += 1
            let entry = line.prefix { $0 != "#" }.filter { !$0.isWhitespace }
            guard !entry.isEmpty else { continue }
            guard nodes.count + networks.count < AccessList.maxEntries else {
                throw RecordError(.badRecord, "more than \(AccessList.maxEntries) entries")
            }
            guard add(entry) else {
                throw RecordError(
                    .badRecord, "line \(number): '\(entry)' is no node id, address or network",
                    hint: "for example z6Mk…, 192.0.2.7 or 2001:db8::/32")
            }
        }
    }

    package var isEmpty: Bool { nodes.isEmpty && networks.isEmpty }

    package mutating func insert(_ node: NodeID) {
        guard nodes.count < AccessList.maxEntries else { return }
        nodes.insert(node)
    }

    private mutating func add(_ entry: String) -> Bool {
        let parts = entry.split(separator: "/", omittingEmptySubsequences: false)
        if let address = IPAddress(parts[0]), parts.count <= 2 {
            let most = address.octets.count * 8
            guard let bits = parts.count == 1 ? most : Int(parts[1]), (0...most).contains(bits)
            else { return false }
            networks.append(Network(address: address, bits: bits))
            return true
        }
        guard parts.count == 1, let node = NodeID(entry), node.publicKey != nil else {
            return false
        }
        nodes.insert(node)
        return true
    }

    package func holds(_ node: NodeID) -> Bool { nodes.contains(node) }

    package func holds(host: String) -> Bool {
        guard !networks.isEmpty, let address = IPAddress(host) else {
            return false
        }
        return networks.contains { $0.holds(address) }
    }

    package var namesNodes: Bool { !nodes.isEmpty }
    package var namesNetworks: Bool { !networks.isEmpty }
}

/// The two lists together: what is denied is refused, and where something is allowed, the rest is.
package struct AccessRules: Sendable, Hashable {
    package var deny = AccessList()
    package var allow = AccessList()

    package init() {}

    package func refuses(_ node: NodeID) -> Bool {
        deny.holds(node) || allow.namesNodes && !allow.holds(node)
    }

    package func refuses(host: String) -> Bool {
        deny.holds(host: host) || allow.namesNetworks && !allow.holds(host: host)
    }
}
