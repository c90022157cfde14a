/// The backplane in the network layer: what no link leads to goes over it, and what comes from it
/// is treated as what comes from a neighbour, but never sent back.
extension NetworkLayer {
    /// News of the backplane; acted on when the layer is next advanced.
    package mutating func take(_ event: Backplane.Event, at now: Instant) {
        backplaneEvents.append(event)
        timers.set(.backplane, at: now)
    }

    package mutating func takeBackplaneRequests() -> [Backplane.Request] {
        defer { backplaneRequests = [] }
        return backplaneRequests
    }

    mutating func request(_ request: Backplane.Request) {
        if settings.hasBackplane { backplaneRequests.append(request) }
    }

    /// Hands a packet that has no other way to the backplane; false where there is none.
    mutating func entrust(
        _ text: borrowing Span<UInt8>, _ scan: PacketScan, _ origin: Origin,
        to destination: String, appending node: [UInt8]?
    ) -> Bool {
        guard isBackplaneUp, origin.place != Backplane.place, scan.ttl > 0 else { return false }
        var line: [UInt8] = []
        scan.forward(text, appending: node, into: &line)
        request(
            .forward(
                .init(
                    to: destination, line: Array(line.dropLast()),
                    original: text.indices.map { text[$0] })))
        return true
    }

    mutating func tendBackplane(at now: Instant, into flow: inout Flow<Segment, Hop>) {
        let events = backplaneEvents
        backplaneEvents = []
        for event in events {
            switch event {
            case .up:
                guard !isBackplaneUp else { continue }
                isBackplaneUp = true
                flow.notices.append(
                    .switched(to: Backplane.place, reason: "the backplane is there"))
                wakeCustody()
            case .down(let reason):
                guard isBackplaneUp else { continue }
                isBackplaneUp = false
                flow.notices.append(.switched(to: "mesh", reason: "backplane lost: \(reason)"))
                wakeCustody()
            case .present(let claim, let relay, let keeps):
                guard relay != author.node, attachments.hear(relay, keeps: keeps, at: now) else {
                    continue
                }
                hear(claim, of: relay)
            case .absent(let claim, let relay):
                if attachments.withdraw(claim, of: relay) { lose([claim.node]) }
            case .unwatched(let node):
                // What a relay tells over links as well it takes back there.
                guard let place = attachments.place(of: node),
                    attachments.sequence(of: place.relay) == 0
                else { continue }
                let claim = Attachments.Claim(node: node, epoch: place.epoch)
                if attachments.withdraw(claim, of: place.relay) { lose([node]) }
            case .arrived(let lines): receive(lines, at: now, into: &flow)
            case .nobody(let parcel): takeBack(parcel, at: now, into: &flow)
            }
        }
    }

    private mutating func receive(
        _ lines: [UInt8], at now: Instant, into flow: inout Flow<Segment, Hop>
    ) {
        let origin = Origin(link: nil, peer: nil, place: Backplane.place)
        var packets: [Run.Packet] = []
        let octets = lines.span
        var start = 0
        while start < octets.count {
            let end = octets.firstOffset(of: 0x0A, from: start) ?? octets.count
            let range = start..<end
            start = end + 1
            guard !range.isEmpty else { continue }
            do throws(RecordError) {
                try octets.extracting(range).requireUTF8()
                let scan = try PacketScan(octets.extracting(range), using: &reader)
                // Who is attached where is told on the backplane by other means.
                guard !scan.type.equals("routing", in: octets.extracting(range)) else {
                    throw .member("metadata", "has a type that does not leave the links")
                }
                packets.append(Run.Packet(range: range, scan: scan))
            } catch {
                flow.notices.append(.dropped(.malformed, packet: "", from: origin.place))
            }
        }
        guard !packets.isEmpty else { return }
        receive(Run(octets: lines, packets: packets, origin: origin), at: now, into: &flow)
    }

    /// No relay has the destination: the packet is kept, or its source hears that there is no way.
    private mutating func takeBack(
        _ parcel: Backplane.Parcel, at now: Instant, into flow: inout Flow<Segment, Hop>
    ) {
        if parcel.isForRelay {
            if let relay = NodeID(parcel.destination) { lose(attachments.forget(relay)) }
            return
        }
        let octets = parcel.original
        guard let scan = try? PacketScan(octets.span, using: &reader) else { return }
        let origin = Origin(link: nil, peer: nil, place: Backplane.place)
        let id = scan.id.string(in: octets.span)
        if scan.source.equals(octets: own, in: octets.span) {
            return flow.up.append(.undeliverable(packet: id, .noRoute))
        }
        // It may have come to this relay meanwhile.
        if !scan.isSourceRouted, nextHop(to: parcel.destination) != nil {
            var batch = Batch()
            forward(octets.span, scan, origin, at: now, &batch, into: &flow)
            return batch.flush(into: &flow)
        }
        if keep(octets.span, scan, origin, at: now, into: &flow) { return }
        refuse(
            octets.span, scan, origin, .destinationUnreachable, .noRoute, at: now, into: &flow)
    }
}
