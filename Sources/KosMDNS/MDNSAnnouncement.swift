import Glibc
package import KosCore
import Synchronization

/// A service that Avahi's daemon announces, on a thread of its own: for programs whose loop is
/// another one.
package final class MDNSAnnouncement: Sendable {
    /// What the thread needs of the program.
    package struct Setup: Sendable {
        package var announcing: MDNSClient.Announcing
        /// How often `record` is asked anew; each time drawn between 80 % and the whole of it.
        package var renewal: Duration
        package var seed: UInt64
        package var now: @Sendable () -> Instant
        /// What the service says of itself now.
        package var record: @Sendable () -> TXTRecord?
        /// Called on the thread.
        package var tell: @Sendable (MDNSEvent) -> Void

        package init(
            announcing: MDNSClient.Announcing, renewal: Duration, seed: UInt64,
            now: @escaping @Sendable () -> Instant, record: @escaping @Sendable () -> TXTRecord?,
            tell: @escaping @Sendable (MDNSEvent) -> Void
        ) {
            self.announcing = announcing
            self.renewal = renewal
            self.seed = seed
            self.now = now
            self.record = record
            self.tell = tell
        }
    }
    private let setup: Setup
    /// Closing the writing end ends the thread.
    private let ends: (read: Int32, write: Int32)
    private let thread = Mutex<pthread_t?>(nil)

    /// Nil without descriptors or threads.
    package init?(_ setup: Setup) {
        var pair: [Int32] = [0, 0]
        guard pipe(&pair) == 0 else { return nil }
        for end in pair { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        ends = (pair[0], pair[1])
        self.setup = setup
        var made = pthread_t()
        let status = pthread_create(
            &made, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<MDNSAnnouncement>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        guard status == 0 else {
            Unmanaged.passUnretained(self).release()
            return nil
        }
        thread.withLock { $0 = made }
    }

    /// Says goodbye, and waits until that is said.
    package func stop() {
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        guard let running else { return }
        close(ends.write)
        pthread_join(running, nil)
        close(ends.read)
    }

    private func run() {
        guard let loop = AvahiLoop(),
            let client = MDNSClient(
                loop: loop, interface: nil, browsing: nil, announcing: setup.announcing,
                seed: setup.seed)
        else { return setup.tell(.unavailable(reason: "no descriptors left")) }
        loop.watch(ends.read)
        var random = SplitMix64(seed: setup.seed)
        func pause() -> Duration {
            .nanoseconds(
                Int64.random(
                    in: setup.renewal.nanoseconds / 5 * 4...setup.renewal.nanoseconds,
                    using: &random))
        }
        var renewal = setup.now() + pause()
        while true {
            client.advance(to: setup.now())
            for event in client.takeEvents() { setup.tell(event) }
            if setup.now() >= renewal {
                if let record = setup.record() { client.update(txt: record) }
                renewal = setup.now() + pause()
            }
            let next = min(renewal, client.nextDeadline ?? renewal)
            if loop.wait(max(.zero, next - setup.now())).contains(ends.read) { break }
        }
        client.withdraw()
        // The goodbye goes to the daemon with the next turn of the loop.
        _ = loop.wait(.milliseconds(50))
    }
}
