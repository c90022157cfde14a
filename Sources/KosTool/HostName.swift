import Glibc
package import KosCore

/// A host as a user names it: an address, or a name that the system's resolver knows.
package struct HostName: Hashable, Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }

    /// Its addresses in the order in which they are to be tried (RFC 6724).
    /// Fails with what the resolver says.
    package func addresses() throws -> [IPAddress] {
        if let address = IPAddress(text) { return [address] }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(text, nil, &hints, &list)
        guard status == 0 else {
            let reason = String(cString: gai_strerror(status))
            throw ToolFailure(.failure, code: "unknownHost", "\(text): \(reason)")
        }
        defer { freeaddrinfo(list) }
        var addresses: [IPAddress] = []
        var next = list
        while let entry = next?.pointee {
            next = entry.ai_next
            guard let name = entry.ai_addr else { continue }
            // struct sockaddr_in: the address at 4; sockaddr_in6: at 8.
            let (start, count) = entry.ai_family == AF_INET6 ? (8, 16) : (4, 4)
            guard Int(entry.ai_addrlen) >= start + count else { continue }
            let octets = UnsafeRawBufferPointer(start: name, count: start + count)[start...]
            if let address = IPAddress(octets: Array(octets)), !addresses.contains(address) {
                addresses.append(address)
            }
        }
        return addresses
    }

    /// Where it is asked at `port`: its first address of each IP version.
    package func contacts(port: UInt16) throws -> [ContactAddress] {
        let all = try addresses()
        let firsts = [all.first { !$0.isIPv6 }, all.first { $0.isIPv6 }].compactMap { $0 }
        return firsts.map { ContactAddress(ip: $0, port: port) }
    }

    /// What `look` finds for all of `items`. One whose name nobody knows fails when nothing else is
    /// found.
    package static func contacts<Item>(
        of items: [Item], _ look: (Item) throws -> [ContactAddress]
    ) throws -> [ContactAddress] {
        var contacts: [ContactAddress] = []
        var failure: (any Error)?
        for item in items {
            do { contacts += try look(item) } catch { failure = error }
        }
        if let failure, contacts.isEmpty { throw failure }
        return contacts
    }
}
