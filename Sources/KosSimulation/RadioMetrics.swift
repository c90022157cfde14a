package import KosCore

/// What a run of a scenario came to.
package struct RadioMetrics: Hashable, Sendable {
    package struct Sample: Hashable, Sendable {
        package let time: Instant
        /// Share of the nodes in the largest connected part.
        package let connectivity: Double
        /// Share of the flows that had a next hop at their source.
        package let availability: Double
        package let delivered: Int
    }

    package var events = 0
    package var dataSent = 0
    package var dataDelivered = 0
    package var dataDuplicated = 0
    /// Transmissions of the protocol's own messages and their octets (IP and UDP headers included).
    package var controlFrames = 0
    package var controlOctets = 0
    package var dataFrames = 0
    package var dataOctets = 0
    package var collisions = 0
    package var undelivered = 0
    /// Datagrams of applications that the link layer lost: nobody acknowledged them and they did
    /// not come back, or nobody answered for the next hop's address.
    package var unacknowledged = 0
    package var unresolved = 0
    /// Transmissions of questions for link addresses and answers to them.
    package var resolutionFrames = 0
    package var queueDrops = 0
    package var dropped: [RoutingDropReason: Int] = [:]
    package var rejected = 0
    /// One a datagram that arrived, in nanoseconds, in order of arrival.
    package var delays: [Int64] = []
    package var hops: [Int] = []
    package var discoveryTimes: [Int64] = []
    package var samples: [Sample] = []
    /// Datagrams that came back to a node that had passed them on.
    package var revisits = 0

    package init() {}

    package var deliveryRatio: Double {
        dataSent == 0 ? 1 : Double(dataDelivered) / Double(dataSent)
    }

    /// The delay that `share` of the datagrams did not exceed, in milliseconds; nil if none came.
    package func delayMilliseconds(_ share: Double) -> Double? {
        RadioMetrics.percentile(delays, share).map { Double($0) / 1e6 }
    }

    package var meanHops: Double {
        hops.isEmpty ? 0 : Double(hops.reduce(0, +)) / Double(hops.count)
    }

    package func discoveryMilliseconds(_ share: Double) -> Double? {
        RadioMetrics.percentile(discoveryTimes, share).map { Double($0) / 1e6 }
    }

    /// Nearest rank.
    package static func percentile(_ values: [Int64], _ share: Double) -> Int64? {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        let rank = Int((share * Double(sorted.count)).rounded(.up))
        return sorted[min(sorted.count - 1, max(0, rank - 1))]
    }
}
