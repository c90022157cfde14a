package import KosCore

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
    private let thread: CommandThread<User.Command>

    /// Starts it. Nil without descriptors or threads.
    package init?(_ plan: StationPlan, _ user: User) {
        guard let thread = CommandThread<User.Command>(maxCommands: 4096) else { return nil }
        self.thread = thread
        let isStarted = thread.start { thread in
            var user = user
            let reason = RadioThread.work(plan, &user, thread)
            user.ended(reason)
        }
        guard isStarted else { return nil }
    }

    /// False when so much waits already that the command is dropped.
    @discardableResult
    package func post(_ command: User.Command) -> Bool { thread.post(command) }

    /// Ends it, and waits for a moment until the radio has been left in order.
    package func stop() { thread.stop(within: 12) }

    // MARK: On the thread

    /// Why it ended; nil when it was told to.
    private static func work(
        _ plan: StationPlan, _ user: inout User, _ thread: CommandThread<User.Command>
    ) -> String? {
        do {
            let radio = try plan.station()
            radio.loop.watch(thread.descriptor) { thread.settle() }
            try radio.loop.open()
            defer { radio.loop.stop() }
            var limit: Instant?
            while true {
                let (commands, isStopping) = thread.take()
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
