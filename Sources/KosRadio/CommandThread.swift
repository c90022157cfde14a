import CBluetooth
import Glibc
import Synchronization

/// A thread that waits for descriptors with poll(2), and for commands of other threads.
final class CommandThread<Command: Sendable>: Sendable {
    private struct Inbox: Sendable {
        var commands: [Command] = []
        var isStopping = false
        var isOver = false
    }
    private let inbox = Mutex(Inbox())
    /// A pipe: an octet in it wakes the thread.
    private let wake: (read: Int32, write: Int32)
    private let maxCommands: Int

    /// Nil without descriptors. More than `maxCommands` do not wait.
    init?(maxCommands: Int = 16_384) {
        self.maxCommands = maxCommands
        var pair: [Int32] = [0, 0]
        guard pipe(&pair) == 0 else { return nil }
        for end in pair {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        wake = (pair[0], pair[1])
    }

    deinit {
        close(wake.read)
        close(wake.write)
    }

    /// Runs `body` on a thread of its own. False without threads.
    func start(_ body: @escaping @Sendable (CommandThread<Command>) -> Void) -> Bool {
        var thread = pthread_t()
        let start = Unmanaged.passRetained(
            Errand { [self] in
                body(self)
                inbox.withLock { $0.isOver = true }
            })
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Errand>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, start.toOpaque())
        guard code == 0 else {
            start.release()
            return false
        }
        pthread_detach(thread)
        return true
    }

    /// False when so much waits already that the command is dropped.
    @discardableResult
    func post(_ command: Command) -> Bool {
        let isTaken = inbox.withLock { inbox in
            guard inbox.commands.count < maxCommands else { return false }
            inbox.commands.append(command)
            return true
        }
        ring()
        return isTaken
    }

    /// Ends it, and waits for a moment until it has left everything in order.
    func stop(within seconds: Int = 5) {
        inbox.withLock { $0.isStopping = true }
        ring()
        for _ in 0..<seconds * 100 where !inbox.withLock({ $0.isOver }) { usleep(10_000) }
    }

    private func ring() {
        var octet: UInt8 = 0
        _ = write(wake.write, &octet, 1)
    }

    // MARK: On the thread

    /// What has been asked since the last time, and whether it is to end.
    func take() -> (commands: [Command], isStopping: Bool) {
        inbox.withLock { inbox in
            defer { inbox.commands = [] }
            return (inbox.commands, inbox.isStopping)
        }
    }

    /// For a thread that waits with a poll(2) of its own: ready when a command has come.
    var descriptor: Int32 { wake.read }

    /// What made `descriptor` ready is over.
    func settle() {
        var octets = [UInt8](repeating: 0, count: 64)
        while read(wake.read, &octets, octets.count) == octets.count {}
    }

    /// Waits until a descriptor is ready, a command has come or the time is over; the first entry
    /// of `entries` is this thread's own.
    func wait(_ entries: inout [pollfd], milliseconds: Int32) {
        entries.insert(pollfd(fd: wake.read, events: Int16(POLLIN), revents: 0), at: 0)
        poll(&entries, nfds_t(entries.count), milliseconds)
        if entries[0].revents != 0 { settle() }
    }
}

private final class Errand: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}
