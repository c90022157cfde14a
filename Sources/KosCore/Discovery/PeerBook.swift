/// Who is there: sightings of all methods in, one record a peer and its changes out.
///
/// A peer is its node id. Sightings are merged over methods, interfaces and IP versions; a new peer
/// is held back for `hold` so that its first record is whole. A peer whose last sighting was
/// withdrawn or ran out has left. Everything is bounded, and what was not believed is counted.
package struct PeerBook: Engine {
    package enum Input: Sendable {
        case seen(Sighting, at: Timestamp)
        /// Nothing more is to be expected about the peer seen here: it need not be held back.
        case whole(Sighting.Source, at: Timestamp)
        /// The method says that this observation no longer holds.
        case lost(Sighting.Source, PeerRecord.Reason, at: Timestamp)
        /// All observations of a method are in doubt: they run out after `within` unless renewed.
        case doubted(DiscoveryMethodName, within: Duration)
        /// Peers that appear from now on have joined; those before were found.
        case settled
        /// What is held back is let go.
        case flush(at: Timestamp)
    }
    package typealias Output = PeerRecord

    package enum Drop: String, Hashable, Sendable, CaseIterable {
        case forged, unsigned, replayed, unsignedForSigned, tooMany, tooManyNearby, tooManySources
    }
    package struct Limits: Sendable {
        package var peers = 4096
        /// Peers of one /24 or /48 (loopback excepted).
        package var peersNearby = 512
        package var sourcesPerPeer = 32
        package var addressesPerPeer = 32
        package var capabilities = 64
        package init() {}
    }

    private struct Observation: Sendable {
        var sighting: Sighting
        var expiry: Instant?
    }
    private struct Peer: Sendable {
        var observations: [Sighting.Source: Observation] = [:]
        var firstSeen: Timestamp
        var lastSeen: Timestamp
        /// The last sequence number of each kind of document that the node signed.
        var sequences: [Sighting.Document: Int64] = [:]
        var neighbourhood: [UInt8]?
        /// What was last written; nil while the peer is held back.
        var shown: PeerRecord?
    }
    private enum Alarm: Hashable, Sendable {
        case show(NodeID), expire(Sighting.Source)
    }

    private let limits: Limits
    private let hold: Duration
    private let requiresSignature: Bool
    private var peers: [NodeID: Peer] = [:]
    private var owners: [Sighting.Source: NodeID] = [:]
    private var neighbourhoods: [[UInt8]: Int] = [:]
    private var timers = Timers<Alarm>()
    private var isSettled = false
    /// Wall clock minus monotonic clock at the last input, in ms: ageing has no time of its own.
    private var wall: (Timestamp, Instant)?
    package private(set) var drops: [Drop: Int] = [:]

    package init(hold: Duration, requiresSignature: Bool = false, limits: Limits = Limits()) {
        self.hold = hold
        self.requiresSignature = requiresSignature
        self.limits = limits
    }

    package var count: Int { peers.count }
    package var nextDeadline: Instant? { timers.next }
    package func contains(_ node: NodeID) -> Bool { peers[node] != nil }
    /// Whether the observation is one that still counts.
    package func holds(_ source: Sighting.Source) -> Bool { owners[source] != nil }

    /// Records of all peers as they stand, by node id.
    package var records: [PeerRecord] {
        peers.keys.sorted().compactMap { node in peers[node].map { record(node, $0) } }
    }

    package mutating func handle(_ input: Input, at now: Instant, into outputs: inout [PeerRecord])
    {
        advance(to: now, into: &outputs)
        switch input {
        case .seen(let sighting, let time):
            wall = (time, now)
            see(sighting, time, now, &outputs)
        case .whole(let source, let time):
            guard let node = owners[source], peers[node]?.shown == nil else { return }
            timers.cancel(.show(node))
            show(node, time, &outputs)
        case .lost(let source, let reason, let time):
            wall = (time, now)
            lose(source, reason, time, now, &outputs)
        case .doubted(let method, let within):
            for source in owners.keys.sorted() where source.method == method {
                let known = timers.deadline(of: .expire(source))
                timers.set(.expire(source), at: min(now + within, known ?? .distantFuture))
            }
        case .settled: isSettled = true
        case .flush(let time):
            wall = (time, now)
            for node in peers.keys.sorted() where timers.deadline(of: .show(node)) != nil {
                timers.cancel(.show(node))
                show(node, time, &outputs)
            }
        }
    }

    package mutating func advance(to now: Instant, into outputs: inout [PeerRecord]) {
        while let alarm = timers.popDue(at: now) {
            let time = wall.map { $0.0 + (now - $0.1) } ?? Timestamp(milliseconds: 0)
            switch alarm {
            case .show(let node): show(node, time, &outputs)
            case .expire(let source):
                let held = owners[source].flatMap { peers[$0]?.observations[source] }
                let reason: PeerRecord.Reason = held?.expiry == nil ? .unreachable : .expired
                lose(source, reason, time, now, &outputs)
            }
        }
    }
}

