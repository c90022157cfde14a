/// How many connections each address has: an IPv4 address, or the /64 of an IPv6 one, which is what
/// one customer of a network has.
package struct AddressCount: Sendable {
    package static let usualLimit = 64

    /// Nil for no limit.
    package var limit: Int? = AddressCount.usualLimit
    private var counts: [[UInt8]: Int] = [:]

    package init() {}

    private static func key(_ address: IPAddress) -> [UInt8] {
        let octets = address.octets
        guard octets.count == 16 else { return octets }
        // ::ffff:192.0.2.1 is 192.0.2.1 (RFC 4291 §2.5.5.2).
        let isMapped = octets.prefix(10).allSatisfy { $0 == 0 } && octets[10...11] == [0xFF, 0xFF]
        return isMapped ? Array(octets[12...]) : Array(octets[..<8])
    }

    /// Counts one connection more; false when there are as many as are allowed.
    package mutating func enter(_ address: IPAddress) -> Bool {
        let key = AddressCount.key(address)
        let count = counts[key] ?? 0
        if let limit, count >= limit { return false }
        counts[key] = count + 1
        return true
    }

    package mutating func leave(_ address: IPAddress) {
        let key = AddressCount.key(address)
        guard let count = counts[key] else { return }
        counts[key] = count > 1 ? count - 1 : nil
    }
}
