import CBluetooth
import Glibc
package import KosCore
import Synchronization

/// What a thread does with its radio: a value that is told of commands, events and the time.
package protocol RadioUser: Sendable {
    associatedtype Command: Sendable
    var nextDeadline: Instant? { get }
    mutating func obey(_ command: Command, with radio: LoRaStation, at now: Instant)
    mutating func take(_ event: LoRaStation.Event, from radio: LoRaStation, at now: Instant)
    mutating func advance(to now: Instant, with radio: LoRaStation)
    /// The radio is no more: for good with a reason, as asked without.
    mutating func ended(_ reason: String?)
}

/// How a station is to be set up; it lives and dies on its thread.
package struct StationPlan: Sendable {
    package var address: RadioAddress
    package var ledger: LedgerFile
    package var waits = true
    package var reconnects = false
    package var forwards = false
    package var own: NodeID?
    package var seed: UInt64
    package var now: @Sendable () -> Instant

    package init(
        _ address: RadioAddress, ledger: LedgerFile, seed: UInt64,
        now: @escaping @Sendable () -> Instant
    ) {
        self.address = address
        self.ledger = ledger
        self.seed = seed
        self.now = now
    }

    func station() throws(LoRaSettingError) -> LoRaStation {
        try LoRaStation(
            address, ledger: ledger, waits: waits, reconnects: reconnects, forwards: forwards,
            own: own, seed: seed, now: now)
    }
}

/// A radio on a thread of its own, for programs whose loop is another one's.
package final class RadioThread<User: RadioUser>: Sendable {
    private struct Inbox: Sendable {
        var commands: [User.Command] = []
        var isStopping = false
        var isOver = false
    }
    private let inbox = Mutex(Inbox())
    /// A pipe: an octet in it wakes the thread.
    private let wake: (read: Int32, write: Int32)
    private static var maxCommands: Int { 4096 }

    /// Starts it. Nil without descriptors or threads.
    package init?(_ plan: StationPlan, _ user: User) {
        var pair: [Int32] = [0, 0]
        guard pipe(&pair) == 0 else { return nil }
        for end in pair {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        wake = (pair[0], pair[1])
        var thread = pthread_t()
        let start = Unmanaged.passRetained(Start { [self] in run(plan, user) })
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, start.toOpaque())
        guard code == 0 else {
            start.release()
            return nil
        }
        pthread_detach(thread)
    }

    deinit {
        close(wake.read)
        close(wake.write)
    }

    /// False when so much waits already that the command is dropped.
    @discardableResult
    package func post(_ command: User.Command) -> Bool {
        let isTaken = inbox.withLock { inbox in
            guard inbox.commands.count < RadioThread.maxCommands else { return false }
            inbox.commands.append(command)
            return true
        }
        ring()
        return isTaken
    }

    /// Ends it, and waits for a moment until the radio has been left in order.
    package func stop() {
        inbox.withLock { $0.isStopping = true }
        ring()
        for _ in 0..<1200 where !inbox.withLock({ $0.isOver }) { usleep(10_000) }
    }

    private func ring() {
        var octet: UInt8 = 0
        _ = write(wake.write, &octet, 1)
    }

    // MARK: On the thread

    private func run(_ plan: StationPlan, _ user: User) {
        var user = user
        let reason = work(plan, &user)
        user.ended(reason)
        inbox.withLock { $0.isOver = true }
    }

    /// Why it ended; nil when it was told to.
    private func work(_ plan: StationPlan, _ user: inout User) -> String? {
        do {
            let radio = try plan.station()
            radio.loop.watch(wake.read) { [wake] in
                var octets = [UInt8](repeating: 0, count: 64)
                while read(wake.read, &octets, octets.count) == octets.count {}
            }
            try radio.loop.open()
            defer { radio.loop.stop() }
            var limit: Instant?
            while true {
                let (commands, isStopping) = inbox.withLock { inbox in
                    defer { inbox.commands = [] }
                    return (inbox.commands, inbox.isStopping)
                }
                for command in commands { user.obey(command, with: radio, at: plan.now()) }
                // What was sent last is to leave still, if the law lets it soon.
                if isStopping {
                    limit = limit ?? plan.now() + .seconds(10)
                    if !radio.isBusy || limit.map({ $0 <= plan.now() }) ?? true { return nil }
                }
                user.advance(to: plan.now(), with: radio)
                var lost: String?
                try radio.turn(until: [user.nextDeadline, limit].compactMap { $0 }.min()) { event in
                    if case .lost(let reason, nil) = event { lost = reason }
                    user.take(event, from: radio, at: plan.now())
                }
                if let lost { return lost }
            }
        } catch let error as LoRaSettingError {
            return "\(error.setting) \(error.got) is not legal; legal: \(error.legal)"
        } catch {
            return "\(error)"
        }
    }
}

/// What a new thread is to do.
private final class Start: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}
