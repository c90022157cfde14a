/// Route discovery: RFC 4728 §3.1, §3.3 and §8.2.
extension DSR {
    // MARK: asking

    mutating func discover(
        _ target: RouterAddress, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        guard discoveries[target] == nil, discoveries.count < 256 else { return }
        discoveries[target] = Discovery(started: now, period: settings.requestPeriod)
        request(target, at: now, into: &outputs)
    }

    private mutating func request(
        _ target: RouterAddress, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        guard var discovery = discoveries[target] else { return }
        requestID &+= 1
        let isFirst = discovery.sent == 0
        discovery.sent += 1
        let wait = isFirst ? settings.nonpropagatingTimeout : discovery.period
        if !isFirst { discovery.period = min(settings.maxRequestPeriod, discovery.period * 2) }
        discoveries[target] = discovery
        timers.set(.discovery(target), at: now + wait)
        let option = DSROption.request(DSROption.Request(id: requestID, target: target))
        outputs.append(
            .transmit(
                optionFrame(
                    [option], to: .broadcast, destination: .broadcast,
                    ttl: isFirst ? 1 : settings.discoveryHopLimit)))
    }

    mutating func discoveryDue(
        _ target: RouterAddress, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        guard let discovery = discoveries[target] else { return }
        let isWanted = buffer.isWaiting(for: target) || discovery.isForOther
        guard isWanted, discovery.sent <= settings.maxRequestRetransmissions else {
            discoveries[target] = nil
            for datagram in buffer.take(target) { outputs.append(.dropped(datagram, .noRoute)) }
            outputs.append(.undiscovered(target))
            return
        }
        request(target, at: now, into: &outputs)
    }

    /// A way has become known: what waits for it goes.
    func hasNews(at now: Instant) -> Bool { !discoveries.isEmpty || !buffer.destinations.isEmpty }

    mutating func finish(at now: Instant, into outputs: inout [RoutingOutput]) {
        let waiting = Set(buffer.destinations).union(discoveries.keys).sorted()
        for target in waiting {
            guard let path = path(to: target, at: now), let first = path.first else { continue }
            if let discovery = discoveries.removeValue(forKey: target) {
                timers.cancel(.discovery(target))
                outputs.append(
                    .discovered(target, hops: path.count, after: now - discovery.started))
                outputs.append(
                    .install(RouteEntry(to: target, by: first, hops: path.count, path: path)))
            }
            for datagram in buffer.take(target) {
                launch(datagram, along: path, at: now, into: &outputs)
            }
        }
    }

    // MARK: being asked

    mutating func receive(
        _ request: DSROption.Request, _ frame: HopFrame, at now: Instant,
        into outputs: inout [RoutingOutput]
    ) {
        let initiator = frame.datagram.source
        guard initiator != address, !request.route.contains(address),
            request.route.last ?? initiator == frame.sender,
            !request.route.contains(initiator)
        else { return }
        cache.learn([initiator] + request.route + [address], at: now)
        if hasNews(at: now) { finish(at: now, into: &outputs) }
        if request.target == address {
            reply(
                with: request.route + [address], to: initiator, back: request.route, at: now,
                into: &outputs)
            return
        }
        if hosts.contains(request.target) {
            reply(
                with: request.route + [address, request.target], to: initiator,
                back: request.route, at: now, into: &outputs)
            return
        }
        guard requests.insert(request.id, for: request.target, by: initiator) else { return }
        if settings.repliesFromCache,
            let rest = cache.path(from: address, to: request.target, at: now)
        {
            let whole = request.route + [address] + rest
            if Set(whole).count == whole.count, !whole.contains(initiator), whole.count <= 62 {
                replyLater(with: whole, request, to: initiator, at: now)
                return
            }
        }
        pass(request, frame, at: now)
    }

    /// A host that speaks no DSR is next to this node.
    mutating func attach(
        _ host: RouterAddress, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        guard host != address, hosts.count < 1024 else { return }
        hosts.insert(host)
        cache.learn([address, host], at: now)
        if hasNews(at: now) { finish(at: now, into: &outputs) }
    }

