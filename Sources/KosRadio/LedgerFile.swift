import CBluetooth
import Glibc
package import KosCore

/// The duty ledger on disk, shared by every process that sends: one JSON line a transmission,
/// appended under an exclusive lock, so that two programs never spend the same air time.
package struct LedgerFile: Sendable {
    package let path: String

    package init(path: String) { self.path = path }

    /// The one that all tools of this user share; nil without a home.
    package static var ofUser: LedgerFile? {
        RadioDirectories.state.map { LedgerFile(path: $0 + "/airtime.ndjson") }
    }

    package struct Failure: Error, Sendable, CustomStringConvertible {
        package let path: String
        package let errno: Int32
        package var description: String { "\(path): \(String(cString: strerror(errno)))" }
    }

    /// What is in the ledger now. A file that is not there yet is an empty ledger.
    package func read(at now: LedgerTime) throws(Failure) -> DutyLedger {
        let lock = try? Lock(path: path + ".lock", isExclusive: false, mayCreate: false)
        defer { lock?.release() }
        return try load(at: now).ledger
    }

    /// Enters a transmission of `airtime` µs if the law allows it now, else says when it will.
    package func reserve(
        airtime: Int64, _ account: DutyAccount, radio: String, frequencyHz: Int, at now: LedgerTime
    ) throws(Failure) -> DutyLedger.Verdict {
        let lock = try Lock(path: path + ".lock", isExclusive: true, mayCreate: true)
        defer { lock.release() }
        var (ledger, lines) = try load(at: now)
        let verdict = ledger.verdict(airtime: airtime, account, at: now)
        guard verdict == .free else { return verdict }
        let entry = Transmission(
            sent: now, radio: radio, region: account.region.name, subBand: account.subBand.name,
            frequencyHz: frequencyHz, airtime: airtime)
        // Rewritten when most of it is of no use any more, so that appending stays the rule.
        if lines > 64 + 2 * ledger.entries.count || lines > DutyLedger.capacity {
            ledger.record(entry)
            try rewrite(ledger)
        } else {
            try append(entry.line)
        }
        return .free
    }

    // MARK: The file

    private func load(at now: LedgerTime) throws(Failure) -> (ledger: DutyLedger, lines: Int) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return (DutyLedger(), 0) }
            throw Failure(path: path, errno: errno)
        }
        defer { close(descriptor) }
        var reader = NDJSONReader()
        var ledger = DutyLedger()
        var lines = 0
        var isAtEnd = false
        while true {
            let event = isAtEnd ? reader.finish() : reader.next()
            switch event {
            case .line(_, let range):
                lines += 1
                if let entry = Transmission(line: reader.buffer.span.extracting(range)) {
                    ledger.record(entry)
                }
            case .bad: lines += 1
            case nil:
                if isAtEnd {
                    _ = ledger.settle(at: now)
                    return (ledger, lines)
                }
                let count = reader.withFreeSpace(64 * 1024) {
                    Glibc.read(descriptor, $0.baseAddress, $0.count)
                }
                if count < 0 && errno != EINTR { throw Failure(path: path, errno: errno) }
                isAtEnd = count == 0
            }
        }
    }

    private func append(_ line: [UInt8]) throws(Failure) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure(path: path, errno: errno) }
        defer { close(descriptor) }
        // A process that was killed in the middle of a line must not spoil the next one.
        let end = lseek(descriptor, 0, SEEK_END)
        var last: UInt8 = 0x0A
        if end > 0 { _ = pread(descriptor, &last, 1, end - 1) }
        try write(last == 0x0A ? line : [0x0A] + line, to: descriptor)
    }

    private func rewrite(_ ledger: DutyLedger) throws(Failure) {
        let fresh = path + ".new"
        let descriptor = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure(path: fresh, errno: errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        for entry in ledger.entries { bytes += entry.line }
        try write(bytes, to: descriptor)
        guard fdatasync(descriptor) == 0, rename(fresh, path) == 0 else {
            throw Failure(path: path, errno: errno)
        }
    }

    private func write(_ bytes: [UInt8], to descriptor: Int32) throws(Failure) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + done }, $0.count - done)
            }
            if count > 0 {
                done += count
            } else if errno != EINTR {
                throw Failure(path: path, errno: errno)
            }
        }
    }

    /// flock(2) on a file of its own: the ledger itself is replaced when it is rewritten.
    private struct Lock {
        let descriptor: Int32

        init(path: String, isExclusive: Bool, mayCreate: Bool) throws(Failure) {
            let flags = mayCreate ? O_RDWR | O_CREAT | O_CLOEXEC : O_RDONLY | O_CLOEXEC
            descriptor = open(path, flags, 0o600)
            guard descriptor >= 0 else { throw Failure(path: path, errno: errno) }
            while flock(descriptor, isExclusive ? LOCK_EX : LOCK_SH) != 0 {
                guard errno == EINTR else {
                    let code = errno
                    close(descriptor)
                    throw Failure(path: path, errno: code)
                }
            }
        }

        func release() { close(descriptor) }
    }
}

extension LedgerTime {
    /// Both clocks and the boot's id, now.
    package static var now: LedgerTime {
        var wall = timespec()
        var boot = timespec()
        clock_gettime(CLOCK_REALTIME, &wall)
        clock_gettime(CLOCK_BOOTTIME, &boot)
        return LedgerTime(
            wall: Timestamp(milliseconds: milliseconds(wall)), boot: LedgerTime.bootID,
            sinceBootMs: milliseconds(boot))
    }

    private static func milliseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// Empty where the system has none: then only the wall clock counts.
    private static let bootID: String = {
        let descriptor = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var octets = [UInt8](repeating: 0, count: 36)
        let count = Glibc.read(descriptor, &octets, 36)
        return count == 36 ? String(decoding: octets, as: UTF8.self) : ""
    }()
}
