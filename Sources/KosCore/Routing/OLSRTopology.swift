/// Topology, interfaces and gateways: RFC 3626 §5, §9 and §12, and what expires.
extension OLSR {
    package var advertisedSequenceNumber: UInt16 { advertisedSequence }
    package var topologySize: Int { topology.reduce(0) { $0 + $1.value.destinations.count } }
    package var duplicateCount: Int { duplicates.count }

    mutating func process(_ message: OLSRMessage, at now: Instant) throws(RoutingError) {
        let until = now + OLSRTime.duration(message.validity)
        switch message.body {
        case .topologyControl(let control):
            try learn(control, from: message.originator, until: until, at: now)
        case .interfaces(let list):
            for interface in list where interface != message.originator {
                guard mainAddress[interface] != nil || mainAddress.count < settings.topologyCapacity
                else { throw .tableFull }
                let known = mainAddress.updateValue((message.originator, until), forKey: interface)
                if known?.main != message.originator { isNeighbourhoodStale = true }
                expires(at: until)
            }
        case .networks(let list):
            for network in list {
                let key = GatewayKey(gateway: message.originator, network: network)
                guard gateways[key] != nil || gateways.count < settings.topologyCapacity else {
                    throw .tableFull
                }
                if gateways.updateValue(until, forKey: key) == nil { isStale = true }
                expires(at: until)
            }
        case .hello, .unknown: break
        }
    }

    /// A TC, §9.5.
    private mutating func learn(
        _ control: OLSRMessage.TopologyControl, from originator: RouterAddress, until: Instant,
        at now: Instant
    ) throws(RoutingError) {
        expires(at: until)
        guard tupleCount + control.advertised.count <= settings.tupleCapacity else {
            throw .tableFull
        }
        guard var known = topology[originator] else {
            guard topology.count < settings.topologyCapacity else { throw .tableFull }
            tupleCount += control.advertised.count
            topology[originator] = Advertised(
                sequence: control.sequence,
                destinations: Dictionary(
                    control.advertised.map { ($0, until) }, uniquingKeysWith: { $1 }),
                latest: control.advertised, until: until)
            isStale = true
            return
        }
        if OLSRSequence.isNewer(known.sequence, than: control.sequence) { return }
        if known.sequence == control.sequence, known.latest == control.advertised,
            known.destinations.count == control.advertised.count
        {
            // The usual case, a refresh: one assignment for the whole list.
            topology[originator]?.until = until
            return
        }
        tupleCount -= known.destinations.count
        if known.sequence != control.sequence {
            known.destinations = [:]
            known.sequence = control.sequence
            known.until = until
            isStale = true
        } else {
            for key in known.destinations.keys { known.destinations[key] = known.until }
            known.until = max(known.until, until)
        }
        for destination in control.advertised {
            if known.destinations.updateValue(until, forKey: destination) == nil { isStale = true }
        }
        known.latest = control.advertised
        tupleCount += known.destinations.count
        topology[originator] = known
    }

    // MARK: what we advertise

    /// The advertised neighbours, §9.3 and §15.1; a change raises the ANSN.
    mutating func reviseAdvertised(at now: Instant) {
        var set = Set(selectors.keys)
        if settings.topologyRedundancy >= 1 { set.formUnion(relays) }
        if settings.topologyRedundancy >= 2 { set.formUnion(symmetricNeighbours) }
        let list = set.filter { neighbours[$0]?.isSymmetric == true }.sorted()
        guard list != advertised else { return }
        if list.isEmpty { emptyUntil = now + settings.topologyHoldTime }
        advertised = list
        advertisedSequence &+= 1
    }

    /// What is due every TC_INTERVAL: TC, MID and HNA.
    mutating func sendTopology(at now: Instant) {
        sendTopologyControl(at: now)
        if interfaces.count > 1 {
            enqueue(
                nextMessage(
                    .interfaces(Array(interfaces.dropFirst())), validity: settings.topologyHoldTime,
                    ttl: 255), at: now)
        }
        sendNetworks(at: now)
    }

    mutating func sendNetworks(at now: Instant) {
        let whole = RouterAddress.broadcast
        let networks =
            settings.networks + hosts.sorted().map { OLSRMessage.Network($0, mask: whole) }
        guard !networks.isEmpty else { return }
        enqueue(
            nextMessage(.networks(networks), validity: settings.topologyHoldTime, ttl: 255),
            at: now)
    }

    mutating func sendTopologyControl(at now: Instant) {
        guard !advertised.isEmpty || emptyUntil > now else { return }
        let control = OLSRMessage.TopologyControl(
            sequence: advertisedSequence, advertised: advertised)
        enqueue(
            nextMessage(
                .topologyControl(control), validity: settings.topologyHoldTime, ttl: 255), at: now)
    }

    // MARK: expiry

    /// Removes what has ended, and finds out when to look again.
    mutating func expire(at now: Instant) {
        rateSilence(at: now)
        nextExpiry = .distantFuture
        lastExpiry = now
        expireLinks(at: now)
        for (node, until) in selectors {
            if until <= now {
                selectors[node] = nil
                isNeighbourhoodStale = true
            } else {
                nextExpiry = min(nextExpiry, until)
            }
        }
        tupleCount = topology.values.reduce(0) { $0 + $1.destinations.count }
        for (originator, known) in topology {
            if known.latest.count == known.destinations.count {
                guard known.until <= now else {
                    nextExpiry = min(nextExpiry, known.until)
                    continue
                }
                topology[originator] = nil
                isStale = true
                continue
            }
            let kept = known.destinations.filter { $0.value > now }
            if kept.count < known.destinations.count { isStale = true }
            topology[originator]?.destinations = kept
            if known.until <= now { topology[originator] = nil }
            nextExpiry = min(nextExpiry, known.until, kept.values.min() ?? .distantFuture)
        }
        for (interface, known) in mainAddress {
            if known.until <= now {
                mainAddress[interface] = nil
                isNeighbourhoodStale = true
            } else {
                nextExpiry = min(nextExpiry, known.until)
            }
        }
        for (key, until) in gateways {
            if until <= now {
                gateways[key] = nil
                isStale = true
            } else {
                nextExpiry = min(nextExpiry, until)
            }
        }
        if nextExpiry <= now { nextExpiry = now + .milliseconds(10) }
    }

    private mutating func expireLinks(at now: Instant) {
        for (remote, list) in links {
            let kept = list.filter { $0.until > now }
            if kept.count != list.count { links[remote] = kept.isEmpty ? nil : kept }
            for link in kept {
                for end in [link.symmetricUntil, link.asymmetricUntil, link.until, link.expectedBy]
                where end > now { nextExpiry = min(nextExpiry, end) }
            }
            let isSymmetric = kept.contains { $0.isSymmetric(at: now) }
            if kept.isEmpty || isSymmetric != (neighbours[main(remote)]?.isSymmetric ?? false) {
                isNeighbourhoodStale = true
            }
        }
        for (node, neighbour) in neighbours {
            for (far, until) in neighbour.reaches {
                if until <= now {
                    neighbours[node]?.reaches[far] = nil
                    noteReaches()
                } else {
                    nextExpiry = min(nextExpiry, until)
                }
            }
        }
    }
}
