import Glibc
package import KosCore
package import NIOCore

extension SocketAddress {
    /// As the core has addresses; nil for what is no IP address. IPv4 in IPv6 becomes IPv4.
    package var contact: ContactAddress? {
        guard let port, let ip = octets.flatMap({ IPAddress(octets: $0) }) else { return nil }
        return ContactAddress(ip: ip, port: UInt16(truncatingIfNeeded: port))
    }

    private var octets: [UInt8]? {
        switch self {
        case .v4(let address): withUnsafeBytes(of: address.address.sin_addr) { Array($0) }
        case .v6(let address): withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
        default: nil
        }
    }

    /// Nil only for an address that the kernel's form of text does not take.
    package init?(_ contact: ContactAddress) {
        var storage = ByteBuffer()
        storage.writeBytes(contact.ip.octets)
        guard
            let address = try? SocketAddress(packedIPAddress: storage, port: Int(contact.port))
        else { return nil }
        self = address
    }
}

/// Addresses of this machine's interfaces that are up.
package enum LocalAddresses {
    package static func all() -> [IPAddress] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        var found: [IPAddress] = []
        var next = list
        while let entry = next {
            next = entry.pointee.ifa_next
            guard let address = entry.pointee.ifa_addr,
                entry.pointee.ifa_flags & UInt32(IFF_UP) != 0
            else { continue }
            let octets: [UInt8]
            switch Int32(address.pointee.sa_family) {
            case AF_INET:
                octets = address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    withUnsafeBytes(of: $0.pointee.sin_addr) { Array($0) }
                }
            case AF_INET6:
                octets = address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                    withUnsafeBytes(of: $0.pointee.sin6_addr) { Array($0) }
                }
            default: continue
            }
            if let ip = IPAddress(octets: octets), !found.contains(ip) { found.append(ip) }
        }
        return found
    }
}
