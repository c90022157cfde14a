import KosCore
import KosTool

/// `--rate` and `--interval`: when the next packet may go.
struct Pace {
    private let gap: Duration?
    private var next: Instant = .zero

    init(_ options: KosSend) {
        let byRate = options.content.rate.map { Duration.nanoseconds(Int64(1e9 / $0.perSecond)) }
        let isProbing = options.probe || options.trace
        gap = [byRate, isProbing ? nil : options.interval?.duration].compactMap { $0 }.max()
    }

    var isLimited: Bool { gap != nil }

    /// Nil when a packet may go now, and counts it; else how long to wait.
    mutating func wait() -> Duration? {
        guard let gap else { return nil }
        let now = SystemClock.now
        guard next <= now else { return next - now }
        // A timer that came late is caught up with, by a tenth of a second at most.
        next = max(next, now + .milliseconds(-100)) + gap
        return nil
    }
}
