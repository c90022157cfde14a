/// What the node knows, as records.
extension MeshNode {
    /// Counters of every link, and of the node as a whole.
    package func metrics(
        at now: Instant, timestamp: Timestamp, interval: Duration?
    ) -> [MetricsRecord] {
        var total = MetricsRecord(timestamp: timestamp, nodeId: node)
        total.intervalMs = interval.map { Int($0.milliseconds) }
        for (reason, count) in dropped { total.dropped[reason.rawValue] = count }
        total.held = custody?.count
        total.routing = protocols.figures
        total.take(links.past, now: now, timestamp: timestamp)
        (total.nodes, total.connectivity) = mesh.connectivity
        total.availability = MeshNode.ratio(links.availability(at: now))
        total.discoveryMs = protocols.figures.discoveryMs ?? links.discoveryMs
        var records: [MetricsRecord] = []
        for (link, entry) in links.entries.sorted(by: { $0.key < $1.key }) {
            var record = MetricsRecord(timestamp: timestamp, nodeId: node)
            record.peer = entry.peer?.text ?? entry.traits.place
            record.transport = entry.traits.transport
            record.address = entry.traits.remote.description
            record.intervalMs = total.intervalMs
            record.queueLength = queueLength(of: link)
            record.take(entry.counters, now: now, timestamp: timestamp)
            record.rttMs = entry.roundTrip.map { ($0 * 1000).rounded() / 1000 }
            record.lossRatio = MeshNode.ratio(1 - min(1, entry.reliability))
            record.throughputBps = entry.bitsPerSecond
            if let history = entry.peer.flatMap({ links.histories[$0] }) {
                record.discoveryMs = history.discoveryMs
                record.availability = MeshNode.ratio(history.availability(at: now))
            }
            total.add(record)
            records.append(record)
        }
        total.average(records)
        return [total] + records
    }

    private static func ratio(_ value: Double) -> Double { (value * 10_000).rounded() / 10_000 }

    /// Every node that is known to be in the mesh: those of the map, those attached here, and those
    /// of which other relays have told.
    package func peerRecords(at timestamp: Timestamp) -> [PeerRecord] {
        let mapped = mesh.peerRecords(at: timestamp, own: node)
        var names = Set(mapped.map(\.nodeId.text))
        var others: [PeerRecord] = []
        let here = attachments.claims.map { ($0.node, node, $0.epoch) }
        let elsewhere = attachments.elsewhere.map { ($0.node, $0.place.relay, $0.place.epoch) }
        for (name, relay, epoch) in here + elsewhere where names.insert(name).inserted {
            guard let peer = NodeID(name) else { continue }
            others.append(MeshNode.attached(peer, to: relay, since: epoch, at: timestamp))
        }
        return mapped + others
    }

    /// A node as the relay that has it tells of it.
    package static func attached(
        _ node: NodeID, to relay: NodeID, since epoch: Int, at timestamp: Timestamp
    ) -> PeerRecord {
        var metadata = PeerRecord.Metadata(
            discoveryMethod: .bootstrap, lastSeen: Timestamp(milliseconds: Int64(epoch)))
        metadata.relay = relay
        var record = PeerRecord(
            nodeId: node, addresses: [], capabilities: [], metadata: metadata)
        record.timestamp = timestamp
        record.event = .found
        return record
    }

    /// The metrics as Prometheus reads them.
    package func exposition(at now: Instant, timestamp: Timestamp) -> String {
        let records = metrics(at: now, timestamp: timestamp, interval: nil)
        return PrometheusText(
            records, attached: attachments.claims.count, version: Version.toolkit
        ).text
    }

    /// Octets that wait in the node for their turn on some link.
    package var queuedOctets: Int { links.entries.keys.reduce(0) { $0 + queueLength(of: $1) } }

    /// The link to a neighbour as this node measures it; nil when it is gone.
    package func link(
        to peer: NodeID, event: LinkRecord.Event, at timestamp: Timestamp
    ) -> LinkRecord? {
        let last = event == .down ? links.departed[peer] : nil
        guard let entry = links.best(to: peer) ?? last else { return nil }
        var record = LinkRecord(
            source: node, destination: peer, transport: entry.traits.transport,
            latency: (entry.roundTrip ?? 2) / 2, reliability: min(1, entry.reliability))
        record.timestamp = timestamp
        record.event = event
        record.address = entry.traits.listeningAddress
        return record
    }
}

