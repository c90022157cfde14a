import Glibc

/// Sockets that a service manager has opened for this process (sd_listen_fds(3)).
package struct ActivatedSocket: Sendable {
    /// The descriptor, from 3 on.
    package let descriptor: Int32
    /// The name that the unit gave it; empty without one.
    package let name: String
    package let isDatagram: Bool

    /// Those that were passed to this very process; children do not inherit them.
    package static func all() -> [ActivatedSocket] {
        func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
        defer { for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsetenv(name) } }
        guard variable("LISTEN_PID") == "\(getpid())",
            let count = variable("LISTEN_FDS").flatMap({ Int32($0) }), (1...64).contains(count)
        else { return [] }
        let names = (variable("LISTEN_FDNAMES") ?? "")
            .split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        return (0..<count).compactMap { index in
            let descriptor = 3 + index
            var type: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            guard getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) == 0 else { return nil }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            return ActivatedSocket(
                descriptor: descriptor, name: Int(index) < names.count ? names[Int(index)] : "",
                isDatagram: type == Int32(SOCK_DGRAM.rawValue))
        }
    }
}
