import Glibc
import KosCore

/// Signals as flags and as octets on a pipe that a poll loop can watch; the handlers do nothing
/// else.
package enum Signals {
    nonisolated(unsafe) private static var received: sig_atomic_t = 0
    nonisolated(unsafe) private static var writeEnd: Int32 = -1
    // The file that must not outlive a one-shot that is killed; a C string made outside the
    // handler.
    nonisolated(unsafe) private static var doomed: UnsafeMutablePointer<CChar>?

    /// The last of SIGINT and SIGTERM that came after `catchTermination`; 0 before.
    package static var termination: Int32 { Int32(received) }
    package static var isPending: Bool { received != 0 }

    /// Reads as one octet per signal caught: its number. Nil when no pipe could be made.
    package static func descriptor(for signals: [Int32]) -> Int32? {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        writeEnd = ends[1]
        for number in signals { install(number) }
        return ends[0]
    }

    /// From now on SIGINT and SIGTERM set `termination`; a second one ends the process at once.
    package static func catchTermination() {
        for number in [SIGINT, SIGTERM] { install(number) }
    }

    /// Ends the process by `number` as if it had never been caught, so that the shell sees the
    /// signal.
    package static func dieOf(_ number: Int32) -> Never {
        signal(number, SIG_DFL)
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, number)
        sigprocmask(SIG_UNBLOCK, &set, nil)
        raise(number)
        _exit(128 + number)
    }

    /// A signal that ends a one-shot removes `path` first; nil forgets it. The shell still sees the
    /// signal.
    static func removeOnDeath(_ path: String?) {
        let old = doomed
        doomed = path.map { strdup($0) } ?? nil
        free(old)
        guard path != nil else { return }
        for number in [SIGINT, SIGTERM, SIGHUP] {
            // What the caller ignores (nohup) stays ignored.
            var current = sigaction()
            sigaction(number, nil, &current)
            if Int(
                bitPattern: unsafeBitCast(
                    current.__sigaction_handler.sa_handler, to: UnsafeRawPointer?.self)) == 1
            {
                continue
            }
            signal(number) { number in
                if let path = Signals.doomed { unlink(path) }
                signal(number, SIG_DFL)
                raise(number)
            }
        }
    }

    private static func install(_ number: Int32) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { number in
            let saved = errno
            if number == SIGINT || number == SIGTERM {
                if Signals.received != 0 {
                    signal(number, SIG_DFL)
                    raise(number)
                }
                Signals.received = sig_atomic_t(number)
            }
            if Signals.writeEnd >= 0 {
                var octet = UInt8(truncatingIfNeeded: number)
                _ = write(Signals.writeEnd, &octet, 1)
            }
            errno = saved
        }
        sigemptyset(&action.sa_mask)
        sigaction(number, &action, nil)
    }
}

/// The signals of a run that lasts until it is told to stop (kos(7) SIGNALS): SIGINT and SIGTERM
/// stop it, SIGUSR1 asks for a summary in between, SIGHUP for a reload.
package final class WatchSignals {
    package enum Event: Sendable {
        /// By which signal.
        case stop(Int32)
        case interim
        case reload
    }

    /// Can be read when a signal came: one octet each. `take` reads it.
    package let descriptor: Int32

    package init() throws(ToolFailure) {
        guard let end = Signals.descriptor(for: [SIGINT, SIGTERM, SIGUSR1, SIGHUP]) else {
            throw .system("resource", "cannot make a pipe for signals")
        }
        descriptor = end
    }

    /// Waits until a signal comes, or for so long.
    package func wait(_ duration: Duration) {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        poll(&entry, 1, Int32(clamping: max(0, duration.nanoseconds / 1_000_000)))
    }

    /// The signals since the last call.
    package func take() -> [Event] {
        var events: [Event] = []
        var octets = [UInt8](repeating: 0, count: 16)
        while true {
            let count = octets.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return events }
            events += WatchSignals.events(octets.prefix(count))
        }
    }

    /// What octets read from `descriptor` by somebody else stand for.
    package static func events(_ octets: some Sequence<UInt8>) -> [Event] {
        octets.map { octet in
            switch Int32(octet) {
            case SIGUSR1: .interim
            case SIGHUP: .reload
            default: .stop(Int32(octet))
            }
        }
    }
}
