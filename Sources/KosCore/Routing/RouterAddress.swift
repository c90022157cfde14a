/// The 32-bit address that AODV, DSR and OLSR messages carry: an IPv4 address where the protocol
/// runs over IP, a number standing for a `NodeID` where it runs over kOS links.
package struct RouterAddress: Hashable, Comparable, Sendable {
    package let bits: UInt32

    package init(_ bits: UInt32) { self.bits = bits }

    package init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
        bits = UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d)
    }

    /// 255.255.255.255: every neighbour.
    package static let broadcast = RouterAddress(.max)
    package static let none = RouterAddress(0)

    package static func < (left: RouterAddress, right: RouterAddress) -> Bool {
        left.bits < right.bits
    }

    /// 224.0.0.0/4.
    package var isMulticast: Bool { bits >> 28 == 0xE }
}

extension RouterAddress: LosslessStringConvertible {
    package var description: String {
        "\(bits >> 24).\(bits >> 16 & 255).\(bits >> 8 & 255).\(bits & 255)"
    }

    package init?(_ description: String) {
        let parts = description.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            guard let octet = UInt8(part) else { return nil }
            bits = bits << 8 | UInt32(octet)
        }
        self.bits = bits
    }
}
