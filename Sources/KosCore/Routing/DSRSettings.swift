/// The parameters of DSR, RFC 4728 §9, with its defaults. The flow state extension (§7) is left
/// out.
package struct DSRSettings: Hashable, Sendable {
    package var discoveryHopLimit: UInt8 = 255
    package var broadcastJitter: Duration = .milliseconds(10)
    package var routeCacheTimeout: Duration = .seconds(300)
    package var sendBufferTimeout: Duration = .seconds(30)
    package var requestTableSize = 64
    package var requestTableIDs = 16
    package var maxRequestRetransmissions = 16
    package var maxRequestPeriod: Duration = .seconds(10)
    package var requestPeriod: Duration = .milliseconds(500)
    package var nonpropagatingTimeout: Duration = .milliseconds(30)
    package var maintenanceBufferSize = 50
    package var maintenanceHoldoff: Duration = .milliseconds(250)
    package var maxMaintenanceRetransmissions = 2
    package var tryPassiveAcknowledgements = 1
    package var passiveAcknowledgementTimeout: Duration = .milliseconds(100)
    package var gratuitousReplyHoldoff: Duration = .seconds(1)
    package var maxSalvageCount: UInt8 = 15
    /// H of §8.2.5: a few times the delay of one hop.
    package var replyDelay: Duration = .milliseconds(2)

    /// Who confirms that a hop worked.
    package enum Confirmation: Hashable, Sendable {
        /// The link layer reports what it could not deliver.
        case linkLayer
        /// Overheard forwarding first, then Acknowledgement options, §3.3.2.
        case network
    }
    package var confirmation = Confirmation.linkLayer
    /// Nodes answer requests of others from their caches, §8.2.3.
    package var repliesFromCache = true
    /// Links live by the stability of their ends (Link-MaxLife, appendix A), not for a fixed time.
    package var adaptsLifetimes = false
    package var initialStability: Duration = .seconds(25)
    package var minLifetime: Duration = .seconds(1)
    package var cacheCapacity = 16_384

    package init() {}
}

/// Which requests of others a node has seen, RFC 4728 §4.3: so many initiators, the one heard of
/// least recently out first, and so many requests each.
package struct DSRRequestTable: Sendable {
    private struct Entry: Hashable, Sendable {
        let id: UInt16
        let target: RouterAddress
    }

    private let capacity: Int
    private let capacityEach: Int
    private var seen: [RouterAddress: [Entry]] = [:]
    private var order: [RouterAddress] = []

    package init(capacity: Int, each: Int) {
        self.capacity = max(1, capacity)
        capacityEach = max(1, each)
    }

    package var count: Int { seen.count }

    /// True when the request is new; it is not from now on.
    package mutating func insert(
        _ id: UInt16, for target: RouterAddress, by initiator: RouterAddress
    )
        -> Bool
    {
        let entry = Entry(id: id, target: target)
        if order.last != initiator {
            order.removeAll { $0 == initiator }
            order.append(initiator)
        }
        var entries = seen[initiator] ?? []
        guard !entries.contains(entry) else { return false }
        entries.append(entry)
        if entries.count > capacityEach { entries.removeFirst() }
        seen[initiator] = entries
        if order.count > capacity { seen[order.removeFirst()] = nil }
        return true
    }
}
