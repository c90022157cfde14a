/// Route requests: RFC 3561 §6.3 to §6.5.
extension AODV {
    /// Asks for a route unless that is under way.
    mutating func discover(
        _ destination: RouterAddress, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        guard discoveries[destination] == nil else { return }
        var ttl = settings.ttlStart
        if let known = routes[destination] {
            // §6.4: a destination once known is looked for near where it was.
            ttl = UInt8(clamping: Int(known.hopCount) + Int(settings.ttlIncrement))
        }
        begin(Discovery(started: now, ttl: ttl), destination, at: now, into: &outputs)
    }

    private mutating func begin(
        _ discovery: Discovery, _ destination: RouterAddress, at now: Instant,
        into outputs: inout [RoutingOutput]
    ) {
        var discovery = discovery
        if discovery.repairs == nil, discovery.ttl > settings.ttlThreshold {
            discovery.ttl = settings.netDiameter
        }
        discoveries[destination] = discovery
        request(destination, at: now, into: &outputs)
    }

    /// Sends one RREQ, or holds it back for the rate limit.
    private mutating func request(
        _ destination: RouterAddress, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        guard var discovery = discoveries[destination] else { return }
        guard now >= quietUntil else {
            discoveries[destination]?.isHeldBack = true
            timers.set(.discovery(destination), at: quietUntil)
            return
        }
        requestTimes.removeAll { now - $0 >= .seconds(1) }
        if requestTimes.count >= settings.requestRateLimit, let first = requestTimes.first {
            discoveries[destination]?.isHeldBack = true
            timers.set(.discovery(destination), at: first + .seconds(1))
            return
        }
        requestTimes.append(now)
        discovery.isHeldBack = false
        sequence &+= 1
        requestID &+= 1
        _ = seen.insert(RequestKey(originator: address, id: requestID), at: now)
        var flags: AODVMessage.Request.Flags = []
        let known = routes[destination]?.sequence
        if known == nil { flags.insert(.unknownSequence) }
        if settings.destinationOnly { flags.insert(.destinationOnly) }
        if settings.gratuitousReplies { flags.insert(.gratuitousReply) }
        let message = AODVMessage.Request(
            id: requestID, destination: destination, destinationSequence: known ?? 0,
            originator: address, originatorSequence: sequence, flags: flags)
        let isWide = discovery.ttl >= settings.netDiameter
        var wait = settings.ringTraversalTime(ttl: discovery.ttl)
        if isWide {
            wait = settings.netTraversalTime * (1 << min(discovery.wideTries, 16))
            discovery.wideTries += 1
        } else if discovery.repairs != nil {
            wait = settings.netTraversalTime
        }
        discoveries[destination] = discovery
        timers.set(.discovery(destination), at: now + wait)
        broadcast(.request(message), ttl: discovery.ttl, at: now, into: &outputs)
    }

    mutating func discoveryDue(
        _ destination: RouterAddress, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        guard var discovery = discoveries[destination] else { return }
        if discovery.isHeldBack {
            request(destination, at: now, into: &outputs)
            return
        }
        let isWide = discovery.ttl >= settings.netDiameter
        if discovery.repairs != nil || (isWide && discovery.wideTries > settings.requestRetries) {
            giveUp(destination, at: now, into: &outputs)
            return
        }
        if !isWide {
            let next = UInt8(clamping: Int(discovery.ttl) + Int(settings.ttlIncrement))
            discovery.ttl = next > settings.ttlThreshold ? settings.netDiameter : next
        }
        discoveries[destination] = discovery
        request(destination, at: now, into: &outputs)
    }

    private mutating func giveUp(
        _ destination: RouterAddress, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        let wasRepair = discoveries.removeValue(forKey: destination)?.repairs != nil
        for datagram in buffer.take(destination) { outputs.append(.dropped(datagram, .noRoute)) }
        guard wasRepair else {
            outputs.append(.undiscovered(destination))
            return
        }
        // §6.12: the repair failed; now the news goes upstream.
        guard let route = routes[destination] else { return }
        routes[destination]?.state = .invalid
        routes[destination]?.lifetime = now + settings.deletePeriod
        timers.set(.route(destination), at: now + settings.deletePeriod)
        let item = AODVMessage.Unreachable(destination, sequence: route.sequence ?? 0)
        report([item], to: route.precursors, at: now, into: &outputs)
    }

