/// The parameters of OLSR, RFC 3626 §18, with its defaults.
package struct OLSRSettings: Hashable, Sendable {
    package var helloInterval: Duration = .seconds(2)
    package var refreshInterval: Duration = .seconds(2)
    package var topologyInterval: Duration = .seconds(5)
    package var duplicateHoldTime: Duration = .seconds(30)
    /// 0 (never carries for others) ... 7 (always).
    package var willingness: UInt8 = 3
    /// 0: the multipoint relay selectors; 1: the relays too; 2: every symmetric neighbour. §15.1.
    package var topologyRedundancy = 0
    /// How many relays shall reach each node two hops away, §16.
    package var relayCoverage = 1
    /// Link hysteresis, §14.
    package var usesHysteresis = false
    package var hysteresisHigh = 0.8
    package var hysteresisLow = 0.3
    package var hysteresisScaling = 0.5
    /// Broken links that the link layer reports count at once, §13.
    package var heedsLinkLayer = false
    /// Networks behind this node, §12.
    package var networks: [OLSRMessage.Network] = []
    /// Changes of routes are put out as they happen; else routes are reckoned when asked for.
    package var reportsRoutes = false
    /// Bounds of the tables; not in the RFC.
    package var neighbourCapacity = 1024
    package var topologyCapacity = 65_536
    package var tupleCapacity = 262_144
    package var duplicateCapacity = 65_536

    package init() {}

    package var neighbourHoldTime: Duration { refreshInterval * 3 }
    package var topologyHoldTime: Duration { topologyInterval * 3 }
    package var maxJitter: Duration { helloInterval / 4 }
}

/// Willingness, RFC 3626 §18.8.
package enum OLSRWillingness {
    package static let never: UInt8 = 0
    package static let low: UInt8 = 1
    package static let normal: UInt8 = 3
    package static let high: UInt8 = 6
    package static let always: UInt8 = 7
}

/// A link as one side senses it, RFC 3626 §4.2.1, with the quality of §14.
package struct OLSRLink: Hashable, Sendable {
    package let local: RouterAddress
    package let remote: RouterAddress
    package var symmetricUntil: Instant
    package var asymmetricUntil: Instant
    package var until: Instant
    package var quality = 0.0
    package var isPending = false
    package var lostUntil = Instant.zero
    var lastSequence: UInt16?
    var expectedBy = Instant.distantFuture

    /// What a Hello says of it, §6.2 and §14.2.
    package func type(at now: Instant) -> OLSRMessage.LinkType {
        if lostUntil > now || isPending { return .lost }
        if symmetricUntil > now { return .symmetric }
        return asymmetricUntil > now ? .asymmetric : .lost
    }

    package func isSymmetric(at now: Instant) -> Bool {
        symmetricUntil > now && !isPending && lostUntil <= now
    }
}

/// Sequence numbers that wrap at 16 bits, RFC 3626 §19.
package enum OLSRSequence {
    package static func isNewer(_ left: UInt16, than right: UInt16) -> Bool {
        (left > right && left - right <= 32767) || (right > left && right - left > 32767)
    }
}