    private mutating func pass(_ request: DSROption.Request, _ frame: HopFrame, at now: Instant) {
        guard frame.datagram.ttl > 1, request.route.count < 60 else { return }
        var onward = request
        onward.route.append(address)
        var datagram = frame.datagram
        datagram.ttl -= 1
        datagram.payload = DSRHeader(options: [.request(onward)]).octets
        let wait = uniform(settings.broadcastJitter)
        delay(Delayed(frame: HopFrame(from: address, to: .broadcast, datagram)), by: wait, at: now)
    }

    /// §8.2.5: replies from caches wait, the better the route the less, so that not all come at
    /// once.
    private mutating func replyLater(
        with route: [RouterAddress], _ request: DSROption.Request, to initiator: RouterAddress,
        at now: Instant
    ) {
        let unit = settings.replyDelay
        let wait = unit * (route.count - 1) + uniform(unit)
        let frame = replyFrame(with: route, to: initiator, back: request.route)
        delay(
            Delayed(frame: frame, reply: (initiator, request.target, route.count)), by: wait,
            at: now)
    }

    /// Someone else answered with a route that is no longer than ours.
    mutating func cancelReplies(to initiator: RouterAddress, _ reply: DSROption.Reply) {
        let cancelled = delayed.filter { _, held in
            held.reply.map {
                $0.initiator == initiator && $0.target == reply.route.last
                    && reply.route.count <= $0.hops
            } ?? false
        }
        for number in cancelled.keys.sorted() {
            delayed[number] = nil
            timers.cancel(.delayed(number))
        }
    }

    mutating func reply(
        with route: [RouterAddress], to initiator: RouterAddress, back: [RouterAddress],
        at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        let frame = replyFrame(with: route, to: initiator, back: back)
        transmit(frame, at: now, into: &outputs)
    }

    /// §8.2.4: back over the links that the request crossed; `back` is in the initiator's order.
    private mutating func replyFrame(
        with route: [RouterAddress], to initiator: RouterAddress, back: [RouterAddress]
    ) -> HopFrame {
        var options: [DSROption] = [.reply(DSROption.Reply(route: route))]
        let nodes = Array(back.reversed())
        if !nodes.isEmpty {
            options.append(
                .sourceRoute(
                    DSROption.SourceRoute(
                        route: nodes, segmentsLeft: UInt8(truncatingIfNeeded: nodes.count - 1))))
        }
        return optionFrame(
            options, to: nodes.first ?? initiator, destination: initiator, ttl: 255)
    }

    mutating func receive(
        _ reply: DSROption.Reply, _ datagram: Datagram, at now: Instant,
        into outputs: inout [RoutingOutput]
    ) {
        let whole = [datagram.destination] + reply.route
        guard Set(whole).count == whole.count else { return }
        cache.learn(whole, at: now)
        if hasNews(at: now) { finish(at: now, into: &outputs) }
    }

    // MARK: frames

    /// A datagram of options only.
    mutating func optionFrame(
        _ options: [DSROption], to receiver: RouterAddress, destination: RouterAddress, ttl: UInt8
    ) -> HopFrame {
        identification &+= 1
        return HopFrame(
            from: address, to: receiver,
            Datagram(
                from: address, to: destination, ttl: ttl, identification: identification,
                content: .sourceRouted, payload: DSRHeader(options: options).octets))
    }

    mutating func delay(_ held: Delayed, by wait: Duration, at now: Instant) {
        guard delayed.count < 1024 else { return }
        delayedCount &+= 1
        delayed[delayedCount] = held
        timers.set(.delayed(delayedCount), at: now + wait)
    }

    mutating func uniform(_ most: Duration) -> Duration {
        let limit = most.nanoseconds
        return .nanoseconds(limit > 0 ? Int64.random(in: 0...limit, using: &random) : 0)
    }
}
