import Glibc
import KosCore

/// Tells when this host's network is another one: addresses that came or went, links that went up
/// or down (rtnetlink(7)), and sleep.
package final class NetworkWatch {
    private static let family: Int32 = 16  // AF_NETLINK
    private static let groups: UInt32 = 0x1 | 0x10 | 0x100  // links, IPv4 and IPv6 addresses

    package let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: 32768)
    private var changes = NetworkChanges()
    private var sleep = SleepDetector()

    /// Nil where the kernel does not tell.
    package init?() {
        let kind =
            Int32(SOCK_RAW.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
            | Int32(SOCK_CLOEXEC.rawValue)
        let made = socket(NetworkWatch.family, kind, 0)
        guard made >= 0 else { return nil }
        // struct sockaddr_nl: family, padding, port (0: the kernel chooses), groups.
        var name: [UInt8] = []
        withUnsafeBytes(of: UInt16(NetworkWatch.family)) { name += $0 }
        name += [0, 0, 0, 0, 0, 0]
        withUnsafeBytes(of: NetworkWatch.groups) { name += $0 }
        let status = name.withUnsafeBytes { bytes in
            bind(
                made, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self),
                socklen_t(bytes.count))
        }
        guard status == 0 else {
            close(made)
            return nil
        }
        descriptor = made
        _ = sleep.hasSlept(awake: NetworkWatch.clock(CLOCK_MONOTONIC), NetworkWatch.clock(7))
    }

    deinit { close(descriptor) }

    /// Whether anything changed since the last call.
    package func hasChanged() -> Bool {
        var isChanged = sleep.hasSlept(
            awake: NetworkWatch.clock(CLOCK_MONOTONIC), NetworkWatch.clock(7))  // CLOCK_BOOTTIME
        for _ in 0..<256 {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0, errno == ENOBUFS {
                // More changed than the kernel could keep.
                isChanged = true
                continue
            }
            guard count > 0 else { break }
            if changes.take(Array(buffer.prefix(count))) { isChanged = true }
        }
        return isChanged
    }

    private static func clock(_ id: Int32) -> Instant {
        var time = timespec()
        clock_gettime(id, &time)
        return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
}
