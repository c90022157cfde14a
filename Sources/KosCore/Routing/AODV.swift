/// Ad hoc On-Demand Distance Vector routing, RFC 3561, at one node with one interface.
///
/// This file: the node's state, what comes in, and data on its way. Discovery, replies, errors and
/// neighbours have files of their own.
package struct AODV: RoutingProtocolEngine {
    enum Timer: Hashable, Sendable {
        case hello
        case route(RouterAddress)
        case discovery(RouterAddress)
        case acknowledgement(RouterAddress)
        case neighbour(RouterAddress)
        case delayed(UInt32)
    }

    struct RequestKey: Hashable, Sendable {
        let originator: RouterAddress
        let id: UInt32
    }

    struct Discovery: Sendable {
        let started: Instant
        var ttl: UInt8
        /// Tries with the widest ring so far.
        var wideTries = 0
        /// For a local repair: the hops that the route had before.
        var repairs: UInt8?
        /// Waits for the rate limit, not for a reply.
        var isHeldBack = false
        /// No datagram waits: a network layer asked.
        var isForOther = false
    }

    package let address: RouterAddress
    package let settings: AODVSettings
    var sequence: UInt32 = 0
    var requestID: UInt32 = 0
    var identification: UInt16 = 0
    var routes: [RouterAddress: AODVRoute] = [:]
    var discoveries: [RouterAddress: Discovery] = [:]
    var seen: SeenCache<RequestKey>
    var buffer = DatagramBuffer()
    var timers = Timers<Timer>()
    var random: SplitMix64
    var blacklist: [RouterAddress: Instant] = [:]
    var neighbours: [RouterAddress: Instant] = [:]
    /// Hosts that this node answers for.
    var hosts: Set<RouterAddress> = []
    var delayed: [UInt32: HopFrame] = [:]
    var delayedCount: UInt32 = 0
    var requestTimes: [Instant] = []
    var errorTimes: [Instant] = []
    var forwards: TokenBucket
    var lastBroadcast = Instant(nanoseconds: -1_000_000_000_000)
    /// Until then after a reboot nothing is asked or passed on.
    var quietUntil: Instant

    package init(
        address: RouterAddress, settings: AODVSettings = AODVSettings(), seed: UInt64,
        at now: Instant = .zero
    ) {
        self.address = address
        self.settings = settings
        random = SplitMix64(seed: seed)
        sequence = settings.firstSequence
        seen = SeenCache(capacity: 4096, lifetime: settings.pathDiscoveryTime, at: now)
        forwards = TokenBucket(
            rate: settings.forwardRateLimit, burst: settings.forwardRateLimit, at: now)
        quietUntil = settings.waitsAfterReboot ? now + settings.deletePeriod : now
    }

    package var nextDeadline: Instant? { timers.next }

    package func nextHop(to destination: RouterAddress) -> RouterAddress? {
        guard let route = routes[destination], route.isValid else { return nil }
        return route.nextHop
    }

    package func route(to destination: RouterAddress) -> AODVRoute? { routes[destination] }
    package var routeCount: Int { routes.count }
    package var ownSequence: UInt32 { sequence }

    package mutating func handle(
        _ input: RoutingInput, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        advance(to: now, into: &outputs)
        switch input {
        case .send(let datagram): pass(datagram, from: nil, at: now, into: &outputs)
        case .received(let frame): receive(frame, at: now, into: &outputs)
        case .undelivered(let frame): linkFailed(frame, at: now, into: &outputs)
        case .neighbourDown(let neighbour):
            lose(neighbour, failed: nil, at: now, into: &outputs)
        case .wanted(let destination):
            guard destination != address else { return }
            if let route = routes[destination], route.isValid {
                outputs.append(.install(entry(route)))
            } else {
                discover(destination, at: now, into: &outputs)
                discoveries[destination]?.isForOther = true
            }
        case .forwarded(let source, let destination, let previousHop, let nextHop):
            refresh([source, destination, nextHop] + (previousHop.map { [$0] } ?? []), at: now)
        case .unroutable(let destination, let previousHop):
            reportUnroutable(destination, to: previousHop, at: now, into: &outputs)
        case .attached(let host): attach(host, at: now, into: &outputs)
        case .detached(let host):
            hosts.remove(host)
            lose(host, failed: nil, at: now, into: &outputs)
        case .overheard, .neighbourUp: break
        }
    }

    package mutating func advance(to now: Instant, into outputs: inout [RoutingOutput]) {
        while let timer = timers.popDue(at: now) {
            switch timer {
            case .hello: helloDue(at: now, into: &outputs)
            case .route(let destination): routeDue(destination, at: now, into: &outputs)
            case .discovery(let destination): discoveryDue(destination, at: now, into: &outputs)
            case .acknowledgement(let neighbour): shun(neighbour, at: now)
            case .neighbour(let neighbour): neighbourDue(neighbour, at: now, into: &outputs)
            case .delayed(let number):
                if let frame = delayed.removeValue(forKey: number) {
                    outputs.append(.transmit(frame))
                }
            }
        }
    }

    // MARK: what comes in

    private mutating func receive(
        _ frame: HopFrame, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        guard frame.sender != address else { return }
        heard(frame.sender, at: now)
        let datagram = frame.datagram
        guard datagram.content == .control else {
            guard datagram.source != address else { return }
            pass(datagram, from: frame.sender, at: now, into: &outputs)
            return
        }
        do throws(RoutingError) {
            switch try AODVMessage(datagram.payload.span) {
            case .request(let request):
                try receive(request, frame, at: now, into: &outputs)
            case .reply(let reply): try receive(reply, frame, at: now, into: &outputs)
            case .error(let failure): receive(failure, frame, at: now, into: &outputs)
            case .acknowledgement: timers.cancel(.acknowledgement(frame.sender))
            }
        } catch {
            outputs.append(.rejected(error, from: frame.sender))
        }
    }

    // MARK: data

    /// Delivers, forwards, holds or drops a datagram; `previousHop` is nil for one of our own.
    mutating func pass(
        _ datagram: Datagram, from previousHop: RouterAddress?, at now: Instant,
        into outputs: inout [RoutingOutput]
    ) {
        if datagram.destination == address {
            refresh([datagram.source] + (previousHop.map { [$0] } ?? []), at: now)
            outputs.append(.deliver(datagram))
            return
        }
        var onward = datagram
        if previousHop != nil {
            guard datagram.ttl > 1 else {
                outputs.append(.dropped(datagram, .ttlExceeded))
                return
            }
            onward.ttl -= 1
        }
        if let route = routes[datagram.destination], route.isValid {
            refresh([datagram.destination, route.nextHop, datagram.source], at: now)
            if let previousHop { refresh([previousHop], at: now) }
            outputs.append(.transmit(HopFrame(from: address, to: route.nextHop, onward)))
            return
        }
        if let previousHop, routes[datagram.destination]?.state != .repairing {
            outputs.append(.dropped(datagram, .noRoute))
            reportUnroutable(datagram.destination, to: previousHop, at: now, into: &outputs)
            return
        }
        hold(onward, at: now, into: &outputs)
    }

    mutating func hold(
        _ datagram: Datagram, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        guard buffer.hold(datagram, until: .distantFuture) else {
            outputs.append(.dropped(datagram, .bufferFull))
            return
        }
        discover(datagram.destination, at: now, into: &outputs)
    }

    /// Each use keeps routes alive, §6.2.
    private mutating func refresh(_ destinations: [RouterAddress], at now: Instant) {
        let until = now + settings.activeRouteTimeout
        for destination in destinations where routes[destination]?.isValid == true {
            routes[destination]?.usedUntil = until
            if let lifetime = routes[destination]?.lifetime, lifetime < until {
                routes[destination]?.lifetime = until
            }
        }
        if settings.usesHellos, timers.deadline(of: .hello) == nil {
            timers.set(.hello, at: now + settings.helloInterval)
        }
    }

    // MARK: the table

    /// What `update` knows of a way: the number is nil when the message does not give one.
    struct Way {
        let destination: RouterAddress
        let nextHop: RouterAddress
        let hopCount: UInt8
        let sequence: UInt32?
        let lifetime: Instant
    }

    /// Takes a way into the table if §6.2 allows; false when the one that is there stays.
    mutating func update(
        _ way: Way, at now: Instant, into outputs: inout [RoutingOutput]
    ) throws(RoutingError) -> Bool {
        guard var route = routes[way.destination] else {
            guard routes.count < settings.routeCapacity else { throw .tableFull }
            let route = AODVRoute(
                to: way.destination, by: way.nextHop, hopCount: way.hopCount,
                sequence: way.sequence,
                lifetime: way.lifetime)
            put(route, at: now, into: &outputs)
            return true
        }
        if let offered = way.sequence, let known = route.sequence {
            let isBetter =
                AODVSequence.isNewer(offered, than: known)
                || (offered == known && (!route.isValid || way.hopCount < route.hopCount))
            guard isBetter else { return false }
            route.sequence = offered
        } else if way.sequence == nil, route.isValid, route.hopCount == 1,
            route.nextHop == way.nextHop
        {
            // We heard the neighbour; that tells no more than what is known.
            routes[way.destination]?.lifetime = max(route.lifetime, way.lifetime)
            return true
        } else if let offered = way.sequence {
            route.sequence = offered
        }
        let isNew = !route.isValid || route.nextHop != way.nextHop || route.hopCount != way.hopCount
        route.lifetime = route.isValid ? max(route.lifetime, way.lifetime) : way.lifetime
        if route.state == .invalid { route.precursors = [] }
        route.state = .valid
        route.hopCount = way.hopCount
        route.nextHop = way.nextHop
        if isNew {
            put(route, at: now, into: &outputs)
        } else {
            routes[way.destination] = route
        }
        return true
    }

    private mutating func put(
        _ route: AODVRoute, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        routes[route.destination] = route
        outputs.append(.install(entry(route)))
        // Asked again when it fires, since lifetimes mostly grow.
        if timers.deadline(of: .route(route.destination)) == nil {
            timers.set(.route(route.destination), at: route.lifetime)
        }
    }

    private mutating func routeDue(
        _ destination: RouterAddress, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        guard let route = routes[destination] else { return }
        guard route.lifetime <= now, route.state != .repairing else {
            let due = max(route.lifetime, now + .milliseconds(100))
            timers.set(.route(destination), at: due)
            return
        }
        if route.isValid {
            invalidate(destination, at: now, into: &outputs)
        } else {
            routes[destination] = nil
        }
    }

    /// Marks a route as broken; its number grows, so that older news cannot revive it.
    mutating func invalidate(
        _ destination: RouterAddress, sequence copied: UInt32? = nil, at now: Instant,
        into outputs: inout [RoutingOutput]
    ) {
        guard var route = routes[destination] else { return }
        let wasValid = route.isValid
        if let copied {
            route.sequence = route.sequence.map { AODVSequence.newest($0, copied) } ?? copied
        } else {
            route.sequence = route.sequence.map { $0 &+ 1 }
        }
        route.state = .invalid
        route.lifetime = now + settings.deletePeriod
        routes[destination] = route
        timers.set(.route(destination), at: route.lifetime)
        if wasValid { outputs.append(.withdraw(destination)) }
    }

    func entry(_ route: AODVRoute) -> RouteEntry {
        RouteEntry(to: route.destination, by: route.nextHop, hops: Int(route.hopCount))
    }

    // MARK: sending

    mutating func control(
        _ message: AODVMessage, to receiver: RouterAddress, ttl: UInt8,
        destination: RouterAddress? = nil
    ) -> HopFrame {
        identification &+= 1
        return HopFrame(
            from: address, to: receiver,
            Datagram(
                from: address, to: destination ?? receiver, ttl: ttl,
                identification: identification, content: .control, payload: message.octets))
    }

    mutating func broadcast(
        _ message: AODVMessage, ttl: UInt8, at now: Instant, isJittered: Bool = false,
        into outputs: inout [RoutingOutput]
    ) {
        let frame = control(message, to: .broadcast, ttl: ttl)
        lastBroadcast = now
        let most = settings.broadcastJitter.nanoseconds
        guard isJittered, most > 0, delayed.count < 1024 else {
            outputs.append(.transmit(frame))
            return
        }
        delayedCount &+= 1
        delayed[delayedCount] = frame
        let wait = Int64.random(in: 0...most, using: &random)
        timers.set(.delayed(delayedCount), at: now + .nanoseconds(wait))
    }
}
