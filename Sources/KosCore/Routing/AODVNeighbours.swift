/// Neighbours, broken links and route errors: RFC 3561 §6.9 to §6.12.
extension AODV {
    // MARK: hello

    mutating func helloDue(at now: Instant, into outputs: inout [RoutingOutput]) {
        guard settings.usesHellos, routes.values.contains(where: { $0.isActive(at: now) }) else {
            return
        }
        let due = lastBroadcast + settings.helloInterval
        guard due <= now else {
            timers.set(.hello, at: due)
            return
        }
        timers.set(.hello, at: now + settings.helloInterval)
        var hello = AODVMessage.Reply(
            destination: address, destinationSequence: sequence, originator: address,
            lifetimeMilliseconds: milliseconds(settings.neighbourTimeout))
        hello.hopCount = 0
        broadcast(.reply(hello), ttl: 1, at: now, into: &outputs)
    }

    mutating func receiveHello(
        _ hello: AODVMessage.Reply, from sender: RouterAddress, at now: Instant,
        into outputs: inout [RoutingOutput]
    ) throws(RoutingError) {
        guard hello.destination == sender, hello.hopCount == 0 else { throw .badField }
        let until = now + .milliseconds(Int64(hello.lifetimeMilliseconds))
        _ = try update(
            Way(
                destination: sender, nextHop: sender, hopCount: 1,
                sequence: hello.destinationSequence, lifetime: until),
            at: now, into: &outputs)
        if let route = routes[sender], route.isValid, route.hopCount == 1 {
            routes[sender]?.lifetime = max(route.lifetime, until)
        }
        guard neighbours[sender] != nil || neighbours.count < settings.routeCapacity else {
            throw .tableFull
        }
        let isNew = neighbours.updateValue(now + settings.neighbourTimeout, forKey: sender) == nil
        if isNew { timers.set(.neighbour(sender), at: now + settings.neighbourTimeout) }
        finish(sender, at: now, into: &outputs)
    }

    /// Anything heard from a watched neighbour shows that it is there.
    mutating func heard(_ neighbour: RouterAddress, at now: Instant) {
        if neighbours[neighbour] != nil { neighbours[neighbour] = now + settings.neighbourTimeout }
    }

    mutating func neighbourDue(
        _ neighbour: RouterAddress, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        guard let until = neighbours[neighbour] else { return }
        guard until <= now else {
            timers.set(.neighbour(neighbour), at: until)
            return
        }
        lose(neighbour, failed: nil, at: now, into: &outputs)
    }

    /// A route to whoever just spoke, without a number, §6.5.
    mutating func hear(
        _ neighbour: RouterAddress, at now: Instant, into outputs: inout [RoutingOutput]
    ) throws(RoutingError) {
        _ = try update(
            Way(
                destination: neighbour, nextHop: neighbour, hopCount: 1, sequence: nil,
                lifetime: now + settings.activeRouteTimeout),
            at: now, into: &outputs)
    }

    /// A host that speaks no AODV is next to this node, which numbers its routes as it numbers its
    /// own (§7 has a subnet's leader do the same).
    mutating func attach(
        _ host: RouterAddress, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        guard host != address, hosts.count < 1024 else { return }
        hosts.insert(host)
        sequence &+= 1
        let number = AODVSequence.newest(sequence, routes[host]?.sequence ?? sequence)
        _ = try? update(
            Way(
                destination: host, nextHop: host, hopCount: 1, sequence: number &+ 1,
                lifetime: .distantFuture), at: now, into: &outputs)
        finish(host, at: now, into: &outputs)
    }

    // MARK: breaks

    /// The link layer gave up on a frame: the link to its receiver is broken.
    mutating func linkFailed(
        _ frame: HopFrame, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        if frame.datagram.content == .control {
            // §6.8: a reply that cannot be delivered shows a link that works one way only.
            shun(frame.receiver, at: now)
            lose(frame.receiver, failed: nil, at: now, into: &outputs)
        } else {
            lose(frame.receiver, failed: frame.datagram, at: now, into: &outputs)
        }
    }

