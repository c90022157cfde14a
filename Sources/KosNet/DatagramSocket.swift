import Glibc
package import KosCore

/// A UDP socket that never blocks, for protocols that run on the thread that polls.
package final class DatagramSocket {
    package struct Failure: Error, Sendable {
        package let message: String
    }
    /// Longest datagram that is read.
    private static let maxDatagram = 65536

    package let descriptor: Int32
    package let isIPv6: Bool
    /// The port that it is bound to.
    package let port: UInt16
    private var buffer = [UInt8](repeating: 0, count: DatagramSocket.maxDatagram)

    /// Binds to `address`, or to all addresses of one IP version; port 0 lets the kernel choose.
    package init(address: IPAddress? = nil, isIPv6: Bool, port: UInt16) throws(Failure) {
        let version = address?.isIPv6 ?? isIPv6
        let kind =
            Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
            | Int32(SOCK_CLOEXEC.rawValue)
        let made = socket(version ? AF_INET6 : AF_INET, kind, 0)
        guard made >= 0 else { throw Failure(message: String(cString: strerror(errno))) }
        var one: Int32 = 1
        if version {
            setsockopt(
                made, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &one, socklen_t(MemoryLayout<Int32>.size))
        }
        let any = [UInt8](repeating: 0, count: version ? 16 : 4)
        guard let local = address ?? IPAddress(octets: any) else {
            throw Failure(message: "no address")
        }
        let status = DatagramSocket.withName(ContactAddress(ip: local, port: port)) {
            bind(made, $0, $1)
        }
        guard status == 0 else {
            let message = String(cString: strerror(errno))
            close(made)
            throw Failure(message: "port \(port): \(message)")
        }
        descriptor = made
        self.isIPv6 = version
        var name = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        _ = withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(made, $0, &length) }
        }
        self.port = DatagramSocket.contact(&name)?.port ?? port
    }

    deinit { close(descriptor) }

    /// False when the kernel did not take it: the network is allowed to lose packets.
    @discardableResult
    package func send(_ octets: [UInt8], to address: ContactAddress) -> Bool {
        guard address.ip.isIPv6 == isIPv6 else { return false }
        return DatagramSocket.withName(address) { name, length in
            sendto(descriptor, octets, octets.count, Int32(MSG_NOSIGNAL), name, length)
        } == octets.count
    }

    /// The next datagram that has come; nil when there is none.
    package func receive() -> (octets: [UInt8], sender: ContactAddress)? {
        while true {
            var name = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let count = withUnsafeMutablePointer(to: &name) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    recvfrom(descriptor, &buffer, buffer.count, 0, $0, &length)
                }
            }
            // An ICMP error of an earlier datagram is told here; it says nothing about the next
            // one.
            if count < 0, errno == ECONNREFUSED || errno == EINTR { continue }
            guard count >= 0, let sender = DatagramSocket.contact(&name) else { return nil }
            return (Array(buffer[..<count]), sender)
        }
    }

    private static func withName<Result>(
        _ address: ContactAddress, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var storage = sockaddr_storage()
        let length: Int
        if address.ip.isIPv6 {
            length = MemoryLayout<sockaddr_in6>.size
            withUnsafeMutableBytes(of: &storage) { bytes in
                bytes.storeBytes(of: sa_family_t(AF_INET6), as: sa_family_t.self)
                bytes.storeBytes(of: address.port.bigEndian, toByteOffset: 2, as: UInt16.self)
                for (index, octet) in address.ip.octets.enumerated() { bytes[8 + index] = octet }
            }
        } else {
            length = MemoryLayout<sockaddr_in>.size
            withUnsafeMutableBytes(of: &storage) { bytes in
                bytes.storeBytes(of: sa_family_t(AF_INET), as: sa_family_t.self)
                bytes.storeBytes(of: address.port.bigEndian, toByteOffset: 2, as: UInt16.self)
                for (index, octet) in address.ip.octets.enumerated() { bytes[4 + index] = octet }
            }
        }
        return withUnsafePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(length)) }
        }
    }

    private static func contact(_ storage: inout sockaddr_storage) -> ContactAddress? {
        let isIPv6 = Int32(storage.ss_family) == AF_INET6
        return withUnsafeBytes(of: &storage) { bytes in
            let port = UInt16(bytes[2]) << 8 | UInt16(bytes[3])
            let octets = isIPv6 ? Array(bytes[8..<24]) : Array(bytes[4..<8])
            return IPAddress(octets: octets).map { ContactAddress(ip: $0, port: port) }
        }
    }
}
