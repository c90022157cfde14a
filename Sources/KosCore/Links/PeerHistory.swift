/// How a neighbour has been, since it was met first: how long it took until there was a way to it,
/// and for what share of the time there was one since.
package struct PeerHistory: Hashable, Sendable {
    package let since: Instant
    /// ms from the first connection to the first way; the seed's route discovery time.
    package let discoveryMs: Double
    private var up = Duration.zero
    private var upSince: Instant?
    package let isRelay: Bool

    package init(metAt now: Instant, after wait: Duration, isRelay: Bool) {
        since = now
        upSince = now
        discoveryMs = (wait.milliseconds * 1000).rounded() / 1000
        self.isRelay = isRelay
    }

    package mutating func cameBack(at now: Instant) { if upSince == nil { upSince = now } }

    package mutating func left(at now: Instant) {
        if let upSince { up += now - upSince }
        upSince = nil
    }

    package var isUp: Bool { upSince != nil }

    /// For how long it was there, of how long.
    package func span(at now: Instant) -> (up: Duration, whole: Duration) {
        (up + (upSince.map { now - $0 } ?? .zero), now - since)
    }

    /// Share of the time since it was met in which there was a link to it.
    package func availability(at now: Instant) -> Double {
        let (up, whole) = span(at: now)
        return whole > .zero ? min(1, up.seconds / whole.seconds) : 1
    }
}
