/// Route replies and their acknowledgements: RFC 3561 §6.6 to §6.8.
extension AODV {
    /// Answers as the destination, §6.6.1.
    mutating func answer(
        _ request: AODVMessage.Request, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        if !request.flags.contains(.unknownSequence) {
            sequence = AODVSequence.newest(sequence, request.destinationSequence)
        }
        let reply = AODVMessage.Reply(
            destination: address, destinationSequence: sequence, originator: request.originator,
            lifetimeMilliseconds: milliseconds(settings.myRouteTimeout))
        send(reply, towards: request.originator, at: now, into: &outputs)
    }

    /// Answers in the destination's stead, §6.6.2, and tells it if asked to, §6.6.3.
    mutating func answer(
        _ request: AODVMessage.Request, with route: AODVRoute, at now: Instant,
        into outputs: inout [RoutingOutput]
    ) {
        guard let back = routes[request.originator] else { return }
        routes[route.destination]?.addPrecursor(back.nextHop)
        routes[back.destination]?.addPrecursor(route.nextHop)
        // For a host that is next to it this node speaks as the host itself would.
        let left =
            hosts.contains(route.destination) ? settings.myRouteTimeout : route.lifetime - now
        let reply = AODVMessage.Reply(
            destination: route.destination, destinationSequence: route.sequence ?? 0,
            originator: request.originator, hopCount: route.hopCount,
            lifetimeMilliseconds: milliseconds(left))
        send(reply, towards: request.originator, at: now, into: &outputs)
        guard request.flags.contains(.gratuitousReply) else { return }
        let gratuitous = AODVMessage.Reply(
            destination: request.originator, destinationSequence: request.originatorSequence,
            originator: route.destination, hopCount: back.hopCount,
            lifetimeMilliseconds: milliseconds(back.lifetime - now))
        send(gratuitous, towards: route.destination, at: now, into: &outputs)
    }

    private mutating func send(
        _ reply: AODVMessage.Reply, towards originator: RouterAddress, at now: Instant,
        into outputs: inout [RoutingOutput]
    ) {
        guard now >= quietUntil, let route = routes[originator], route.isValid else { return }
        var reply = reply
        if settings.acknowledgesReplies {
            reply.wantsAcknowledgement = true
            timers.set(.acknowledgement(route.nextHop), at: now + settings.nextHopWait)
        }
        let frame = control(
            .reply(reply), to: route.nextHop, ttl: settings.netDiameter, destination: originator)
        outputs.append(.transmit(frame))
    }

    /// A neighbour that did not acknowledge cannot hear us, though we hear it, §6.8.
    mutating func shun(_ neighbour: RouterAddress, at now: Instant) {
        if blacklist.count >= 1024 { blacklist = blacklist.filter { $0.value > now } }
        guard blacklist.count < 1024 else { return }
        blacklist[neighbour] = now + settings.blacklistTimeout
    }

    package func isBlacklisted(_ neighbour: RouterAddress, at now: Instant) -> Bool {
        blacklist[neighbour].map { $0 > now } ?? false
    }

    mutating func receive(
        _ reply: AODVMessage.Reply, _ frame: HopFrame, at now: Instant,
        into outputs: inout [RoutingOutput]
    ) throws(RoutingError) {
        if frame.isBroadcast || reply.destination == frame.sender && frame.datagram.ttl == 1 {
            try receiveHello(reply, from: frame.sender, at: now, into: &outputs)
            return
        }
        if reply.wantsAcknowledgement {
            outputs.append(
                .transmit(control(.acknowledgement, to: frame.sender, ttl: 1)))
        }
        try hear(frame.sender, at: now, into: &outputs)
        guard reply.destination != address, reply.destination != .broadcast else { return }
        guard reply.hopCount < 255 else { throw .badField }
        let hops = reply.hopCount + 1
        let lifetime = now + .milliseconds(Int64(reply.lifetimeMilliseconds))
        let isTaken = try update(
            Way(
                destination: reply.destination, nextHop: frame.sender, hopCount: hops,
                sequence: reply.destinationSequence, lifetime: lifetime),
            at: now, into: &outputs)
        guard isTaken else { return }
        defer { finish(reply.destination, at: now, into: &outputs) }
        guard reply.originator != address, now >= quietUntil else { return }
        guard let back = routes[reply.originator], back.isValid, frame.datagram.ttl > 1 else {
            return
        }
        // §6.7: both sides learn who uses them, and the way back stays a while.
        routes[reply.destination]?.addPrecursor(back.nextHop)
        routes[frame.sender]?.addPrecursor(back.nextHop)
        routes[reply.originator]?.addPrecursor(frame.sender)
        routes[reply.originator]?.lifetime = max(
            back.lifetime, now + settings.activeRouteTimeout)
        var onward = reply
        onward.hopCount = hops
        onward.wantsAcknowledgement = false
        send(onward, towards: reply.originator, at: now, into: &outputs)
    }

    /// Lifetimes as the message has them: never negative, never too large.
    func milliseconds(_ duration: Duration) -> UInt32 {
        UInt32(clamping: max(0, duration.nanoseconds / 1_000_000))
    }
}
