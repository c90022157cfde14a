/// The clock that counts sleep, against the one that does not.
package struct SleepDetector: Sendable {
    private static let least = Duration.seconds(1)
    private var last: Duration?

    package init() {}

    /// True when this host slept for a second or more since the last call.
    package mutating func hasSlept(awake: Instant, _ whole: Instant) -> Bool {
        let slept = whole - awake
        defer { last = slept }
        return last.map { slept - $0 > SleepDetector.least } ?? false
    }
}
