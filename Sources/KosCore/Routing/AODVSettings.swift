/// The parameters of AODV, RFC 3561 §10, with its defaults.
package struct AODVSettings: Hashable, Sendable {
    package var activeRouteTimeout: Duration = .milliseconds(3000)
    package var allowedHelloLoss = 2
    package var helloInterval: Duration = .milliseconds(1000)
    package var localAddTTL = 2
    package var netDiameter: UInt8 = 35
    package var nextHopWait: Duration = .milliseconds(50)
    package var nodeTraversalTime: Duration = .milliseconds(40)
    package var requestRetries = 2
    package var requestRateLimit = 10
    package var errorRateLimit = 10
    package var timeoutBuffer = 2
    package var ttlStart: UInt8 = 1
    package var ttlIncrement: UInt8 = 2
    package var ttlThreshold: UInt8 = 7

    /// Neighbours are watched by Hello messages, §6.9. Off where the link layer reports lost
    /// frames.
    package var usesHellos = true
    /// Breaks are repaired where they happen, if the destination is near, §6.12.
    package var repairsLocally = true
    /// Only the destination may answer: the D flag.
    package var destinationOnly = false
    /// Intermediate nodes that answer tell the destination: the G flag.
    package var gratuitousReplies = false
    /// Replies are acknowledged, and neighbours that do not hear us are shunned, §6.8.
    package var acknowledgesReplies = false
    /// Broadcasts of others wait a random time of at most this (RFC 5148).
    package var broadcastJitter: Duration = .milliseconds(10)
    /// After a start nothing is asked or passed on for DELETE_PERIOD, §6.13.
    package var waitsAfterReboot = false
    package var routeCapacity = 8192
    /// Where the own sequence number starts: above that of an earlier life, §6.1.
    package var firstSequence: UInt32 = 0
    /// RREQs of others passed on, per second; not in the RFC.
    package var forwardRateLimit = 500.0

    package init() {}

    package var myRouteTimeout: Duration { activeRouteTimeout * 2 }
    package var netTraversalTime: Duration { nodeTraversalTime * (2 * Int(netDiameter)) }
    package var pathDiscoveryTime: Duration { netTraversalTime * 2 }
    package var blacklistTimeout: Duration { netTraversalTime * requestRetries }
    package var deletePeriod: Duration { max(activeRouteTimeout, helloInterval) * 5 }
    /// 0.3 × NET_DIAMETER.
    package var maxRepairHops: Double { 0.3 * Double(netDiameter) }
    package var neighbourTimeout: Duration { helloInterval * allowedHelloLoss }

    package func ringTraversalTime(ttl: UInt8) -> Duration {
        nodeTraversalTime * (2 * (Int(ttl) + timeoutBuffer))
    }
}

/// An entry of the routing table, RFC 3561 §2 and §6.2.
package struct AODVRoute: Hashable, Sendable {
    package enum State: Hashable, Sendable {
        case valid
        case invalid
        case repairing
    }

    package let destination: RouterAddress
    /// The last known sequence number of the destination; nil if none is valid.
    package var sequence: UInt32?
    package var state = State.valid
    package var hopCount: UInt8
    package var nextHop: RouterAddress
    /// Neighbours that use this route through us, in order.
    package var precursors: [RouterAddress] = []
    /// Until then valid, or, when invalid, remembered.
    package var lifetime: Instant
    /// Until then in use by data.
    package var usedUntil = Instant.zero

    package init(
        to destination: RouterAddress, by nextHop: RouterAddress, hopCount: UInt8,
        sequence: UInt32?,
        lifetime: Instant
    ) {
        self.destination = destination
        self.nextHop = nextHop
        self.hopCount = hopCount
        self.sequence = sequence
        self.lifetime = lifetime
    }

    package var isValid: Bool { state == .valid }

    package func isActive(at now: Instant) -> Bool {
        isValid && (usedUntil > now || !precursors.isEmpty)
    }

    package mutating func addPrecursor(_ neighbour: RouterAddress) {
        guard !precursors.contains(neighbour) else { return }
        // Beyond this many it is cheaper to tell everybody.
        precursors.append(precursors.count < 32 ? neighbour : .broadcast)
        precursors = Array(Set(precursors)).sorted()
    }
}

/// Sequence numbers that wrap, RFC 3561 §6.1: the sign of the 32-bit difference decides.
package enum AODVSequence {
    package static func isNewer(_ left: UInt32, than right: UInt32) -> Bool {
        Int32(bitPattern: left &- right) > 0
    }

    package static func newest(_ left: UInt32, _ right: UInt32) -> UInt32 {
        isNewer(left, than: right) ? left : right
    }
}
