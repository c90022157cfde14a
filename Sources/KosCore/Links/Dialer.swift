/// Endpoints to which a connection is kept: dialled at once, and again after a growing, jittered
/// wait whenever the connection or the attempt fails.
package struct Dialer: Sendable {
    private enum State: Sendable {
        case waiting, dialling
        case open(LinkID, since: Instant)
    }
    /// A connection that lasted this long was a good one: the next wait is short again.
    private static let steady = Duration.seconds(1)
    /// The same where the other end had proven who it is.
    private static let proven = Duration.milliseconds(250)

    private struct Target: Sendable {
        var state = State.waiting
        /// No longer between two tries than a mesh may take to come together again.
        var backoff = Backoff(cap: .seconds(5))
    }
    private var targets: [Endpoint: Target] = [:]
    private var timers = Timers<Endpoint>()
    private var random: SplitMix64

    package init(seed: UInt64) { random = SplitMix64(seed: seed) }

    package var nextDeadline: Instant? { timers.next }

    package mutating func keep(_ endpoint: Endpoint, at now: Instant) {
        guard targets[endpoint] == nil else { return }
        targets[endpoint] = Target()
        timers.set(endpoint, at: now)
    }

    /// No connection is wanted there any more; one that is open may go on.
    package mutating func drop(_ endpoint: Endpoint) {
        targets[endpoint] = nil
        timers.cancel(endpoint)
    }

    /// An endpoint that is to be dialled now.
    package mutating func next(at now: Instant) -> Endpoint? {
        guard let endpoint = timers.popDue(at: now) else { return nil }
        targets[endpoint]?.state = .dialling
        return endpoint
    }

    package mutating func opened(_ link: LinkID, _ endpoint: Endpoint, at now: Instant) {
        guard case .dialling = targets[endpoint]?.state else { return }
        targets[endpoint]?.state = .open(link, since: now)
    }

    package mutating func failed(_ endpoint: Endpoint, at now: Instant) {
        guard case .dialling = targets[endpoint]?.state else { return }
        retry(endpoint, at: now)
    }

    package mutating func closed(_ link: LinkID, wasProven: Bool, at now: Instant) {
        for (endpoint, target) in targets {
            guard case .open(link, let since) = target.state else { continue }
            let steady = wasProven ? Dialer.proven : Dialer.steady
            if since + steady <= now { targets[endpoint]?.backoff.reset() }
            return retry(endpoint, at: now)
        }
    }

    private mutating func retry(_ endpoint: Endpoint, at now: Instant) {
        guard var target = targets[endpoint] else { return }
        target.state = .waiting
        timers.set(endpoint, at: now + target.backoff.next(using: &random))
        targets[endpoint] = target
    }
}
