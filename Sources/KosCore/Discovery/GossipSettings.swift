/// Timing of memberlist, and its formulas.
package struct GossipSettings: Sendable {
    package var probeInterval = Duration.seconds(1)
    package var probeTimeout = Duration.milliseconds(500)
    /// Members that are asked to ping one that is silent.
    package var indirectChecks = 3
    package var suspicionMultiplier = 4
    package var maxSuspicionMultiplier = 6
    package var retransmitMultiplier = 4
    package var gossipInterval = Duration.milliseconds(200)
    package var gossipNodes = 3
    package var pushPullInterval = Duration.seconds(30)
    /// How long the dead are still told, and their names are kept.
    package var gossipToDead = Duration.seconds(30)
    /// Lifeguard's awareness stays below this.
    package var maxAwareness = 8
    /// How long a stream may take.
    package var streamTimeout = Duration.seconds(10)
    /// Looks on without being a member: exchanges states, is told by nobody.
    package var isObserver = false
    /// How often an observer asks again.
    package var observeInterval = Duration.seconds(2)
    package var maxMembers = 16384
    package var maxBroadcasts = 4096
    package var maxRelays = 1024

    package static let lan = GossipSettings()
    package static let wan: GossipSettings = {
        var settings = GossipSettings()
        settings.probeInterval = .seconds(5)
        settings.probeTimeout = .seconds(3)
        settings.suspicionMultiplier = 6
        settings.gossipInterval = .milliseconds(500)
        settings.gossipNodes = 4
        settings.pushPullInterval = .seconds(60)
        settings.gossipToDead = .seconds(60)
        settings.streamTimeout = .seconds(30)
        settings.observeInterval = .seconds(10)
        return settings
    }()
    package static let local: GossipSettings = {
        var settings = GossipSettings()
        settings.probeTimeout = .milliseconds(200)
        settings.indirectChecks = 1
        settings.suspicionMultiplier = 3
        settings.retransmitMultiplier = 2
        settings.gossipInterval = .milliseconds(100)
        settings.pushPullInterval = .seconds(15)
        settings.gossipToDead = .seconds(15)
        settings.observeInterval = .seconds(1)
        return settings
    }()

    /// How often a broadcast is sent in a cluster of `count`: multiplier × ⌈log10(n + 1)⌉.
    package func retransmits(_ count: Int) -> Int {
        var digits = 0
        var rest = count
        while rest > 0 {
            digits += 1
            rest /= 10
        }
        return retransmitMultiplier * digits
    }

    /// The least time that a suspect of a cluster of `count` has: multiplier × max(1, log10 n) ×
    /// probe interval.
    package func minSuspicion(_ count: Int) -> Duration {
        let scale = max(
            1, Logarithm.natural(Double(max(1, count))) / Logarithm.natural(10))
        return probeInterval * (Double(suspicionMultiplier) * scale)
    }

    package func maxSuspicion(_ count: Int) -> Duration {
        minSuspicion(count) * maxSuspicionMultiplier
    }

    /// Confirmations after which only the least time is left.
    package func confirmations(_ count: Int) -> Int {
        let wanted = suspicionMultiplier - 2
        return count - 2 < wanted ? 0 : max(0, wanted)
    }

    /// The time that a suspect has after `confirmed` of `wanted` confirmations (Lifeguard):
    /// max − (max − min) × ln(c + 1) / ln(k + 1).
    package static func suspicion(
        min least: Duration, max most: Duration, confirmed: Int, wanted: Int
    ) -> Duration {
        guard wanted > 0 else { return least }
        let share =
            Logarithm.natural(Double(confirmed + 1)) / Logarithm.natural(Double(wanted + 1))
        return max(least, most - (most - least) * share)
    }

    /// Pause between exchanges of whole states: above 32 members it grows with their logarithm.
    package func pushPullPause(_ count: Int) -> Duration {
        guard count > 32 else { return pushPullInterval }
        let bits = Int.bitWidth - (count - 1).leadingZeroBitCount
        return pushPullInterval * (bits - 5 + 1)
    }
}
