import Glibc
import KosCore

/// `--lock`: at most one run at a time (flock(2)); held until the process ends.
package enum RunLock {
    /// Takes the lock, waiting up to `patience` for it; status 6 when another run holds it.
    package static func take(_ path: String, patience: Duration) throws(ToolFailure) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("cannotOpen", "lock \(path)") }
        let deadline = SystemClock.now + patience
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw .system("cannotLock", "lock \(path)")
            }
            guard SystemClock.now < deadline else {
                throw ToolFailure(
                    .locked, code: "locked", "another run holds \(path)",
                    hint: "--lock-wait DUR waits for it")
            }
            SystemClock.sleep(.milliseconds(20))
        }
    }
}

/// `--splay`: a delay before the start, so that machines with one crontab do not all start at once.
package enum Splay {
    /// Drawn anew for each run, or the machine's own for `tool`: equal every time, different
    /// between machines.
    package static func delay(upTo limit: Duration, isFixed: Bool, tool: String) -> Duration {
        var random = SplitMix64(seed: isFixed ? machineSeed(tool) : SystemClock.seed)
        return .nanoseconds(Int64(Double(limit.nanoseconds) * random.unit()))
    }

    /// FNV-1a over the machine's id (machine-id(5)) or its host name, the user and the tool.
    private static func machineSeed(_ tool: String) -> UInt64 {
        var name = [UInt8](repeating: 0, count: 64)
        let descriptor = open("/etc/machine-id", O_RDONLY | O_CLOEXEC)
        if descriptor >= 0 {
            _ = name.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            close(descriptor)
        } else {
            _ = name.withUnsafeMutableBytes { space in
                guard let start = space.baseAddress else { return Int32(-1) }
                return gethostname(start.assumingMemoryBound(to: CChar.self), space.count)
            }
        }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for octet in name + Array("\(geteuid()) \(tool)".utf8) {
            hash = (hash ^ UInt64(octet)) &* 0x100_0000_01B3
        }
        return hash
    }
}
