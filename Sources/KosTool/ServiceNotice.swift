import Glibc
import KosCore

/// The words that a service manager wants to hear (sd_notify(3)): datagrams to `$NOTIFY_SOCKET`.
/// Without that variable nothing is sent.
package struct ServiceNotice {
    private let path: String?
    /// How often to give a sign of life: half of `$WATCHDOG_USEC`; nil when none is wanted.
    package let watchdog: Duration?

    package init() {
        path = ServiceNotice.variable("NOTIFY_SOCKET")
        let isOurs = ServiceNotice.variable("WATCHDOG_PID").map { $0 == "\(getpid())" } ?? true
        let limit = ServiceNotice.variable("WATCHDOG_USEC").flatMap { Int64($0) }
        watchdog =
            isOurs && path != nil
            ? limit.flatMap { $0 > 0 ? .nanoseconds($0 &* 500) : nil } : nil
    }

    package func ready(status: String) { send("READY=1\nSTATUS=\(status)") }
    package func stopping() { send("STOPPING=1") }
    package func alive() { send("WATCHDOG=1") }
    /// The configuration is read again; `ready` says when that is done.
    package func reloading() {
        send("RELOADING=1\nMONOTONIC_USEC=\(SystemClock.now.nanoseconds / 1000)")
    }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A manager that does not listen is no reason to stop.
    private func send(_ words: String) {
        guard let path else { return }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(path.utf8)
        // A name that starts with @ is in the abstract namespace.
        let isAbstract = name.first == 0x40
        if isAbstract { name[0] = 0 }
        let isFitting = withUnsafeMutableBytes(of: &address.sun_path) { space in
            guard name.count < space.count else { return false }
            space.copyBytes(from: name)
            return true
        }
        let end = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard isFitting, end >= 0 else { return }
        defer { close(end) }
        let octets = Array(words.utf8)
        let size = MemoryLayout<sa_family_t>.size + name.count + (isAbstract ? 0 : 1)
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(end, octets, octets.count, Int32(MSG_NOSIGNAL), $0, socklen_t(size))
            }
        }
    }
}
