import Glibc
package import KosCore

/// A network interface of this machine with its first IPv4 address.
package struct NetworkInterface: Hashable, Sendable {
    package let name: String
    package let index: Int32
    package let address: RouterAddress

    /// Nil when there is no such interface, or it has no IPv4 address.
    package init?(named name: String) {
        let index = if_nametoindex(name)
        guard index > 0 else { return nil }
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return nil }
        defer { freeifaddrs(list) }
        var next = list
        while let entry = next {
            next = entry.pointee.ifa_next
            guard String(cString: entry.pointee.ifa_name) == name,
                let address = entry.pointee.ifa_addr, address.pointee.sa_family == AF_INET
            else { continue }
            let bits = address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                UInt32(bigEndian: $0.pointee.sin_addr.s_addr)
            }
            self.name = name
            self.index = Int32(bitPattern: index)
            self.address = RouterAddress(bits)
            return
        }
        return nil
    }
}

/// A system call that did not work, in words.
package struct SocketFailure: Error, Sendable {
    package let message: String
    package let number: Int32

    init(_ what: String) {
        number = errno
        message = "\(what): \(String(cString: strerror(errno)))"
    }
}

extension sockaddr_in {
    init(_ address: RouterAddress, port: UInt16) {
        self.init()
        sin_family = sa_family_t(AF_INET)
        sin_port = port.bigEndian
        sin_addr.s_addr = address.bits.bigEndian
    }

    /// Hands the name to a call that takes any kind of socket's.
    func with<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: self) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}

extension [UInt8] {
    /// A number in this machine's order of octets, as the kernel's structures have it.
    mutating func appendNative<Number: FixedWidthInteger>(_ number: Number) {
        Swift.withUnsafeBytes(of: number) { append(contentsOf: $0) }
    }

    func address(at offset: Int) -> RouterAddress {
        RouterAddress(UInt32(bigEndian: native(UInt32.self, at: offset)))
    }

    func native<Number: FixedWidthInteger>(_: Number.Type, at offset: Int) -> Number {
        guard offset >= 0, offset + MemoryLayout<Number>.size <= count else { return 0 }
        return withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Number.self) }
    }
}
