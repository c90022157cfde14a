import CBluetooth
import Glibc
import KosCore

/// Opens serial lines: raw, 8N1, no flow control, for one process at a time.
enum SerialPort {
    static func open(_ path: String, baud: Int) throws(RadioError) -> Int32 {
        let descriptor = Glibc.open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            let code = errno
            let holder = code == EBUSY ? " (another program has it)" : ""
            throw RadioError(
                code == EBUSY ? .busy : .cannotOpen,
                "\(path): \(String(cString: strerror(code)))\(holder)", errno: code)
        }
        do throws(RadioError) {
            try claim(descriptor, path)
            try configure(descriptor, path, baud)
            return descriptor
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// An advisory lock that can tell who holds it, unlike TIOCEXCL and flock(2).
    private static func claim(_ descriptor: Int32, _ path: String) throws(RadioError) {
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        guard fcntl(descriptor, F_SETLK, &lock) != 0 else { return }
        let code = errno
        guard code == EACCES || code == EAGAIN else { return }
        var holder = ""
        if fcntl(descriptor, F_GETLK, &lock) == 0, lock.l_type != Int16(F_UNLCK) {
            holder = " by process \(lock.l_pid)" + name(of: lock.l_pid)
        }
        throw RadioError(.busy, "\(path) is in use\(holder)", errno: code)
    }

    private static func name(of process: pid_t) -> String {
        let descriptor = Glibc.open("/proc/\(process)/comm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var octets = [UInt8](repeating: 0, count: 64)
        let count = read(descriptor, &octets, octets.count)
        guard count > 1 else { return "" }
        return " (\(String(decoding: octets[..<(count - 1)], as: UTF8.self)))"
    }

    private static func configure(
        _ descriptor: Int32, _ path: String, _ baud: Int
    ) throws(RadioError) {
        let speeds: [Int: Int32] = [
            9600: B9600, 19_200: B19200, 38_400: B38400, 57_600: B57600, 115_200: B115200,
            230_400: B230400, 460_800: B460800, 921_600: B921600,
        ]
        guard let speed = speeds[baud] else {
            throw RadioError(.cannotOpen, "\(path): no serial speed of \(baud)")
        }
        var line = termios()
        guard tcgetattr(descriptor, &line) == 0 else {
            throw RadioError(.cannotOpen, "\(path) is not a serial line", errno: errno)
        }
        cfmakeraw(&line)
        // Hanging up on close resets many boards at the next open.
        line.c_cflag &= ~tcflag_t(HUPCL | CSTOPB) & ~tcflag_t(bitPattern(CRTSCTS))
        line.c_cflag |= tcflag_t(CLOCAL | CREAD | CS8)
        cfsetspeed(&line, speed_t(speed))
        guard tcsetattr(descriptor, TCSANOW, &line) == 0 else {
            throw RadioError(
                .cannotOpen, "\(path): \(String(cString: strerror(errno)))", errno: errno)
        }
        tcflush(descriptor, TCIOFLUSH)
    }

    private static func bitPattern(_ value: some FixedWidthInteger) -> UInt32 {
        UInt32(truncatingIfNeeded: value)
    }
}
