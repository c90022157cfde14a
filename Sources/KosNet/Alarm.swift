import KosCore
import NIOCore

/// The one wake-up that an engine's driver has planned on its loop.
struct Alarm {
    private var planned: (at: Instant, task: Scheduled<Void>)?

    /// It went off: nothing is planned.
    mutating func rang() { planned = nil }

    mutating func cancel() {
        planned?.task.cancel()
        planned = nil
    }

    /// Whether the plan that stands is for `deadline`.
    func isSet(for deadline: Instant?) -> Bool { planned?.at == deadline }

    /// Plans `ring` for `deadline`, or nothing when that is nil; a plan that stands is kept.
    mutating func set(
        _ deadline: Instant?, now: Instant, on loop: any EventLoop,
        _ ring: @escaping @Sendable () -> Void
    ) {
        if planned?.at == deadline { return }
        cancel()
        guard let deadline else { return }
        let wait = max(0, deadline.nanoseconds &- now.nanoseconds)
        planned = (deadline, loop.scheduleTask(in: .nanoseconds(wait), ring))
    }
}
