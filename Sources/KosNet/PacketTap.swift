import Glibc
package import KosCore

/// The heads of the IPv4 packets that cross an interface: who uses which route.
package final class PacketTap {
    package struct Head: Hashable, Sendable {
        package let source: RouterAddress
        package let destination: RouterAddress
        package let isOutgoing: Bool
        /// UDP's destination port; 0 for everything else.
        package let port: UInt16
    }

    package let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: 64)

    package init(_ interface: NetworkInterface) throws(SocketFailure) {
        let kind =
            Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
            | Int32(SOCK_CLOEXEC.rawValue)
        let made = socket(AF_PACKET, kind, Int32(UInt16(0x0800).bigEndian))
        guard made >= 0 else { throw SocketFailure("packets of \(interface.name)") }
        var name: [UInt8] = []
        name.appendNative(UInt16(AF_PACKET))
        name.appendNative(UInt16(0x0800).bigEndian)
        name.appendNative(interface.index)
        name += [UInt8](repeating: 0, count: 12)
        let status = name.withUnsafeBytes { bytes in
            bind(
                made, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self),
                socklen_t(bytes.count))
        }
        guard status == 0 else {
            let failure = SocketFailure("packets of \(interface.name)")
            close(made)
            throw failure
        }
        descriptor = made
    }

    deinit { close(descriptor) }

    /// The next head; nil when there is none.
    package func receive() -> Head? {
        while true {
            var name = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let count = withUnsafeMutablePointer(to: &name) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    recvfrom(descriptor, &buffer, buffer.count, 0, $0, &length)
                }
            }
            guard count >= 0 else { return nil }
            guard count >= 20, buffer[0] >> 4 == 4 else { continue }
            let head = Int(buffer[0] & 15) * 4
            let isUDP = buffer[9] == 17 && count >= head + 4
            // struct sockaddr_ll of <linux/if_packet.h>: octet 10 is the kind, 4 PACKET_OUTGOING.
            let kind = withUnsafeBytes(of: name) { $0[10] }
            return Head(
                source: buffer.address(at: 12), destination: buffer.address(at: 16),
                isOutgoing: kind == 4,
                port: isUDP ? UInt16(bigEndian: buffer.native(UInt16.self, at: head + 2)) : 0)
        }
    }
}
