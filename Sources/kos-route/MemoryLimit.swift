import Glibc
import KosTool

/// How much memory this process may have, so that a graph too large for it is refused and nobody
/// kills the process in the middle.
struct MemoryLimit {
    /// Octets of address space, and of memory in use; nil where nothing limits them.
    private let space: Int?
    private let resident: Int?
    private let page = max(1, sysconf(Int32(_SC_PAGESIZE)))

    init() {
        var limit = rlimit()
        let isKnown = getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0
        space = isKnown && limit.rlim_cur < 1 << 62 ? Int(limit.rlim_cur) : nil
        resident = MemoryLimit.group()
    }

    /// What the control group allows (cgroup v2).
    private static func group() -> Int? {
        let text = String(decoding: SmallFile.read("/proc/self/cgroup", limit: 4096), as: UTF8.self)
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("0::") }) else {
            return nil
        }
        let path = "/sys/fs/cgroup\(line.dropFirst(3))/memory.max"
        let most = String(decoding: SmallFile.read(path, limit: 64), as: UTF8.self)
        return most.split(separator: "\n").first.flatMap { Int($0) }
    }

    /// Refuses when `octets` more would not fit.
    func demand(_ octets: Int, _ what: @autoclosure () -> String) throws {
        guard space != nil || resident != nil else { return }
        let text = String(decoding: SmallFile.read("/proc/self/statm", limit: 128), as: UTF8.self)
        let sizes = text.split(separator: " ").prefix(2).compactMap { Int($0) }
        guard sizes.count == 2 else { return }
        let isOver =
            sizes[0] * page + octets > space ?? .max || sizes[1] * page + octets > resident ?? .max
        guard isOver else { return }
        throw ToolFailure(
            .failure, code: "resource", "\(what()) need more memory than this process may have",
            hint: "raise the limit (ulimit -v, memory.max), or give fewer links")
    }
}
