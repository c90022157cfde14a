/// Waits between tries: doubling from `first` to `cap`, each drawn between half and the whole of
/// the step, so that peers which lost the same relay do not come back together.
package struct Backoff: Sendable {
    package let first: Duration
    package let cap: Duration
    private var step: Duration

    package init(first: Duration = .milliseconds(200), cap: Duration = .seconds(30)) {
        self.first = first
        self.cap = cap
        step = first
    }

    package mutating func next(using random: inout some RandomNumberGenerator) -> Duration {
        let whole = step.nanoseconds
        step = min(cap, step * 2)
        return .nanoseconds(Int64.random(in: whole / 2...whole, using: &random))
    }

    package mutating func reset() { step = first }
}

/// A bucket that fills at `rate` tokens a second up to `burst`.
package struct TokenBucket: Sendable {
    package let rate: Double
    package let burst: Double
    private var tokens: Double
    private var filled: Instant

    package init(rate: Double, burst: Double, at now: Instant) {
        self.rate = rate
        self.burst = burst
        tokens = burst
        filled = now
    }

    /// Takes `amount` tokens, or none and says no.
    package mutating func take(_ amount: Double = 1, at now: Instant) -> Bool {
        fill(at: now)
        guard tokens >= amount else { return false }
        tokens -= amount
        return true
    }

    /// How long until `amount` tokens are there; never for more than `burst`.
    package mutating func wait(for amount: Double, at now: Instant) -> Duration? {
        fill(at: now)
        guard amount <= burst, rate > 0 else { return nil }
        return tokens >= amount ? .zero : .nanoseconds(Int64((amount - tokens) / rate * 1e9))
    }

    /// Takes `amount` tokens whether they are there or not; how long until nothing is owed.
    package mutating func spend(_ amount: Double, at now: Instant) -> Duration {
        fill(at: now)
        tokens -= amount
        guard tokens < 0, rate > 0 else { return .zero }
        return .nanoseconds(Int64(min(-tokens / rate, 60) * 1e9))
    }

    private mutating func fill(at now: Instant) {
        guard now > filled else { return }
        tokens = min(burst, tokens + (now - filled).seconds * rate)
        filled = now
    }
}
