/// When a watch asks its methods again: after pauses that double while they bring nothing new, each
/// drawn between half and the whole of the step, and soon after the network changed.
package struct DiscoverySchedule: Engine {
    package enum Input: Sendable {
        /// A round of the method is over; `hasNews` when it brought something.
        case ended(DiscoveryMethodName, hasNews: Bool)
        /// The network is another one, or this host slept: what was learned may not hold.
        case disturbed
    }
    package typealias Output = DiscoveryMethodName

    private struct Pace: Sendable {
        var backoff: Backoff
        var last: Instant
    }
    /// A method is not asked more often than this, whatever happens.
    private static let least = Duration.seconds(5)

    private var paces: [DiscoveryMethodName: Pace] = [:]
    private var timers = Timers<DiscoveryMethodName>()
    private var random: SplitMix64
    private let first: Duration
    private let cap: Duration

    package init(first: Duration = .seconds(60), cap: Duration = .seconds(600), seed: UInt64) {
        self.first = first
        self.cap = cap
        random = SplitMix64(seed: seed)
    }

    package var nextDeadline: Instant? { timers.next }

    package mutating func handle(_ input: Input, at now: Instant, into outputs: inout [Output]) {
        switch input {
        case .ended(let method, let hasNews):
            var pace = paces[method] ?? Pace(backoff: Backoff(first: first, cap: cap), last: now)
            if hasNews { pace.backoff.reset() }
            pace.last = now
            timers.set(method, at: now + pace.backoff.next(using: &random))
            paces[method] = pace
        case .disturbed:
            for method in paces.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
                guard var pace = paces[method], timers.deadline(of: method) != nil else {
                    continue
                }
                pace.backoff.reset()
                let jitter = Int64.random(in: 500_000_000...1_500_000_000, using: &random)
                let soon = max(now, pace.last + DiscoverySchedule.least) + .nanoseconds(jitter)
                timers.set(method, at: min(soon, timers.deadline(of: method) ?? soon))
                paces[method] = pace
            }
        }
    }

    package mutating func advance(to now: Instant, into outputs: inout [Output]) {
        while let method = timers.popDue(at: now) { outputs.append(method) }
    }
}
