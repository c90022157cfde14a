import CAvahi
import KosCore

/// The one thread's wait: Avahi's descriptors and timers together with descriptors of one's own.
package final class AvahiLoop {
    private let poll: OpaquePointer
    private var watches: [Int32: OpaquePointer] = [:]
    fileprivate var ready: [Int32] = []

    /// Nil when there is no memory or descriptor left.
    package init?() {
        guard let poll = avahi_simple_poll_new() else { return nil }
        self.poll = poll
    }

    deinit {
        if let api = avahi_simple_poll_get(poll) {
            for watch in watches.values { api.pointee.watch_free(watch) }
        }
        avahi_simple_poll_free(poll)
    }

    var api: UnsafePointer<AvahiPoll>? { avahi_simple_poll_get(poll) }

    /// From now on `wait` tells when `descriptor` can be read.
    package func watch(_ descriptor: Int32) {
        guard watches[descriptor] == nil, let api else { return }
        let target = Unmanaged.passUnretained(self).toOpaque()
        watches[descriptor] = api.pointee.watch_new(
            api, descriptor, AVAHI_WATCH_IN,
            { _, fd, _, context in
                guard let context else { return }
                Unmanaged<AvahiLoop>.fromOpaque(context).takeUnretainedValue().ready.append(fd)
            }, target)
    }

    package func unwatch(_ descriptor: Int32) {
        guard let watch = watches.removeValue(forKey: descriptor), let api else { return }
        api.pointee.watch_free(watch)
    }

    /// Waits for at most `timeout` (without end when nil), runs Avahi's callbacks, and returns the
    /// own descriptors that can be read. Returns early whenever anything happened.
    package func wait(_ timeout: Duration?) -> [Int32] {
        ready = []
        // Rounded up: a wait that ends a fraction before its deadline would spin.
        let milliseconds = timeout.map {
            max(0, min(3_600_000, ($0.nanoseconds + 999_999) / 1_000_000))
        }
        _ = avahi_simple_poll_iterate(poll, milliseconds.map { Int32($0) } ?? -1)
        return ready
    }
}
