/// Several links to one neighbour: packets are spread over equals, and go on over the next link
/// when one breaks or falls silent.
extension DataLinkLayer {
    /// Sends a run over the links that are best for it. Packets of one flow, from one source to one
    /// destination, take the same link and stay in order.
    mutating func spread(
        _ lines: [UInt8], _ count: Int, _ kind: TrafficClass, to peer: NodeID, at now: Instant,
        into flow: inout Flow<Hop, Frame>
    ) {
        let equals = links.equals(to: peer, octets: lines.count / max(1, count), kind)
        guard equals.count > 1 else {
            guard let link = equals.first else { return }
            return put(lines, count, kind, on: link, at: now, into: &flow)
        }
        var shares = equals.map { _ in (octets: [UInt8](), count: 0) }
        Lines.forEach(of: lines) { range in
            let line = lines.span.extracting(range)
            var hash = OctetHash(seed: 0)
            if let scan = try? PacketScan(line, using: &reader) {
                hash.add(line, scan.source.range)
                hash.add(line, scan.destination.range)
            }
            let share = Int(UInt64(bitPattern: hash.folded) % UInt64(shares.count))
            shares[share].octets.append(lines.span, range)
            shares[share].octets.append(0x0A)
            shares[share].count += 1
        }
        for (link, share) in zip(equals, shares) where share.count > 0 {
            put(share.octets, share.count, kind, on: link, at: now, into: &flow)
        }
    }

    /// Writes a run, or queues it behind what waits already.
    mutating func put(
        _ lines: [UInt8], _ count: Int, _ kind: TrafficClass, on link: LinkID, at now: Instant,
        into flow: inout Flow<Hop, Frame>
    ) {
        if outboxes[link] != nil {
            hold(lines, count, kind, for: link, at: now, into: &flow)
        } else {
            transmit(lines, on: link, count: count, at: now, into: &flow)
        }
    }

    /// What waited for a link that is gone takes another one.
    mutating func moveOn(
        _ parcels: [Outbox.Parcel], to peer: NodeID, at now: Instant,
        into flow: inout Flow<Hop, Frame>
    ) {
        for parcel in parcels {
            spread(parcel.octets, parcel.count, .normal, to: peer, at: now, into: &flow)
        }
        flow.up.append(.rerouted)
    }

    // MARK: News

    /// Of the measured way to a neighbour: a change of the delay by this share and this many ms, or
    /// of the reliability by so much, is worth an announcement.
    private static let notable = (share: 0.3, milliseconds: 1.0, reliability: 0.05)

    /// Tells the mesh that a way has become better or worse, so that packets take the one that is
    /// best now.
    mutating func tellIfNotable(_ peer: NodeID, into flow: inout Flow<Hop, Frame>) {
        guard let measure = measure(of: peer), let last = told[peer] else { return }
        let notable = DataLinkLayer.notable
        let change = abs(measure.latency - last.latency)
        let isOther =
            change >= notable.milliseconds && change >= notable.share * last.latency
            || abs(measure.reliability - last.reliability) >= notable.reliability
        if isOther { tellChange(of: peer, into: &flow) }
    }

    // MARK: Silence

    /// How long an echo may take before the link is only the last choice.
    func echoPatience(of entry: LinkTable.Entry) -> Duration {
        let usual = Duration.nanoseconds(Int64((entry.roundTrip ?? 50) * 4e6))
        return min(settings.heartbeat / 2, max(.milliseconds(250), usual))
    }

    /// The time for an echo is over: unless something else came meanwhile, packets take another
    /// link, if there is one, long before this one is given up.
    mutating func suspect(_ link: LinkID, at now: Instant, into flow: inout Flow<Hop, Frame>) {
        guard let entry = links[link], entry.isAwaitingEcho, !entry.isSuspect, !isPaused(link),
            entry.lastReceived + echoPatience(of: entry) <= now
        else { return }
        links[link]?.isSuspect = true
        guard let peer = entry.peer, links.count(to: peer) > 1 else { return }
        tellChange(of: peer, into: &flow)
        flow.up.append(.rerouted)
    }
}
