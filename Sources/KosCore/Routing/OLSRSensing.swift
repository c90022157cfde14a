/// Links, neighbours and multipoint relays: RFC 3626 §6 to §8, §13 and §14.
extension OLSR {
    /// The main address behind an interface address.
    func main(_ interface: RouterAddress) -> RouterAddress {
        mainAddress[interface]?.main ?? interface
    }

    func isSymmetricInterface(_ remote: RouterAddress, at now: Instant) -> Bool {
        links[remote]?.contains { $0.isSymmetric(at: now) } ?? false
    }

    package func link(to remote: RouterAddress) -> OLSRLink? { links[remote]?.first }
    package var multipointRelays: [RouterAddress] {
        var fresh = self
        fresh.selectRelays()
        return fresh.relays.sorted()
    }
    package var relaySelectors: [RouterAddress] { selectors.keys.sorted() }
    package var symmetricNeighbours: [RouterAddress] {
        neighbours.filter { $0.value.isSymmetric }.map(\.key).sorted()
    }

    /// Processes a Hello, §7.1.1, §8.1, §8.2 and §8.4.
    mutating func sense(
        _ hello: OLSRMessage.Hello, _ message: OLSRMessage, from frame: HopFrame, at now: Instant
    ) throws(RoutingError) {
        let local = interfaces.indices.contains(frame.interface) ? frame.interface : 0
        let validity = now + OLSRTime.duration(message.validity)
        let place = try linkPlace(frame.sender, local: interfaces[local], at: now, until: validity)
        guard var link = links[frame.sender]?[place] else { return }
        let wasSymmetric = link.isSymmetric(at: now)
        link.asymmetricUntil = validity
        for group in hello.links where group.addresses.contains(interfaces[local]) {
            switch group.link {
            case .lost: link.symmetricUntil = Instant(nanoseconds: now.nanoseconds &- 1)
            case .symmetric, .asymmetric:
                link.symmetricUntil = validity
                link.until = validity + settings.neighbourHoldTime
            case .unspecified: break
            }
        }
        link.until = max(link.until, link.asymmetricUntil)
        if settings.usesHysteresis { link.expectedBy = now + OLSRTime.duration(hello.interval) }
        links[frame.sender]?[place] = link
        expires(at: min(validity, link.symmetricUntil > now ? link.symmetricUntil : validity))
        if settings.usesHysteresis { expires(at: link.expectedBy) }
        let isSymmetric = link.isSymmetric(at: now)
        let originator = message.originator
        if neighbours[originator] == nil {
            neighbours[originator] = Neighbour(willingness: hello.willingness, isSymmetric: false)
            isNeighbourhoodStale = true
        }
        if neighbours[originator]?.willingness != hello.willingness {
            neighbours[originator]?.willingness = hello.willingness
            isNeighbourhoodStale = true
        }
        if isSymmetric != wasSymmetric { isNeighbourhoodStale = true }
        guard isSymmetric else { return }
        readNeighbours(hello, of: originator, until: validity)
    }

    private mutating func linkPlace(
        _ remote: RouterAddress, local: RouterAddress, at now: Instant, until: Instant
    ) throws(RoutingError) -> Int {
        if let place = links[remote]?.firstIndex(where: { $0.local == local }) { return place }
        guard links.count < settings.neighbourCapacity else { throw .tableFull }
        var link = OLSRLink(
            local: local, remote: remote,
            symmetricUntil: Instant(nanoseconds: now.nanoseconds &- 1),
            asymmetricUntil: now, until: until)
        if settings.usesHysteresis {
            link.isPending = true
            link.quality = settings.hysteresisScaling
        }
        links[remote, default: []].append(link)
        isNeighbourhoodStale = true
        return (links[remote]?.count ?? 1) - 1
    }

    /// The 2-hop set and the selectors from a symmetric neighbour's Hello.
    private mutating func readNeighbours(
        _ hello: OLSRMessage.Hello, of originator: RouterAddress, until: Instant
    ) {
        for group in hello.links {
            for remote in group.addresses {
                let node = main(remote)
                if interfaces.contains(node) {
                    if group.neighbour == .multipointRelay {
                        if selectors.updateValue(until, forKey: originator) == nil {
                            isNeighbourhoodStale = true
                        }
                        expires(at: until)
                    }
                    continue
                }
                if group.neighbour == .notNeighbour {
                    if neighbours[originator]?.reaches.removeValue(forKey: node) != nil {
                        noteReaches()
                    }
                } else if neighbours[originator]?.reaches.count ?? 0 < settings.neighbourCapacity {
                    if neighbours[originator]?.reaches.updateValue(until, forKey: node) == nil {
                        noteReaches()
                    }
                    expires(at: until)
                }
            }
        }
    }

    /// What lies two hops away has changed: relays and routes are to be reckoned anew.
    mutating func noteReaches() {
        areRelaysStale = true
        isStale = true
        if settings.topologyRedundancy > 0 { isNeighbourhoodStale = true }
    }

