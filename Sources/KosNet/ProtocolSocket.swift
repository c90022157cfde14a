import Glibc
package import KosCore

/// A routing protocol's UDP port on one interface: broadcasts and datagrams to neighbours, with the
/// time to live that the protocol asks for and tells of.
package final class ProtocolSocket {
    package let interface: NetworkInterface
    /// Hears broadcasts; hears and sends what is addressed to the node.
    package let descriptors: [Int32]
    private let source: RouterAddress
    private let port: UInt16
    private var buffer = [UInt8](repeating: 0, count: 65536)
    private var ttl: UInt8 = 0

    /// Datagrams leave from `source`, which need not be an address of the interface.
    package init(
        _ interface: NetworkInterface, port: UInt16, source: RouterAddress
    ) throws(SocketFailure) {
        self.interface = interface
        self.port = port
        self.source = source
        let all = try ProtocolSocket.open(interface, bound: .none, port: port)
        do throws(SocketFailure) {
            descriptors = [all, try ProtocolSocket.open(interface, bound: source, port: port)]
        } catch {
            close(all)
            throw error
        }
    }

    deinit { for descriptor in descriptors { close(descriptor) } }

    private static func open(
        _ interface: NetworkInterface, bound address: RouterAddress, port: UInt16
    ) throws(SocketFailure) -> Int32 {
        let kind =
            Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
            | Int32(SOCK_CLOEXEC.rawValue)
        let made = socket(AF_INET, kind, 0)
        guard made >= 0 else { throw SocketFailure("socket") }
        var one: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &one, size)
        setsockopt(made, SOL_SOCKET, SO_BROADCAST, &one, size)
        setsockopt(made, Int32(IPPROTO_IP), IP_RECVTTL, &one, size)
        // Network control (RFC 2474 CS6): before the users' packets.
        var service: Int32 = 0xC0
        setsockopt(made, Int32(IPPROTO_IP), IP_TOS, &service, size)
        let status = interface.name.withCString {
            setsockopt(made, SOL_SOCKET, SO_BINDTODEVICE, $0, socklen_t(strlen($0)))
        }
        let isBound =
            status == 0 && sockaddr_in(address, port: port).with { bind(made, $0, $1) } == 0
        guard isBound else {
            let failure = SocketFailure("\(interface.name) port \(port)")
            close(made)
            throw failure
        }
        return made
    }

    /// False when the kernel did not take it: radio networks lose packets, too.
    @discardableResult
    package func send(_ octets: [UInt8], to receiver: RouterAddress, ttl: UInt8) -> Bool {
        if ttl != self.ttl {
            var value = Int32(ttl)
            setsockopt(
                descriptors[1], Int32(IPPROTO_IP), IP_TTL, &value,
                socklen_t(MemoryLayout<Int32>.size))
            self.ttl = ttl
        }
        return sockaddr_in(receiver, port: port).with { name, length in
            sendto(descriptors[1], octets, octets.count, Int32(MSG_NOSIGNAL), name, length)
        } == octets.count
    }

    /// The next message that has come; nil when there is none.
    package func receive() -> HopFrame? {
        for (number, descriptor) in descriptors.enumerated() {
            guard let (octets, sender, ttl) = take(descriptor) else { continue }
            return HopFrame(
                from: sender, to: number == 0 ? .broadcast : source,
                Datagram(
                    from: sender, to: number == 0 ? .broadcast : source, ttl: ttl,
                    content: .control, payload: octets))
        }
        return nil
    }

    private func take(
        _ descriptor: Int32
    ) -> (octets: [UInt8], sender: RouterAddress, ttl: UInt8)? {
        var name = sockaddr_in()
        var control = [UInt8](repeating: 0, count: 64)
        var used = 0
        let count = buffer.withUnsafeMutableBytes { bytes in
            control.withUnsafeMutableBytes { extra in
                withUnsafeMutablePointer(to: &name) { sender in
                    var part = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                    return withUnsafeMutablePointer(to: &part) { part in
                        var message = msghdr()
                        message.msg_name = UnsafeMutableRawPointer(sender)
                        message.msg_namelen = socklen_t(MemoryLayout<sockaddr_in>.size)
                        message.msg_iov = part
                        message.msg_iovlen = 1
                        message.msg_control = extra.baseAddress
                        message.msg_controllen = extra.count
                        defer { used = message.msg_controllen }
                        return recvmsg(descriptor, &message, 0)
                    }
                }
            }
        }
        guard count >= 0 else { return nil }
        return (
            Array(buffer[..<count]), RouterAddress(UInt32(bigEndian: name.sin_addr.s_addr)),
            ProtocolSocket.ttl(in: Array(control.prefix(used)))
        )
    }

    /// The time to live among what the kernel tells beside a datagram: structures of a length, a
    /// level and a type, each aligned to eight octets.
    private static func ttl(in control: [UInt8]) -> UInt8 {
        var offset = 0
        while offset + 20 <= control.count {
            let length = control.native(Int.self, at: offset)
            let level = control.native(Int32.self, at: offset + 8)
            let type = control.native(Int32.self, at: offset + 12)
            if level == Int32(IPPROTO_IP), type == IP_TTL {
                return UInt8(clamping: control.native(Int32.self, at: offset + 16))
            }
            guard length >= 16 else { break }
            offset += (length + 7) / 8 * 8
        }
        return 1
    }
}
