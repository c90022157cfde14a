/// Queues and rates of links: what waits, in which order it goes, and who is not read from.
extension DataLinkLayer {
    /// Octets that are written before the link is asked again.
    private static let budget = 128 << 10

    /// A word of this node's own for one link.
    mutating func post(
        _ line: [UInt8], on link: LinkID, at now: Instant, into flow: inout Flow<Hop, Frame>
    ) {
        if outboxes[link] != nil {
            hold(line, 1, .control, for: link, at: now, into: &flow)
        } else {
            transmit(line, on: link, count: 1, at: now, into: &flow)
        }
    }

    mutating func block(_ link: LinkID) {
        guard links[link] != nil else { return }
        if outboxes[link] == nil { outboxes[link] = Outbox(settings.outbox) }
        outboxes[link]?.isBlocked = true
    }

    mutating func hold(
        _ lines: [UInt8], _ count: Int, _ kind: TrafficClass, for link: LinkID, at now: Instant,
        into flow: inout Flow<Hop, Frame>
    ) {
        outboxes[link]?.append(lines, count: count, kind, at: now)
        tellDrops(of: link, into: &flow)
    }

    /// Writes some of what waits; the rest when the link had its say.
    mutating func drain(_ link: LinkID, at now: Instant, into flow: inout Flow<Hop, Frame>) {
        guard outboxes[link]?.isBlocked == false else { return }
        let parcels = outboxes[link]?.take(DataLinkLayer.budget, at: now) ?? []
        tellDrops(of: link, into: &flow)
        for parcel in parcels {
            transmit(parcel.octets, on: link, count: parcel.count, at: now, into: &flow)
        }
        if outboxes[link]?.isEmpty == true {
            outboxes[link] = nil
        } else {
            timers.set(.drain(link), at: now)
        }
    }

    private mutating func tellDrops(of link: LinkID, into flow: inout Flow<Hop, Frame>) {
        guard let drops = outboxes[link]?.takeDrops() else { return }
        let place = links[link].map { $0.peer?.text ?? $0.traits.place } ?? ""
        if drops.overflow > 0 {
            flow.notices.append(.shed(.queueFull, count: drops.overflow, from: place))
        }
        if drops.delayed > 0 {
            flow.notices.append(.shed(.delayed, count: drops.delayed, from: place))
        }
    }

    /// The link is gone, and what waited for it with it.
    mutating func forget(_ link: LinkID, into flow: inout Flow<Hop, Frame>) {
        timers.cancel(.drain(link))
        timers.cancel(.resume(link))
        buckets["link \(link.number)"] = nil
        guard let outbox = outboxes.removeValue(forKey: link), outbox.count > 0 else { return }
        let place = links[link].map { $0.peer?.text ?? $0.traits.place } ?? ""
        flow.notices.append(.shed(.linkLost, count: outbox.count, from: place))
    }

    // MARK: Rates

    func isPaused(_ link: LinkID) -> Bool { timers.deadline(of: .resume(link)) != nil }

    /// Counts data that a relay brought against the rate of the node that has sent it, wherever
    /// that is. The relay is read from all the same, since others send through it: what is too much
    /// is dropped.
    mutating func admits(
        _ text: borrowing Span<UInt8>, _ scan: PacketScan, from link: LinkID, at now: Instant
    ) -> Bool {
        guard let rate = settings.rate, links[link]?.info?.role == .relay,
            !["control", "routing", "discovery", "heartbeat"].contains(where: {
                scan.type.equals($0, in: text)
            })
        else { return true }
        if buckets.count > LinkTable.maxLinks { buckets.removeAll() }
        let name = scan.source.string(in: text)
        return buckets[name, default: TokenBucket(rate: rate, burst: max(1, rate), at: now)]
            .take(at: now)
    }

    /// Counts what a neighbour brought against its rate. One that brought too much is not read
    /// from until that is paid off: it waits, nothing of it is lost, and nobody else is touched.
    /// Relays, who bring what others have sent, are not counted.
    mutating func charge(
        _ packets: Int, to link: LinkID, at now: Instant, into flow: inout Flow<Hop, Frame>
    ) {
        guard let rate = settings.rate, packets > 0, let entry = links[link],
            entry.info?.role != .relay
        else { return }
        // Bounded by the links' own limit, but for those who come and go under new names.
        if buckets.count > LinkTable.maxLinks { buckets.removeAll() }
        let name = entry.peer?.text ?? "link \(link.number)"
        let wait =
            buckets[name, default: TokenBucket(rate: rate, burst: rate, at: now)]
            .spend(Double(packets), at: now)
        guard wait > .zero else { return }
        if !isPaused(link) { flow.down.append(.read(link, false)) }
        timers.set(.resume(link), at: now + wait)
    }
}
