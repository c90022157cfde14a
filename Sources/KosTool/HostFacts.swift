import CLinux
import Glibc

/// What a host's system calls say of it: rights, limits, libraries, the clock.
package enum HostFacts {
    /// The permission bits of a file; nil when it is not there.
    package static func mode(of path: String) -> UInt32? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
    }

    /// Whether this process may make files in the folder, or in the nearest one above it that is
    /// there.
    package static func canWrite(below path: String) -> Bool {
        var folder = path[...]
        while mode(of: String(folder)) == nil, let slash = folder.lastIndex(of: "/"),
            slash > folder.startIndex
        {
            folder = folder[..<slash]
        }
        return access(String(folder), W_OK | X_OK) == 0
    }

    /// Whether the dynamic loader finds a library.
    package static func hasLibrary(_ name: String) -> Bool {
        guard let handle = dlopen(name, RTLD_LAZY | RTLD_LOCAL) else { return false }
        dlclose(handle)
        return true
    }

    /// Where a program is: beside the running one, else on the `PATH`.
    package static func program(_ name: String) -> String? {
        var own = [CChar](repeating: 0, count: Int(PATH_MAX))
        var folders: [String] = []
        let count = readlink("/proc/self/exe", &own, own.count - 1)
        if count > 0 {
            let path = String(decoding: own[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
            folders = [path.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }]
        }
        if let path = getenv("PATH").map({ String(cString: $0) }) {
            folders += path.split(separator: ":").map(String.init)
        }
        return folders.map { $0 + "/" + name }.first { access($0, X_OK) == 0 }
    }

    /// Whether a program may open packet sockets: run by root, or with the right on its file.
    package static func mayCapture(_ program: String) -> Bool {
        geteuid() == 0 || getxattr(program, "security.capability", nil, 0) > 0
    }

    /// Whether something disciplines the system's clock (adjtimex(2)); nil when it does not say.
    package static var isClockSynchronized: Bool? {
        var state = timex()
        let answer = adjtimex(&state)
        return answer < 0 ? nil : answer != TIME_ERROR
    }

    /// How many descriptors this process may have open, and may ask for.
    package static var descriptorLimit: (now: Int, most: Int)? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return nil
        }
        return (Int(clamping: limit.rlim_cur), Int(clamping: limit.rlim_max))
    }

    /// Whether nobody listens on a TCP port of this host.
    package static func isFree(tcpPort port: Int) -> Bool {
        let end = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard end >= 0 else { return false }
        defer { close(end) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(clamping: port).bigEndian
        var on: Int32 = 1
        setsockopt(end, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(end, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    /// Names of interfaces that are up, carry multicast and are not the loopback.
    package static var multicastInterfaces: [String] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        var names: Set<String> = []
        var next = list
        while let entry = next {
            next = entry.pointee.ifa_next
            let flags = Int32(bitPattern: entry.pointee.ifa_flags)
            let wanted = Int32(IFF_UP | IFF_MULTICAST)
            guard flags & wanted == wanted, flags & Int32(IFF_LOOPBACK) == 0 else {
                continue
            }
            names.insert(String(cString: entry.pointee.ifa_name))
        }
        return names.sorted()
    }
}
