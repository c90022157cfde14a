/// A point on the monotonic clock, in nanoseconds since an arbitrary zero.
///
/// Drives timers; is never written down and never compared between machines.
package struct Instant: Hashable, Comparable, Sendable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static let zero = Instant(nanoseconds: 0)
    package static let distantFuture = Instant(nanoseconds: .max)

    package static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
    package static func + (left: Instant, right: Duration) -> Instant {
        let (sum, overflow) = left.nanoseconds.addingReportingOverflow(right.nanoseconds)
        return Instant(nanoseconds: overflow ? .max : sum)
    }
    package static func - (left: Instant, right: Instant) -> Duration {
        .nanoseconds(left.nanoseconds &- right.nanoseconds)
    }

    /// The earlier of two deadlines, each of which may not be there.
    package static func earlier(_ left: Instant?, _ right: Instant?) -> Instant? {
        guard let left else { return right }
        guard let right else { return left }
        return min(left, right)
    }
}

/// A point on the wall clock, in milliseconds since 1970 UTC, as every record has it.
///
/// Is written down and shown; never drives a timer, since it can jump.
package struct Timestamp: Hashable, Comparable, Sendable {
    package var milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }
    package static func + (left: Timestamp, right: Duration) -> Timestamp {
        let (sum, overflow) = left.milliseconds.addingReportingOverflow(
            right.nanoseconds / 1_000_000)
        return Timestamp(milliseconds: overflow ? .max : sum)
    }
    package static func - (left: Timestamp, right: Timestamp) -> Duration {
        .milliseconds(left.milliseconds &- right.milliseconds)
    }
}

extension Duration {
    /// Whole nanoseconds, saturating at ±292 years.
    package var nanoseconds: Int64 {
        let (whole, attoseconds) = components
        let (scaled, overflow) = whole.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return whole < 0 ? .min : .max }
        let (sum, carried) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        return carried ? (whole < 0 ? .min : .max) : sum
    }

    /// Milliseconds with their fraction, as records carry them.
    package var milliseconds: Double { Double(nanoseconds) / 1e6 }

    /// Seconds with their fraction.
    package var seconds: Double { Double(nanoseconds) / 1e9 }

    /// Reads `250ms`, `5s`, `2m`, `1h`, `1.5s`; a bare number is seconds. Nil for anything else,
    /// for a negative value, and beyond one year.
    package init?(text: some StringProtocol) {
        let units: [(String, Double)] = [
            ("us", 1e-6), ("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3600), ("d", 86400),
        ]
        var digits = text[...]
        var scale = 1.0
        for (suffix, factor) in units where digits.hasSuffix(suffix) {
            digits = digits.dropLast(suffix.count)
            scale = factor
            break
        }
        let isPlain = digits.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E }
        guard isPlain, let value = Double(digits), value * scale <= 366 * 86400 else { return nil }
        self = .nanoseconds(Int64((value * scale * 1e9).rounded()))
    }
}
