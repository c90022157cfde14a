import Glibc

/// The interfaces on which mDNS is spoken: those that are up, take multicast and have an address.
enum MulticastInterfaces {
    /// How many pairs of an interface and an IP version there are, of one interface or of all; the
    /// loopback interface has neighbours only when it is the one.
    static func count(of name: String?) -> Int {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return .max }
        defer { freeifaddrs(list) }
        var pairs: Set<String> = []
        var next = list
        while let entry = next?.pointee {
            next = entry.ifa_next
            let flags = Int32(bitPattern: entry.ifa_flags)
            guard let address = entry.ifa_addr, flags & Int32(IFF_UP) != 0,
                flags & Int32(IFF_RUNNING) != 0
            else { continue }
            let family = Int32(address.pointee.sa_family)
            let own = String(cString: entry.ifa_name)
            let isMeant =
                name.map { $0 == own }
                ?? (flags & Int32(IFF_LOOPBACK) == 0
                    && flags & Int32(IFF_MULTICAST) != 0)
            if isMeant, family == AF_INET || family == AF_INET6 { pairs.insert("\(own) \(family)") }
        }
        return pairs.isEmpty ? .max : pairs.count
    }
}
