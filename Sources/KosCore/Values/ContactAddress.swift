/// An IP address and a UDP port: 6 or 18 octets on the wire (BEP 5, BEP 32).
package struct ContactAddress: Hashable, Sendable {
    package let ip: IPAddress
    package let port: UInt16

    package init(ip: IPAddress, port: UInt16) {
        self.ip = ip
        self.port = port
    }

    /// Reads the compact form.
    package init?(compact octets: some Collection<UInt8>) {
        guard octets.count == 6 || octets.count == 18,
            let ip = IPAddress(octets: octets.dropLast(2))
        else {
            return nil
        }
        let tail = Array(octets.suffix(2))
        self.init(ip: ip, port: UInt16(tail[0]) << 8 | UInt16(tail[1]))
    }

    /// Reads `10.0.0.1:3478` or `[2001:db8::1]:3478`.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...])
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard let ip = IPAddress(host) else { return nil }
        self.init(ip: ip, port: port)
    }

    package var compact: [UInt8] {
        ip.octets + [UInt8(port >> 8), UInt8(truncatingIfNeeded: port)]
    }

    /// Whether a packet could be sent there.
    package var isUsable: Bool { port != 0 && !ip.isUnspecified && !ip.isMulticast }
}

extension ContactAddress: CustomStringConvertible {
    package var description: String { ip.isIPv6 ? "[\(ip)]:\(port)" : "\(ip):\(port)" }
}
