/// An IPv4 or IPv6 address as its 4 or 16 octets; no name is ever looked up.
package struct IPAddress: Hashable, Sendable {
    package let octets: [UInt8]

    /// Nil unless there are 4 or 16 octets. An IPv4 address mapped into IPv6 becomes the IPv4 one.
    package init?(octets: some Collection<UInt8>) {
        let octets = Array(octets)
        guard octets.count == 4 || octets.count == 16 else { return nil }
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        self.octets =
            octets.count == 16 && octets.starts(with: mapped) ? Array(octets.suffix(4)) : octets
    }

    /// The IPv4 address of this number.
    package init(ipv4 word: UInt32) {
        octets = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) }
    }

    /// Reads dotted decimal or RFC 4291 text; a scope behind `%` is dropped.
    package init?(_ text: some StringProtocol) {
        let bare = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)[0]
        guard bare.utf8.count <= 45 else { return nil }
        guard bare.utf8.contains(0x3A) else {
            guard let octets = IPAddress.dotted(bare) else { return nil }
            self.init(octets: octets)
            return
        }
        guard let octets = IPAddress.groups(bare) else { return nil }
        self.init(octets: octets)
    }

    package var isIPv6: Bool { octets.count == 16 }
    package var isLoopback: Bool {
        isIPv6 ? octets.dropLast().allSatisfy { $0 == 0 } && octets[15] == 1 : octets[0] == 127
    }
    package var isLinkLocal: Bool {
        isIPv6
            ? octets[0] == 0xFE && octets[1] & 0xC0 == 0x80 : octets[0] == 169 && octets[1] == 254
    }
    /// RFC 1918, RFC 6598 and unique local (RFC 4193) addresses.
    package var isPrivate: Bool {
        if isIPv6 { return octets[0] & 0xFE == 0xFC }
        switch (octets[0], octets[1]) {
        case (10, _), (192, 168): return true
        case (172, let second): return (16...31).contains(second)
        case (100, let second): return (64...127).contains(second)
        default: return false
        }
    }
    package var isUnspecified: Bool { octets.allSatisfy { $0 == 0 } }
    package var isMulticast: Bool { isIPv6 ? octets[0] == 0xFF : octets[0] & 0xF0 == 0xE0 }

    /// The /24 of an IPv4 address, the /48 of an IPv6 one: what one owner can fill with addresses.
    package var neighbourhood: [UInt8] { Array(octets.prefix(isIPv6 ? 6 : 3)) }

    private static func dotted(_ text: some StringProtocol) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var octets: [UInt8] = []
        for part in parts {
            guard (1...3).contains(part.utf8.count),
                part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                part.utf8.count == 1 || part.utf8.first != 0x30, let octet = UInt8(part)
            else { return nil }
            octets.append(octet)
        }
        return octets
    }

    private static func groups(_ text: some StringProtocol) -> [UInt8]? {
        let halves = text.split(separator: "::", omittingEmptySubsequences: false)
        guard halves.count <= 2 else { return nil }
        var sides: [[UInt8]] = []
        for half in halves {
            guard let octets = side(half) else { return nil }
            sides.append(octets)
        }
        if sides.count == 1 { return sides[0].count == 16 ? sides[0] : nil }
        let missing = 16 - sides[0].count - sides[1].count
        guard missing >= 2 else { return nil }
        return sides[0] + [UInt8](repeating: 0, count: missing) + sides[1]
    }

    private static func side(_ text: some StringProtocol) -> [UInt8]? {
        guard !text.isEmpty else { return [] }
        var octets: [UInt8] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if part.utf8.contains(0x2E) {
                guard index == parts.count - 1, let last = dotted(part) else { return nil }
                octets += last
            } else {
                guard (1...4).contains(part.utf8.count), part.utf8.first != 0x2B,
                    let group = UInt16(part, radix: 16)
                else { return nil }
                octets += [UInt8(group >> 8), UInt8(truncatingIfNeeded: group)]
            }
        }
        return octets.count <= 16 ? octets : nil
    }
}

extension IPAddress: CustomStringConvertible {
    /// Dotted decimal, or RFC 5952 text.
    package var description: String {
        guard isIPv6 else { return octets.map { String($0) }.joined(separator: ".") }
        let groups = (0..<8).map { UInt16(octets[2 * $0]) << 8 | UInt16(octets[2 * $0 + 1]) }
        var best = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start > max(1, best.count) { best = start..<end }
            start = max(end, start + 1)
        }
        func text(_ part: ArraySlice<UInt16>) -> String {
            part.map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard !best.isEmpty else { return text(groups[...]) }
        return text(groups[..<best.lowerBound]) + "::" + text(groups[best.upperBound...])
    }
}
