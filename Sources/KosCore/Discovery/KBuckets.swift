/// The DHT's routing table (BEP 5): one bucket of up to eight nodes for each length of the prefix
/// that a node's id has in common with ours.
package struct KBuckets: Sendable {
    package static let bucketSize = 8
    /// Nodes of one /24 or /48 in a bucket: an attacker with one network cannot fill it.
    package static let maxNearby = 2
    /// Failed queries in a row after which a node is given up.
    package static let maxFailures = 2

    package struct Entry: Hashable, Sendable {
        package let node: DHTNode
        package var lastSeen: Instant
        /// Whether it ever answered us; what only asked us is not yet believed to be reachable.
        package var hasAnswered: Bool
        package var failures: Int
    }

    package let own: DHTKey
    private var buckets: [[Entry]]

    package init(own: DHTKey) {
        self.own = own
        buckets = Array(repeating: [], count: 161)
    }

    /// The same nodes as another id of ours has them.
    func moved(to own: DHTKey) -> KBuckets {
        var table = KBuckets(own: own)
        for entry in buckets.joined() where entry.node.id != own {
            let index = own.commonPrefix(with: entry.node.id)
            guard table.buckets[index].count < KBuckets.bucketSize else { continue }
            let near = entry.node.address.ip.neighbourhood
            let nearby = table.buckets[index].count { $0.node.address.ip.neighbourhood == near }
            if nearby < KBuckets.maxNearby { table.buckets[index].append(entry) }
        }
        return table
    }

    package var count: Int { buckets.reduce(0) { $0 + $1.count } }
    package var nodes: [DHTNode] { buckets.flatMap { $0.map(\.node) } }
    /// Nodes that answered, fit to be saved.
    package var goodNodes: [DHTNode] { buckets.flatMap { $0.filter(\.hasAnswered).map(\.node) } }

    /// Notes that `node` was heard. False when there was no room or it was not believed.
    @discardableResult
    package mutating func heard(_ node: DHTNode, hasAnswered: Bool, at now: Instant) -> Bool {
        guard node.id != own, DHTIdentity.isValid(node.id, at: node.address.ip) else {
            return false
        }
        let index = own.commonPrefix(with: node.id)
        if let known = buckets[index].firstIndex(where: { $0.node.id == node.id }) {
            // The same id at another address is somebody else, unless the known one is silent.
            guard buckets[index][known].node.address == node.address else { return false }
            buckets[index][known].lastSeen = now
            if hasAnswered {
                buckets[index][known].hasAnswered = true
                buckets[index][known].failures = 0
            }
            return true
        }
        let near = node.address.ip.neighbourhood
        let nearby = buckets[index].filter { $0.node.address.ip.neighbourhood == near }
        guard nearby.count < KBuckets.maxNearby,
            !nearby.contains(where: { $0.node.address == node.address })
        else { return false }
        let entry = Entry(node: node, lastSeen: now, hasAnswered: hasAnswered, failures: 0)
        if buckets[index].count < KBuckets.bucketSize {
            buckets[index].append(entry)
            return true
        }
        // A full bucket keeps the nodes that it has, but for bad and unproven ones.
        guard
            let bad = buckets[index].firstIndex(where: { $0.failures > 0 })
                ?? (hasAnswered ? buckets[index].firstIndex { !$0.hasAnswered } : nil)
        else { return false }
        buckets[index][bad] = entry
        return true
    }

    /// Notes that a query to `id` was not answered.
    package mutating func failed(_ id: DHTKey) {
        let index = own.commonPrefix(with: id)
        guard let known = buckets[index].firstIndex(where: { $0.node.id == id }) else { return }
        buckets[index][known].failures += 1
        if buckets[index][known].failures >= KBuckets.maxFailures {
            buckets[index].remove(at: known)
        }
    }

    /// The nodes nearest to `target`, nearest first.
    package func closest(to target: DHTKey, count: Int = KBuckets.bucketSize) -> [DHTNode] {
        // Every node of the target's bucket is nearer than all nodes of lower buckets, and those of
        // higher ones (which share more with us) are about as far as we are: the order of visits
        // saves a sort.
        let home = own.commonPrefix(with: target)
        var found = buckets[home].map(\.node)
        if found.count < count {
            for index in (home + 1)..<max(home + 1, 161) { found += buckets[index].map(\.node) }
        }
        var index = home - 1
        while index >= 0, found.count < count {
            found += buckets[index].map(\.node)
            index -= 1
        }
        found.sort { ($0.id ^ target) < ($1.id ^ target) }
        return Array(found.prefix(count))
    }

    /// The node that was silent for longest, if for longer than `age`.
    package func stalest(before limit: Instant) -> DHTNode? {
        var oldest: Entry?
        for bucket in buckets {
            for entry in bucket where entry.lastSeen < limit {
                if let known = oldest, known.lastSeen <= entry.lastSeen { continue }
                oldest = entry
            }
        }
        return oldest?.node
    }

    /// A key in the widest range from which no node is known, or in a range chosen by chance.
    package func keyToRefresh(using random: inout some RandomNumberGenerator) -> DHTKey {
        let deepest = buckets.lastIndex { !$0.isEmpty } ?? 0
        let wanted = buckets[...deepest].firstIndex { $0.count < KBuckets.bucketSize / 2 }
        let prefix = wanted ?? Int.random(in: 0...min(deepest + 1, 159), using: &random)
        return KBuckets.key(sharing: min(prefix, 159), with: own, using: &random)
    }

    /// A random key that has exactly `prefix` leading bits in common with `key`.
    package static func key(
        sharing prefix: Int, with key: DHTKey, using random: inout some RandomNumberGenerator
    ) -> DHTKey {
        var octets = DHTKey.random(using: &random).octets
        let model = key.octets
        for bit in 0...prefix {
            let mask = UInt8(0x80) >> UInt8(bit % 8)
            let wanted = (model[bit / 8] & mask != 0) != (bit == prefix)
            if wanted { octets[bit / 8] |= mask } else { octets[bit / 8] &= ~mask }
        }
        return DHTKey(octets) ?? key
    }
}