    /// Looks for a destination that was lost nearby, §6.12.
    mutating func repair(
        _ route: AODVRoute, hopsToSource: UInt8, at now: Instant,
        into outputs: inout [RoutingOutput]
    ) {
        let reach = max(Double(route.hopCount), 0.5 * Double(hopsToSource))
        let ttl = UInt8(clamping: Int(reach) + settings.localAddTTL)
        var discovery = Discovery(started: now, ttl: min(ttl, settings.netDiameter))
        discovery.repairs = route.hopCount
        begin(discovery, route.destination, at: now, into: &outputs)
    }

    /// A route came while we were asking: what waited goes on its way.
    mutating func finish(
        _ destination: RouterAddress, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        guard let route = routes[destination], route.isValid else { return }
        if let discovery = discoveries.removeValue(forKey: destination) {
            timers.cancel(.discovery(destination))
            if let before = discovery.repairs {
                if route.hopCount > before {
                    // §6.12: longer than before; the source may want to look anew.
                    let item = AODVMessage.Unreachable(destination, sequence: route.sequence ?? 0)
                    report(
                        [item], to: route.precursors, keepsRoutes: true, at: now, into: &outputs)
                }
            } else {
                outputs.append(
                    .discovered(
                        destination, hops: Int(route.hopCount), after: now - discovery.started))
            }
        }
        for datagram in buffer.take(destination) {
            pass(datagram, from: nil, at: now, into: &outputs)
        }
    }

    // MARK: the requests of others

    mutating func receive(
        _ request: AODVMessage.Request, _ frame: HopFrame, at now: Instant,
        into outputs: inout [RoutingOutput]
    ) throws(RoutingError) {
        if let until = blacklist[frame.sender] {
            guard until <= now else { throw .untrustedSender }
            blacklist[frame.sender] = nil
        }
        guard request.originator != address, request.originator != .broadcast,
            request.destination != .broadcast
        else { return }
        try hear(frame.sender, at: now, into: &outputs)
        let key = RequestKey(originator: request.originator, id: request.id)
        guard seen.insert(key, at: now) else { return }
        guard request.hopCount < 255 else { throw .badField }
        let hops = request.hopCount + 1
        // §6.5: the way back lives as long as an answer may take.
        let minimal =
            now + (settings.netTraversalTime * 2 - settings.nodeTraversalTime * (2 * Int(hops)))
        _ = try update(
            Way(
                destination: request.originator, nextHop: frame.sender, hopCount: hops,
                sequence: request.originatorSequence,
                lifetime: max(minimal, now + settings.nodeTraversalTime)),
            at: now, into: &outputs)
        if routes[request.originator]?.isValid == true {
            finish(request.originator, at: now, into: &outputs)
        }
        if request.destination == address {
            answer(request, at: now, into: &outputs)
        } else if hosts.contains(request.destination), var route = routes[request.destination] {
            if !request.flags.contains(.unknownSequence) {
                route.sequence = AODVSequence.newest(
                    route.sequence ?? 0, request.destinationSequence)
                routes[request.destination] = route
            }
            answer(request, with: route, at: now, into: &outputs)
        } else if let route = routes[request.destination], mayAnswer(request, with: route) {
            answer(request, with: route, at: now, into: &outputs)
        } else {
            forward(request, hops: hops, frame.datagram, at: now, into: &outputs)
        }
    }

    private func mayAnswer(_ request: AODVMessage.Request, with route: AODVRoute) -> Bool {
        guard route.isValid, let known = route.sequence, !request.flags.contains(.destinationOnly)
        else { return false }
        // When the asker lies on our own way there, an answer would send it in a circle.
        guard let back = routes[request.originator], back.isValid, back.nextHop != route.nextHop
        else { return false }
        return request.flags.contains(.unknownSequence)
            || !AODVSequence.isNewer(request.destinationSequence, than: known)
    }

    private mutating func forward(
        _ request: AODVMessage.Request, hops: UInt8, _ datagram: Datagram, at now: Instant,
        into outputs: inout [RoutingOutput]
    ) {
        guard datagram.ttl > 1, now >= quietUntil, forwards.take(at: now) else { return }
        var onward = request
        onward.hopCount = hops
        if let known = routes[request.destination]?.sequence {
            if request.flags.contains(.unknownSequence) {
                onward.destinationSequence = known
                onward.flags.remove(.unknownSequence)
            } else {
                onward.destinationSequence = AODVSequence.newest(
                    known, request.destinationSequence)
            }
        }
        broadcast(
            .request(onward), ttl: datagram.ttl - 1, at: now, isJittered: true, into: &outputs)
    }
}