extension MetricsRecord {
    fileprivate mutating func take(_ counters: LinkCounters, now: Instant, timestamp: Timestamp) {
        bytesReceived = counters.bytesReceived
        bytesSent = counters.bytesSent
        packetsReceived = counters.packetsReceived
        packetsSent = counters.packetsSent
        errors = counters.errors
        lastActivity = timestamp + .nanoseconds(counters.lastActivity.nanoseconds - now.nanoseconds)
    }

    /// What the mesh as a whole takes and loses: the mean over the links, and the sum of what they
    /// carry.
    fileprivate mutating func average(_ links: [MetricsRecord]) {
        let trips = links.compactMap(\.rttMs)
        let losses = links.filter { $0.rttMs != nil }.compactMap(\.lossRatio)
        let rates = links.compactMap(\.throughputBps)
        func mean(_ values: [Double]) -> Double? {
            guard !values.isEmpty else { return nil }
            return (values.reduce(0, +) / Double(values.count) * 10_000).rounded() / 10_000
        }
        rttMs = mean(trips)
        lossRatio = mean(losses)
        throughputBps = rates.isEmpty ? nil : rates.reduce(0, +)
    }

    fileprivate mutating func add(_ link: MetricsRecord) {
        bytesReceived += link.bytesReceived
        bytesSent += link.bytesSent
        packetsReceived += link.packetsReceived
        packetsSent += link.packetsSent
        errors += link.errors
        lastActivity = max(lastActivity, link.lastActivity)
        queueLength += link.queueLength
    }
}

extension Notice {
    /// The notice as a record.
    package func record(at timestamp: Timestamp) -> RelayEventRecord {
        switch self {
        case .dropped(let reason, let packet, let from):
            RelayEventRecord(
                timestamp: timestamp, event: .dropped, packetId: packet, from: from, to: nil,
                reason: reason.rawValue, hops: 0, ttl: 0)
        case .shed(let reason, _, let from):
            RelayEventRecord(
                timestamp: timestamp, event: .dropped, packetId: "", from: from, to: nil,
                reason: reason.rawValue, hops: 0, ttl: 0)
        case .refused(let reason, let by):
            RelayEventRecord(
                timestamp: timestamp, event: .dropped, packetId: "", from: by, to: nil,
                reason: "\(DropReason.refused.rawValue): \(reason.rawValue)", hops: 0, ttl: 0)
        case .duplicate(let packet, let from, let hops, let ttl):
            RelayEventRecord(
                timestamp: timestamp, event: .dropped, packetId: packet, from: from, to: nil,
                reason: DropReason.duplicate.rawValue, hops: hops, ttl: ttl)
        case .forwarded(let packet, let from, let to, let hops, let ttl):
            RelayEventRecord(
                timestamp: timestamp, event: .forwarded, packetId: packet, from: from, to: to,
                hops: hops, ttl: ttl)
        case .received(let packet, let from, let hops, let ttl):
            RelayEventRecord(
                timestamp: timestamp, event: .received, packetId: packet, from: from, to: nil,
                hops: hops, ttl: ttl)
        case .handedOver(let packet, let relay):
            RelayEventRecord(
                timestamp: timestamp, event: .forwarded, packetId: packet, from: nil, to: relay,
                reason: "custody", hops: 0, ttl: 0)
        case .queued(let packet, let from, let hops, let ttl):
            RelayEventRecord(
                timestamp: timestamp, event: .queued, packetId: packet, from: from, to: nil,
                hops: hops, ttl: ttl)
        case .delivered(let packet, let from, let hops, let ttl):
            RelayEventRecord(
                timestamp: timestamp, event: .delivered, packetId: packet, from: from, to: nil,
                hops: hops, ttl: ttl)
        case .discovered(let node, let hops, let wait):
            RelayEventRecord(
                timestamp: timestamp, event: .discovered, packetId: "", from: nil, to: node,
                hops: hops, ttl: 0, afterMs: (wait.milliseconds * 1000).rounded() / 1000)
        case .switched(let name, let reason):
            RelayEventRecord(
                timestamp: timestamp, event: .switched, packetId: "", from: nil, to: name,
                reason: reason, hops: 0, ttl: 0)
        }
    }
}
