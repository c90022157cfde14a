import Glibc
package import KosCore

/// A device to which the kernel sends packets that have no route yet, and a way to send them again
/// once they have.
package final class TunnelDevice {
    package let descriptor: Int32
    package let name: String
    package let index: Int32
    private let raw: Int32
    private var buffer = [UInt8](repeating: 0, count: 65536)

    // <linux/if_tun.h>, <linux/sockios.h>
    private static let setInterface: UInt = 0x4004_54CA
    private static let getFlags: UInt = 0x8913
    private static let setFlags: UInt = 0x8914

    package init(named wanted: String) throws(SocketFailure) {
        let made = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC)
        guard made >= 0 else { throw SocketFailure("/dev/net/tun") }
        // struct ifreq: a name of 16 octets, then flags; IFF_TUN | IFF_NO_PI.
        var request = TunnelDevice.request(wanted)
        request[16] = 0x01
        request[17] = 0x10
        let status = request.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { ioctl(made, TunnelDevice.setInterface, $0) } ?? -1
        }
        guard status == 0 else {
            let failure = SocketFailure("device \(wanted)")
            close(made)
            throw failure
        }
        name = String(decoding: request.prefix(16).prefix { $0 != 0 }, as: UTF8.self)
        index = Int32(bitPattern: if_nametoindex(name))
        raw = socket(
            AF_INET, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), Int32(IPPROTO_RAW))
        guard raw >= 0, TunnelDevice.bringUp(name, on: raw) else {
            let failure = SocketFailure("device \(wanted)")
            close(made)
            throw failure
        }
        descriptor = made
    }

    deinit {
        close(descriptor)
        close(raw)
    }

    private static func request(_ name: String) -> [UInt8] {
        var request = Array(name.utf8.prefix(15))
        request += [UInt8](repeating: 0, count: 40 - request.count)
        return request
    }

    private static func bringUp(_ name: String, on socket: Int32) -> Bool {
        var request = TunnelDevice.request(name)
        return request.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress, ioctl(socket, getFlags, base) == 0 else {
                return false
            }
            // IFF_UP
            bytes[16] |= 1
            return ioctl(socket, setFlags, base) == 0
        }
    }

    /// The next packet without a route; nil when there is none.
    package func receive() -> (packet: [UInt8], source: RouterAddress, destination: RouterAddress)?
    {
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { return nil }
            guard count >= 20, buffer[0] >> 4 == 4 else { continue }
            return (
                Array(buffer[..<count]), buffer.address(at: 12), buffer.address(at: 16)
            )
        }
    }

    /// Sends a packet as it is; the kernel finds the route that it has by now.
    package func send(_ packet: [UInt8], to destination: RouterAddress) {
        _ = sockaddr_in(destination, port: 0).with { name, length in
            sendto(raw, packet, packet.count, Int32(MSG_NOSIGNAL), name, length)
        }
    }
}