    /// Neighbours are symmetric iff a link to one of their interfaces is, §8.1.
    mutating func reviseNeighbours(at now: Instant) {
        var present: Set<RouterAddress> = []
        var symmetric: Set<RouterAddress> = []
        for (remote, list) in links {
            present.insert(main(remote))
            if list.contains(where: { $0.isSymmetric(at: now) }) { symmetric.insert(main(remote)) }
        }
        var isLost = false
        for (node, neighbour) in neighbours {
            guard present.contains(node) else {
                neighbours[node] = nil
                selectors[node] = nil
                isLost = isLost || neighbour.isSymmetric
                continue
            }
            let isSymmetric = symmetric.contains(node)
            if neighbour.isSymmetric, !isSymmetric {
                // §8.5: with the neighbour goes what it reached and its choice of us.
                neighbours[node]?.reaches = [:]
                selectors[node] = nil
                isLost = true
            }
            neighbours[node]?.isSymmetric = isSymmetric
        }
        if isLost, !advertised.isEmpty, timers.deadline(of: .early) == nil {
            // §9.3: a lost neighbour is worth an early TC.
            timers.set(.early, at: now + settings.maxJitter / 2)
        }
    }

    /// §8.5, when the choice is about to be told and the neighbourhood has changed since.
    mutating func selectRelays() {
        guard areRelaysStale else { return }
        areRelaysStale = false
        let symmetric = neighbours.filter { $0.value.isSymmetric }
        relays = MultipointRelays.select(
            for: address,
            among: symmetric.sorted { $0.key < $1.key }.map {
                MultipointRelays.Neighbour(
                    $0.key, willingness: $0.value.willingness,
                    reaches: $0.value.reaches.keys.sorted())
            }, coverage: settings.relayCoverage)
    }

    /// The link layer says that a neighbour is gone, §13.
    mutating func lose(_ remote: RouterAddress, at now: Instant) {
        guard let list = links[remote] else { return }
        links[remote] = list.map {
            var link = $0
            link.symmetricUntil = Instant(nanoseconds: now.nanoseconds &- 1)
            link.asymmetricUntil = link.symmetricUntil
            link.until = now + settings.neighbourHoldTime
            return link
        }
        expires(at: now + settings.neighbourHoldTime)
        isNeighbourhoodStale = true
    }

    // MARK: hello

    mutating func sendHellos(at now: Instant, into outputs: inout [RoutingOutput]) {
        selectRelays()
        for interface in interfaces.indices {
            let hello = OLSRMessage.Hello(
                interval: OLSRTime.code(settings.helloInterval), willingness: settings.willingness,
                links: linkGroups(on: interfaces[interface], at: now))
            let message = nextMessage(
                .hello(hello), validity: settings.neighbourHoldTime, ttl: 1)
            transmit([message], on: interface, into: &outputs)
        }
    }

    /// What a Hello on one interface says, §6.2.
    private func linkGroups(on local: RouterAddress, at now: Instant) -> [OLSRMessage.LinkGroup] {
        var groups: [UInt8: OLSRMessage.LinkGroup] = [:]
        func add(
            _ remote: RouterAddress, _ type: OLSRMessage.LinkType, _ kind: OLSRMessage.NeighbourType
        ) {
            let group = OLSRMessage.LinkGroup(kind, type, [])
            groups[group.code, default: group].addresses.append(remote)
        }
        func kind(_ remote: RouterAddress) -> OLSRMessage.NeighbourType {
            let node = main(remote)
            if relays.contains(node) { return .multipointRelay }
            return neighbours[node]?.isSymmetric == true ? .symmetric : .notNeighbour
        }
        for remote in links.keys.sorted() {
            guard let list = links[remote] else { continue }
            if let link = list.first(where: { $0.local == local }) {
                let type = link.type(at: now)
                let kind = kind(remote)
                // A symmetric link always makes a symmetric neighbour; the code without is invalid.
                add(remote, type, type == .symmetric && kind == .notNeighbour ? .symmetric : kind)
            } else {
                add(remote, .unspecified, kind(remote))
            }
        }
        return groups.keys.sorted().compactMap { groups[$0] }
    }

    // MARK: hysteresis

    /// Smooths a link's quality with each packet that came or was missed, §14.3.
    mutating func rate(_ sequence: UInt16, from frame: HopFrame, at now: Instant) {
        guard let list = links[frame.sender] else { return }
        let scaling = settings.hysteresisScaling
        for place in list.indices {
            var link = list[place]
            let missed = link.lastSequence.map { Int(sequence &- $0) - 1 } ?? 0
            if (1..<64).contains(missed) {
                for _ in 0..<missed { link.quality *= 1 - scaling }
            }
            link.quality = (1 - scaling) * link.quality + scaling
            link.lastSequence = sequence
            judge(&link, at: now)
            links[frame.sender]?[place] = link
        }
    }

    private mutating func judge(_ link: inout OLSRLink, at now: Instant) {
        if link.quality > settings.hysteresisHigh, link.isPending {
            link.isPending = false
            link.lostUntil = Instant(nanoseconds: now.nanoseconds &- 1)
            isNeighbourhoodStale = true
        } else if link.quality < settings.hysteresisLow, !link.isPending {
            link.isPending = true
            link.lostUntil = min(link.until, now + settings.neighbourHoldTime)
            isNeighbourhoodStale = true
        }
    }

    /// A Hello that did not come in its interval counts as a loss.
    mutating func rateSilence(at now: Instant) {
        guard settings.usesHysteresis else { return }
        for (remote, list) in links {
            for place in list.indices where list[place].expectedBy <= now {
                var link = list[place]
                link.quality *= 1 - settings.hysteresisScaling
                link.expectedBy = now + settings.helloInterval
                judge(&link, at: now)
                links[remote]?[place] = link
            }
        }
    }
}
