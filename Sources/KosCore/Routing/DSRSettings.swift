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

/// The link cache of DSR, RFC 4728 §4.1: every link heard of, and shortest ways over them.
package struct DSRCache: Sendable {
    private var links: [RouterAddress: [RouterAddress: Instant]] = [:]
    private var stability: [RouterAddress: Duration] = [:]
    private var found: [RouterAddress: [RouterAddress]] = [:]
    private var foundUntil = Instant.distantFuture
    package private(set) var count = 0
    private let settings: DSRSettings

    package init(settings: DSRSettings) { self.settings = settings }

    /// Learns the links of a way, in both directions: links are taken to work both ways.
    package mutating func learn(_ way: [RouterAddress], at now: Instant) {
        for (first, second) in zip(way, way.dropFirst()) where first != second {
            add(first, second, at: now)
            add(second, first, at: now)
        }
    }

    private mutating func add(_ from: RouterAddress, _ to: RouterAddress, at now: Instant) {
        let known = links[from]?[to]
        guard known != nil || count < settings.cacheCapacity else { return }
        let until = now + lifetime(from, to)
        if known == nil {
            count += 1
            found = [:]
        } else if let known, known <= now {
            found = [:]
        }
        if known.map({ $0 < until }) ?? true { links[from, default: [:]][to] = until }
    }

    private func lifetime(_ from: RouterAddress, _ to: RouterAddress) -> Duration {
        guard settings.adaptsLifetimes else { return settings.routeCacheTimeout }
        let ends = [from, to].map { stability[$0] ?? settings.initialStability }
        return max(settings.minLifetime, ends.min() ?? settings.initialStability)
    }

    /// Forgets a link that broke.
    package mutating func remove(_ from: RouterAddress, _ to: RouterAddress) {
        guard links[from]?.removeValue(forKey: to) != nil else { return }
        count -= 1
        found = [:]
        guard settings.adaptsLifetimes else { return }
        for end in [from, to] where stability.count < settings.cacheCapacity {
            let halved = (stability[end] ?? settings.initialStability) / 2
            stability[end] = max(settings.minLifetime, halved)
        }
    }

    /// The nodes after `source` on a shortest way to `destination`, which is last; nil without one.
    package mutating func path(
        from source: RouterAddress, to destination: RouterAddress, at now: Instant
    ) -> [RouterAddress]? {
        if foundUntil <= now { found = [:] }
        if let known = found[destination] { return known.isEmpty ? nil : known }
        if found.isEmpty { foundUntil = .distantFuture }
        let path = search(from: source, to: destination, at: now)
        if found.count < 1024 { found[destination] = path ?? [] }
        return path
    }

    private mutating func search(
        from source: RouterAddress, to destination: RouterAddress, at now: Instant
    ) -> [RouterAddress]? {
        var previous: [RouterAddress: RouterAddress] = [source: source]
        var layer = [source]
        while !layer.isEmpty, previous[destination] == nil {
            var next: [RouterAddress] = []
            for node in layer {
                for (to, until) in (links[node] ?? [:]).sorted(by: { $0.key < $1.key }) {
                    guard until > now else {
                        links[node]?[to] = nil
                        count -= 1
                        continue
                    }
                    foundUntil = min(foundUntil, until)
                    guard previous[to] == nil else { continue }
                    previous[to] = node
                    next.append(to)
                }
            }
            layer = next
        }
        guard previous[destination] != nil, destination != source else { return nil }
        var path = [destination]
        while let last = path.last, let node = previous[last], node != source { path.append(node) }
        return path.reversed()
    }

    package func hasLink(_ from: RouterAddress, _ to: RouterAddress, at now: Instant) -> Bool {
        links[from]?[to].map { $0 > now } ?? false
    }
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
