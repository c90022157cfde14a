import Glibc

/// Signals as flags and as octets on a pipe that a poll loop can watch; the handlers do nothing else.
package enum Signals {
    nonisolated(unsafe) private static var received: sig_atomic_t = 0
    nonisolated(unsafe) private static var writeEnd: Int32 = -1

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

    /// Ends the process by `number` as if it had never been caught, so that the shell sees the signal.
    package static func dieOf(_ number: Int32) -> Never {
        signal(number, SIG_DFL)
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, number)
        sigprocmask(SIG_UNBLOCK, &set, nil)
        raise(number)
        _exit(128 + number)
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