// MARK: - Seeing

extension PeerBook {
    private mutating func see(
        _ sighting: Sighting, _ time: Timestamp, _ now: Instant, _ outputs: inout [PeerRecord]
    ) {
        if let owner = owners[sighting.source], owner != sighting.nodeId {
            // The same place now names another node: the one before it is gone from there.
            lose(sighting.source, .expired, time, now, &outputs)
        }
        if let drop = reasonToDrop(sighting) {
            drops[drop, default: 0] += 1
            return
        }
        let node = sighting.nodeId
        var peer = peers[node] ?? Peer(firstSeen: time, lastSeen: time)
        let isNew = peers[node] == nil
        if case .signed(let sequence) = sighting.trust {
            if peer.sequences.isEmpty { forgetUnsigned(&peer) }
            let last = peer.sequences[sighting.document] ?? sequence
            peer.sequences[sighting.document] = max(sequence, last)
        }
        peer.lastSeen = time
        let expiry = sighting.lifetime.map { now + $0 }
        peer.observations[sighting.source] = Observation(
            sighting: bounded(sighting), expiry: expiry)
        owners[sighting.source] = node
        if let expiry {
            timers.set(.expire(sighting.source), at: expiry)
        } else {
            timers.cancel(.expire(sighting.source))
        }
        if isNew {
            peer.neighbourhood = PeerBook.neighbourhood(sighting)
            if let near = peer.neighbourhood { neighbourhoods[near, default: 0] += 1 }
        }
        peers[node] = peer
        guard hold > .zero else { return show(node, time, &outputs) }
        // News about a peer that is held back hold it back anew, so that it comes out whole.
        if peer.shown == nil { timers.set(.show(node), at: now + hold) } else { note(node, now) }
    }

    /// A change is told `hold` after its first sign, with whatever came in between.
    private mutating func note(_ node: NodeID, _ now: Instant) {
        if timers.deadline(of: .show(node)) == nil { timers.set(.show(node), at: now + hold) }
    }

    private func reasonToDrop(_ sighting: Sighting) -> Drop? {
        let known = peers[sighting.nodeId]
        switch sighting.trust {
        case .forged: return .forged
        case .signed(let sequence):
            if let last = known?.sequences[sighting.document], sequence < last { return .replayed }
        case .unsigned, .opaque:
            if requiresSignature { return .unsigned }
            if known?.sequences.isEmpty == false { return .unsignedForSigned }
        }
        if let known {
            let isFull = known.observations.count >= limits.sourcesPerPeer
            return isFull && known.observations[sighting.source] == nil ? .tooManySources : nil
        }
        guard peers.count < limits.peers else { return .tooMany }
        let near = PeerBook.neighbourhood(sighting).map { neighbourhoods[$0] ?? 0 } ?? 0
        return near >= limits.peersNearby ? .tooManyNearby : nil
    }

    /// A signed announcement replaces what others said of the node before.
    private mutating func forgetUnsigned(_ peer: inout Peer) {
        for source in peer.observations.keys {
            owners.removeValue(forKey: source)
            timers.cancel(.expire(source))
        }
        peer.observations = [:]
    }

    private func bounded(_ sighting: Sighting) -> Sighting {
        var sighting = sighting
        sighting.addresses = Array(sighting.addresses.prefix(limits.addressesPerPeer))
        sighting.capabilities = Array(sighting.capabilities.prefix(limits.capabilities))
        return sighting
    }

    private static func neighbourhood(_ sighting: Sighting) -> [UInt8]? {
        guard let first = sighting.addresses.lazy.compactMap({ IPAddress($0.address) }).first,
            !first.isLoopback
        else { return nil }
        return first.neighbourhood
    }

    private mutating func lose(
        _ source: Sighting.Source, _ reason: PeerRecord.Reason, _ time: Timestamp, _ now: Instant,
        _ outputs: inout [PeerRecord]
    ) {
        timers.cancel(.expire(source))
        guard let node = owners.removeValue(forKey: source), var peer = peers[node] else { return }
        peer.observations.removeValue(forKey: source)
        peers[node] = peer
        guard peer.observations.isEmpty else {
            if peer.shown != nil { note(node, now) }
            return
        }
        peers.removeValue(forKey: node)
        timers.cancel(.show(node))
        if let near = peer.neighbourhood {
            let left = (neighbourhoods[near] ?? 1) - 1
            neighbourhoods[near] = left > 0 ? left : nil
        }
        guard var last = peer.shown else { return }
        last.timestamp = time
        last.event = .left
        last.reason = reason
        last.addresses = []
        last.metadata.lastSeen = peer.lastSeen
        last.metadata.txt = nil
        last.metadata.ttlMs = nil
        outputs.append(last)
    }
}

