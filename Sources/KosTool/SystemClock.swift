import Glibc
package import KosCore

/// The only reads of the two clocks and of the system's randomness.
package enum SystemClock {
    /// Monotonic; for timers.
    package static var now: Instant {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// Wall clock; for records.
    package static var timestamp: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// A seed that differs from run to run.
    package static var seed: UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }

    /// Waits without using the processor; signals that are handled do not shorten it.
    package static func sleep(_ duration: Duration) {
        let end = now + duration
        while true {
            let left = (end - now).nanoseconds
            guard left > 0 else { return }
            var wait = timespec(
                tv_sec: Int(left / 1_000_000_000), tv_nsec: Int(left % 1_000_000_000))
            nanosleep(&wait, nil)
        }
    }
}
