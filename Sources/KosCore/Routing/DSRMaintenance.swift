/// Route maintenance: RFC 4728 §3.3.2, §3.4.1 and §8.3.
extension DSR {
    // MARK: confirming hops

    /// Sends a frame and, where the link layer does not watch, sees to it that the hop is
    /// confirmed.
    mutating func transmit(
        _ frame: HopFrame, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        guard settings.confirmation == .network, !frame.isBroadcast,
            frame.datagram.content == .sourceRouted,
            confirmed[frame.receiver].map({ now - $0 > settings.maintenanceHoldoff }) ?? true,
            unconfirmed.count < settings.maintenanceBufferSize, !isAcknowledgement(frame)
        else {
            outputs.append(.transmit(frame))
            return
        }
        acknowledgementID &+= 1
        var entry = Unconfirmed(frame: frame)
        // The last node forwards nothing that could be overheard.
        entry.asks =
            settings.tryPassiveAcknowledgements == 0 || frame.receiver == frame.datagram.destination
        unconfirmed[acknowledgementID] = entry
        attempt(acknowledgementID, at: now, into: &outputs)
    }

    private func isAcknowledgement(_ frame: HopFrame) -> Bool {
        var length = 0
        guard let header = try? DSRHeader(frame.datagram.payload.span, length: &length) else {
            return false
        }
        return header.options.contains { if case .acknowledgement = $0 { true } else { false } }
    }

    private mutating func attempt(
        _ id: UInt16, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        guard let entry = unconfirmed[id] else { return }
        var wait = settings.passiveAcknowledgementTimeout
        var frame = entry.frame
        if entry.asks {
            wait = wait * (1 << min(entry.retransmissions, 8))
            frame.datagram.payload = asking(id, frame.datagram.payload)
        }
        timers.set(.maintenance(id), at: now + wait)
        outputs.append(.transmit(frame))
    }

    /// The payload with an Acknowledgement Request in its header.
    private func asking(_ id: UInt16, _ payload: [UInt8]) -> [UInt8] {
        var length = 0
        guard var header = try? DSRHeader(payload.span, length: &length) else { return payload }
        header.options.insert(.acknowledgementRequest(id: id), at: 0)
        return header.octets + payload.dropFirst(length)
    }

    mutating func maintenanceDue(
        _ id: UInt16, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        guard var entry = unconfirmed[id] else { return }
        if !entry.asks {
            entry.passiveTries += 1
            entry.asks = entry.passiveTries >= settings.tryPassiveAcknowledgements
        } else {
            entry.retransmissions += 1
            guard entry.retransmissions <= settings.maxMaintenanceRetransmissions else {
                unconfirmed[id] = nil
                linkFailed(entry.frame, at: now, into: &outputs)
                return
            }
        }
        unconfirmed[id] = entry
        attempt(id, at: now, into: &outputs)
    }

    mutating func acknowledge(
        _ id: UInt16, to sender: RouterAddress, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        let option = DSROption.acknowledgement(
            DSROption.Acknowledgement(id: id, source: address, destination: sender))
        outputs.append(
            .transmit(optionFrame([option], to: sender, destination: sender, ttl: 1)))
    }

    /// A neighbour has shown that it hears us.
    mutating func confirm(_ neighbour: RouterAddress, at now: Instant) {
        guard confirmed[neighbour] != nil || confirmed.count < 1024 else { return }
        confirmed[neighbour] = now
        cache.learn([address, neighbour], at: now)
        for id in unconfirmed.keys.sorted() where unconfirmed[id]?.frame.receiver == neighbour {
            unconfirmed[id] = nil
            timers.cancel(.maintenance(id))
        }
    }

    /// We hear the next node pass our packet on: it must have got it.
    mutating func confirmPassively(_ frame: HopFrame, at now: Instant) {
        guard settings.confirmation == .network else { return }
        let isOurs = unconfirmed.values.contains {
            $0.frame.receiver == frame.sender && $0.frame.datagram.source == frame.datagram.source
                && $0.frame.datagram.identification == frame.datagram.identification
        }
        if isOurs { confirm(frame.sender, at: now) }
    }

    // MARK: broken links

