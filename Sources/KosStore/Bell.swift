import Glibc

/// Wakes one thread; rung any number of times before it looks, it wakes once or more often.
final class Bell: Sendable {
    private let ends: (read: Int32, write: Int32)

    /// Nil without descriptors.
    init?() {
        var pair: [Int32] = [0, 0]
        guard pipe(&pair) == 0 else { return nil }
        for end in pair {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        ends = (pair[0], pair[1])
    }

    deinit {
        close(ends.read)
        close(ends.write)
    }

    /// A pipe that is full has been rung already.
    func ring() {
        var octet: UInt8 = 0
        _ = write(ends.write, &octet, 1)
    }

    /// Waits for a ring, or for so many seconds; whether it rang.
    @discardableResult
    func wait(atMost seconds: Int32?) -> Bool {
        var waiting = pollfd(fd: ends.read, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, seconds.map { $0 * 1000 } ?? -1) > 0 else { return false }
        var octets = [UInt8](repeating: 0, count: 256)
        while read(ends.read, &octets, octets.count) == octets.count {}
        return true
    }
}