    /// Gives up every route through `neighbour`; the datagram that `failed` is kept where a repair
    /// or a new search may save it.
    mutating func lose(
        _ neighbour: RouterAddress, failed: Datagram?, at now: Instant,
        into outputs: inout [RoutingOutput]
    ) {
        neighbours[neighbour] = nil
        timers.cancel(.neighbour(neighbour))
        let broken = routes.values.filter { $0.isValid && $0.nextHop == neighbour }
            .sorted { $0.destination < $1.destination }
        var items: [AODVMessage.Unreachable] = []
        var precursors: Set<RouterAddress> = []
        for route in broken {
            invalidate(route.destination, at: now, into: &outputs)
            if let failed, failed.destination == route.destination, mayRepair(route, for: failed) {
                routes[route.destination]?.state = .repairing
                let hops = routes[failed.source]?.hopCount ?? 0
                repair(route, hopsToSource: hops, at: now, into: &outputs)
                continue
            }
            guard !route.precursors.isEmpty else { continue }
            precursors.formUnion(route.precursors)
            items.append(
                AODVMessage.Unreachable(
                    route.destination, sequence: routes[route.destination]?.sequence ?? 0))
        }
        if let failed { save(failed, at: now, into: &outputs) }
        report(items, to: precursors.sorted(), at: now, into: &outputs)
    }

    private func mayRepair(_ route: AODVRoute, for datagram: Datagram) -> Bool {
        settings.repairsLocally && datagram.source != address
            && Double(route.hopCount) <= settings.maxRepairHops
            && discoveries[route.destination] == nil
    }

    private mutating func save(
        _ datagram: Datagram, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        if routes[datagram.destination]?.isValid == true {
            // Another way has been found since it was sent.
            pass(datagram, from: nil, at: now, into: &outputs)
        } else if datagram.source == address || routes[datagram.destination]?.state == .repairing {
            hold(datagram, at: now, into: &outputs)
        } else {
            outputs.append(.dropped(datagram, .linkBroken))
        }
    }

    // MARK: route errors

    mutating func receive(
        _ failure: AODVMessage.Failure, _ frame: HopFrame, at now: Instant,
        into outputs: inout [RoutingOutput]
    ) {
        var items: [AODVMessage.Unreachable] = []
        var precursors: Set<RouterAddress> = []
        for item in failure.unreachable {
            guard let route = routes[item.destination], route.isValid, route.nextHop == frame.sender
            else { continue }
            if !failure.keepsRoutes {
                invalidate(item.destination, sequence: item.sequence, at: now, into: &outputs)
            }
            guard !route.precursors.isEmpty else { continue }
            precursors.formUnion(route.precursors)
            let number = failure.keepsRoutes ? item.sequence : routes[item.destination]?.sequence
            items.append(
                AODVMessage.Unreachable(item.destination, sequence: number ?? item.sequence))
        }
        report(
            items, to: precursors.sorted(), keepsRoutes: failure.keepsRoutes, at: now,
            into: &outputs)
    }

    /// Data came for a destination that we cannot reach, §6.11 (ii).
    mutating func reportUnroutable(
        _ destination: RouterAddress, to previousHop: RouterAddress, at now: Instant,
        into outputs: inout [RoutingOutput]
    ) {
        if now < quietUntil {
            // §6.13: others still send through us from before the reboot.
            quietUntil = now + settings.deletePeriod
        }
        if let known = routes[destination]?.sequence, routes[destination]?.isValid == false {
            routes[destination]?.sequence = known &+ 1
        }
        let number = routes[destination]?.sequence ?? 0
        report(
            [AODVMessage.Unreachable(destination, sequence: number)], to: [previousHop], at: now,
            into: &outputs)
    }

    /// Sends RERRs to whom it concerns: by itself to one, else to all around; at most so many a
    /// second.
    mutating func report(
        _ items: [AODVMessage.Unreachable], to receivers: [RouterAddress],
        keepsRoutes: Bool = false,
        at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        guard !items.isEmpty, let first = receivers.first else { return }
        var start = 0
        while start < items.count {
            errorTimes.removeAll { now - $0 >= .seconds(1) }
            guard errorTimes.count < settings.errorRateLimit else { return }
            errorTimes.append(now)
            let end = min(items.count, start + 255)
            let message = AODVMessage.error(
                AODVMessage.Failure(
                    unreachable: Array(items[start..<end]), keepsRoutes: keepsRoutes))
            if receivers.count == 1, first != .broadcast {
                outputs.append(.transmit(control(message, to: first, ttl: 1)))
            } else {
                broadcast(message, ttl: 1, at: now, into: &outputs)
            }
            start = end
        }
    }
}