    /// A hop does not work: the link is forgotten, the source told, the packet saved if that can
    /// be.
    mutating func linkFailed(
        _ frame: HopFrame, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        guard !frame.isBroadcast else { return }
        cache.remove(address, frame.receiver)
        cache.remove(frame.receiver, address)
        // §8.3: everything else that waits for that hop goes the same way.
        let others = unconfirmed.filter { $0.value.frame.receiver == frame.receiver }
        for id in others.keys.sorted() {
            unconfirmed[id] = nil
            timers.cancel(.maintenance(id))
        }
        let failed = [frame] + others.keys.sorted().compactMap { others[$0]?.frame }
        for frame in failed {
            if frame.datagram.source != address {
                report(
                    .nodeUnreachable(frame.receiver), to: frame.datagram, at: now, into: &outputs)
            }
            salvage(frame.datagram, at: now, into: &outputs)
        }
    }

    /// A neighbour has gone, says the link layer; whoever's packets a network layer beside this
    /// one sent there of late is told, §8.3.4.
    mutating func neighbourLost(
        _ neighbour: RouterAddress, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        cache.remove(address, neighbour)
        cache.remove(neighbour, address)
        let sources = flows.removeValue(forKey: neighbour) ?? [:]
        for (source, since) in sources.sorted(by: { $0.key < $1.key })
        where now - since < settings.routeCacheTimeout {
            let datagram = Datagram(from: source, to: neighbour, payload: [])
            report(.nodeUnreachable(neighbour), to: datagram, at: now, into: &outputs)
        }
    }

    private mutating func salvage(
        _ datagram: Datagram, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        var count: UInt8 = 0
        var plain = datagram
        if datagram.content == .sourceRouted {
            var length = 0
            guard let header = try? DSRHeader(datagram.payload.span, length: &length) else {
                return
            }
            guard header.nextHeader != DSRHeader.noNextHeader else {
                outputs.append(.dropped(datagram, .linkBroken))
                return
            }
            for case .sourceRoute(let route) in header.options { count = route.salvage }
            plain.content = .data
            plain.payload = Array(datagram.payload.dropFirst(length))
        }
        if plain.source == address {
            send(plain, at: now, into: &outputs)
            return
        }
        guard count < settings.maxSalvageCount,
            let path = path(to: plain.destination, at: now), !path.contains(plain.source)
        else {
            outputs.append(.dropped(plain, .linkBroken))
            return
        }
        launch(plain, along: path, salvage: count + 1, at: now, into: &outputs)
    }

    /// Tells whoever chose the route of `datagram` what is wrong, §8.3.4.
    mutating func report(
        _ reason: DSROption.Failure.Reason, to datagram: Datagram, at now: Instant,
        into outputs: inout [RoutingOutput]
    ) {
        var length = 0
        var salvage: UInt8 = 0
        var receiver = datagram.source
        var back: [RouterAddress] = []
        if let header = try? DSRHeader(datagram.payload.span, length: &length) {
            // An error about an error would never end.
            for option in header.options { if case .error = option { return } }
            for case .sourceRoute(let route) in header.options {
                salvage = route.salvage
                if salvage > 0, let first = route.route.first { receiver = first }
                if let own = route.route.firstIndex(of: address) {
                    back = route.route[..<own].filter { $0 != receiver }.reversed()
                }
            }
        }
        guard receiver != address else { return }
        let error = DSROption.error(
            DSROption.Failure(reason, salvage: salvage, source: address, destination: receiver))
        let nodes: [RouterAddress]
        if back.isEmpty, let path = path(to: receiver, at: now) {
            nodes = Array(path.dropLast())
        } else {
            nodes = back
        }
        var options = [error]
        if !nodes.isEmpty {
            options.append(
                .sourceRoute(
                    DSROption.SourceRoute(
                        route: nodes, segmentsLeft: UInt8(truncatingIfNeeded: nodes.count - 1))))
        }
        transmit(
            optionFrame(options, to: nodes.first ?? receiver, destination: receiver, ttl: 255),
            at: now, into: &outputs)
    }

    /// Every node on an error's way forgets the link, §8.3.5.
    mutating func receive(_ failure: DSROption.Failure, at now: Instant) {
        guard case .nodeUnreachable(let node) = failure.reason else { return }
        cache.remove(failure.source, node)
        cache.remove(node, failure.source)
    }
}