// MARK: - Records

extension PeerBook {
    private mutating func show(_ node: NodeID, _ time: Timestamp, _ outputs: inout [PeerRecord]) {
        guard var peer = peers[node] else { return }
        guard peer.shown == nil else { return change(node, time, &outputs) }
        var record = record(node, peer)
        record.timestamp = time
        record.event = isSettled ? .joined : .found
        peer.shown = record
        peers[node] = peer
        outputs.append(record)
    }

    /// Writes a record when something a reader would care about differs from what was last written.
    private mutating func change(_ node: NodeID, _ time: Timestamp, _ outputs: inout [PeerRecord]) {
        guard var peer = peers[node], let shown = peer.shown else { return }
        var record = record(node, peer)
        guard !PeerBook.isSame(record, shown) else { return }
        record.timestamp = time
        record.event = .changed
        peer.shown = record
        peers[node] = peer
        outputs.append(record)
    }

    private static func isSame(_ left: PeerRecord, _ right: PeerRecord) -> Bool {
        left.addresses == right.addresses && left.capabilities == right.capabilities
            && left.metadata.signed == right.metadata.signed
            && left.metadata.name == right.metadata.name
            && left.metadata.methods == right.metadata.methods
            && withoutRenewal(left.metadata.txt) == withoutRenewal(right.metadata.txt)
    }

    /// A renewed announcement has a new time and signature, and says nothing new.
    private static func withoutRenewal(_ txt: JSONObject?) -> JSONObject? {
        var txt = txt
        txt?["timestamp"] = nil
        txt?["signature"] = nil
        return txt
    }

    private func record(_ node: NodeID, _ peer: Peer) -> PeerRecord {
        let sightings = peer.observations.sorted { $0.key < $1.key }.map(\.value.sighting)
        // The newest word of a node holds for all that it says but its addresses.
        let best = sightings.max { PeerBook.rank($0.trust) < PeerBook.rank($1.trust) }
        var metadata = PeerRecord.Metadata(
            discoveryMethod: sightings.first?.source.method ?? .static, lastSeen: peer.lastSeen)
        metadata.firstSeen = peer.firstSeen
        metadata.ttlMs = best?.ttlMs
        metadata.rttMs = sightings.compactMap(\.rttMs).min()
        metadata.rssiDbm = sightings.compactMap(\.rssiDbm).max()
        metadata.snrDb = sightings.compactMap(\.snrDb).max()
        metadata.name = sightings.compactMap(\.name).first
        var methods: [String] = []
        for sighting in sightings where !methods.contains(sighting.source.method.rawValue) {
            methods.append(sighting.source.method.rawValue)
        }
        metadata.methods = methods
        metadata.txt = sightings.compactMap(\.txt).first
        switch best?.trust {
        case .signed: metadata.signed = true
        case .unsigned: metadata.signed = false
        case .opaque, .forged, nil: break
        }
        if sightings.contains(where: \.isSelf) { metadata.isSelf = true }
        return PeerRecord(
            nodeId: node, addresses: merged(sightings),
            capabilities: PeerBook.capabilities(sightings),
            metadata: metadata)
    }

    private static func rank(_ trust: Trust) -> Int64 {
        switch trust {
        case .signed(let sequence): max(2, sequence)
        case .unsigned, .opaque: 1
        case .forged: 0
        }
    }

    private static func capabilities(_ sightings: [Sighting]) -> [String] {
        var seen: Set<String> = []
        var all: [String] = []
        let newest = sightings.map { rank($0.trust) }.max() ?? 0
        for sighting in sightings where newest <= 1 || rank(sighting.trust) == newest {
            for capability in sighting.capabilities where seen.insert(capability).inserted {
                all.append(capability)
            }
        }
        return Array(all.prefix(64))
    }

    /// All addresses once each: IPv4 first, link-local ones last; the interface tells apart only
    /// where the address alone does not.
    private func merged(_ sightings: [Sighting]) -> [PeerAddress] {
        var seen: Set<PeerAddress> = []
        var all: [(rank: Int, address: PeerAddress)] = []
        for sighting in sightings {
            for address in sighting.addresses {
                let ip = IPAddress(address.address)
                var key = address
                if ip?.isLinkLocal != true { key.interface = nil }
                guard seen.insert(key).inserted else { continue }
                all.append((PeerBook.rank(ip), address))
            }
        }
        let sorted = all.enumerated().sorted {
            ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset)
        }
        return sorted.prefix(limits.addressesPerPeer).map(\.element.address)
    }

    private static func rank(_ address: IPAddress?) -> Int {
        guard let address else { return 4 }
        if address.isLinkLocal { return 3 }
        return address.isIPv6 ? 2 : address.isLoopback ? 1 : 0
    }
}
