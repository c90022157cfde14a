/// Dynamic Source Routing, RFC 4728, at one node, without the flow state extension. Its packets are
/// IP protocol 48; over kOS links they travel as they are.
///
/// This file: the node's state, what comes in, and data. Discovery and maintenance have files of
/// their own.
package struct DSR: RoutingProtocolEngine {
    enum Timer: Hashable, Sendable {
        case discovery(RouterAddress)
        case maintenance(UInt16)
        case delayed(UInt32)
        case buffer
    }

    struct Discovery: Sendable {
        let started: Instant
        var period: Duration
        /// Requests sent so far; the first goes to neighbours only.
        var sent = 0
        var isForOther = false
    }

    /// A frame whose hop has yet to be confirmed, §8.3.
    struct Unconfirmed: Sendable {
        var frame: HopFrame
        var retransmissions = 0
        var passiveTries = 0
        var asks = false
    }

    struct GratuitousKey: Hashable, Sendable {
        let source: RouterAddress
        let transmitter: RouterAddress
    }

    struct Delayed: Sendable {
        let frame: HopFrame
        /// For a cached reply: whose, and how long its route is; a shorter one overheard cancels
        /// it.
        var reply: (initiator: RouterAddress, target: RouterAddress, hops: Int)?
    }

    package static var overhears: Bool { true }
    package static var keepsFrames: Bool { true }
    /// The next header in front of an application's octets (RFC 3692's experimental number).
    package static let dataHeader: UInt8 = 253

    package let address: RouterAddress
    package let settings: DSRSettings
    package internal(set) var cache: DSRCache
    package internal(set) var requests: DSRRequestTable
    var random: SplitMix64
    var timers = Timers<Timer>()
    var discoveries: [RouterAddress: Discovery] = [:]
    var buffer = DatagramBuffer()
    var unconfirmed: [UInt16: Unconfirmed] = [:]
    var confirmed: [RouterAddress: Instant] = [:]
    var gratuitous: [GratuitousKey: Instant] = [:]
    var delayed: [UInt32: Delayed] = [:]
    var delayedCount: UInt32 = 0
    /// Hosts that this node answers for.
    var hosts: Set<RouterAddress> = []
    /// Sources whose packets a network layer beside this one sends to a neighbour, and since when.
    var flows: [RouterAddress: [RouterAddress: Instant]] = [:]
    var requestID: UInt16 = 0
    var acknowledgementID: UInt16 = 0
    var identification: UInt16 = 0

    package init(
        address: RouterAddress, settings: DSRSettings = DSRSettings(), seed: UInt64,
        at now: Instant = .zero
    ) {
        self.address = address
        self.settings = settings
        random = SplitMix64(seed: seed)
        cache = DSRCache(settings: settings)
        requests = DSRRequestTable(
            capacity: settings.requestTableSize, each: settings.requestTableIDs)
    }

    package var nextDeadline: Instant? { timers.next }

    package func nextHop(to destination: RouterAddress) -> RouterAddress? {
        var copy = cache
        return copy.path(from: address, to: destination, at: .zero)?.first
    }

    package mutating func nextHop(to destination: RouterAddress, at now: Instant) -> RouterAddress?
    {
        path(to: destination, at: now)?.first
    }

    package var routeCount: Int { cache.count }

    /// The nodes after this one on the way to `destination`, which is last.
    package mutating func path(to destination: RouterAddress, at now: Instant) -> [RouterAddress]? {
        cache.path(from: address, to: destination, at: now)
    }

    package mutating func handle(
        _ input: RoutingInput, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        advance(to: now, into: &outputs)
        switch input {
        case .send(let datagram): send(datagram, at: now, into: &outputs)
        case .received(let frame): receive(frame, at: now, into: &outputs)
        case .overheard(let frame): overhear(frame, at: now, into: &outputs)
        case .undelivered(let frame): linkFailed(frame, at: now, into: &outputs)
        case .neighbourDown(let neighbour), .detached(let neighbour):
            hosts.remove(neighbour)
            neighbourLost(neighbour, at: now, into: &outputs)
        case .attached(let host): attach(host, at: now, into: &outputs)
        case .forwarded(let source, _, _, let nextHop):
            guard source != address, flows.count < 1024 else { break }
            if flows[nextHop]?.count ?? 0 >= 256 { flows[nextHop] = [:] }
            flows[nextHop, default: [:]][source] = now
        case .wanted(let destination):
            if let path = path(to: destination, at: now), let first = path.first {
                outputs.append(
                    .install(
                        RouteEntry(to: destination, by: first, hops: path.count, path: path)))
            } else {
                discover(destination, at: now, into: &outputs)
                discoveries[destination]?.isForOther = true
            }
        case .neighbourUp, .unroutable: break
        }
    }

    package mutating func advance(to now: Instant, into outputs: inout [RoutingOutput]) {
        while let timer = timers.popDue(at: now) {
            switch timer {
            case .discovery(let target): discoveryDue(target, at: now, into: &outputs)
            case .maintenance(let id): maintenanceDue(id, at: now, into: &outputs)
            case .delayed(let number):
                if let held = delayed.removeValue(forKey: number) {
                    transmit(held.frame, at: now, into: &outputs)
                }
            case .buffer:
                for datagram in buffer.takeExpired(at: now) {
                    outputs.append(.dropped(datagram, .bufferTimeout))
                }
                if let next = buffer.nextExpiry { timers.set(.buffer, at: next) }
            }
        }
    }

    // MARK: data of our own

    mutating func send(
        _ datagram: Datagram, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        guard datagram.destination != address else {
            outputs.append(.deliver(datagram))
            return
        }
        if let path = path(to: datagram.destination, at: now) {
            launch(datagram, along: path, at: now, into: &outputs)
            return
        }
        guard buffer.hold(datagram, until: now + settings.sendBufferTimeout) else {
            outputs.append(.dropped(datagram, .bufferFull))
            return
        }
        if timers.deadline(of: .buffer) == nil {
            timers.set(.buffer, at: now + settings.sendBufferTimeout)
        }
        discover(datagram.destination, at: now, into: &outputs)
    }

    /// Sends a datagram along a route; one of a single hop needs no option.
    mutating func launch(
        _ datagram: Datagram, along path: [RouterAddress], salvage: UInt8 = 0, at now: Instant,
        into outputs: inout [RoutingOutput]
    ) {
        guard let first = path.first, path.count <= 63 else {
            outputs.append(.dropped(datagram, .badSourceRoute))
            return
        }
        guard path.count > 1 || salvage > 0 else {
            transmit(HopFrame(from: address, to: first, datagram), at: now, into: &outputs)
            return
        }
        // A salvaging node puts itself in front, §8.3.6; the first node is on its way already.
        var nodes = Array(path.dropLast())
        if salvage > 0 { nodes.insert(address, at: 0) }
        let left = max(0, path.count - 2)
        var route = DSROption.SourceRoute(
            route: nodes, segmentsLeft: UInt8(truncatingIfNeeded: left), salvage: salvage)
        route.isFirstHopExternal = false
        launch(
            [.sourceRoute(route)], with: datagram, to: first, at: now, into: &outputs)
    }

    /// Puts options in front of a datagram's content (none for a datagram of options only).
    mutating func launch(
        _ options: [DSROption], with datagram: Datagram, to receiver: RouterAddress,
        at now: Instant,
        into outputs: inout [RoutingOutput]
    ) {
        let isData = datagram.content == .data
        let header = DSRHeader(
            nextHeader: isData ? DSR.dataHeader : DSRHeader.noNextHeader, options: options)
        var carried = datagram
        carried.content = .sourceRouted
        carried.payload = header.octets + (isData ? datagram.payload : [])
        transmit(HopFrame(from: address, to: receiver, carried), at: now, into: &outputs)
    }

    // MARK: what comes in

    private mutating func receive(
        _ frame: HopFrame, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        guard frame.sender != address else { return }
        let datagram = frame.datagram
        switch datagram.content {
        case .control: break
        case .data:
            cache.learn([address, frame.sender], at: now)
            if datagram.destination == address {
                outputs.append(.deliver(datagram))
            } else {
                outputs.append(.dropped(datagram, .noRoute))
            }
        case .sourceRouted:
            do throws(RoutingError) {
                var length = 0
                let header = try DSRHeader(datagram.payload.span, length: &length)
                try process(header, length, frame, at: now, into: &outputs)
            } catch {
                outputs.append(.rejected(error, from: frame.sender))
            }
        }
    }

    private mutating func process(
        _ header: DSRHeader, _ length: Int, _ frame: HopFrame, at now: Instant,
        into outputs: inout [RoutingOutput]
    ) throws(RoutingError) {
        // §6.2: at most one request in a header.
        let requestCount = header.options.count { if case .request = $0 { true } else { false } }
        guard requestCount <= 1 else { throw .badField }
        cache.learn([address, frame.sender], at: now)
        let datagram = frame.datagram
        var kept: [DSROption] = []
        var source: DSROption.SourceRoute?
        for option in header.options {
            switch option {
            case .request(let request):
                receive(request, frame, at: now, into: &outputs)
                return
            case .reply(let reply):
                receive(reply, datagram, at: now, into: &outputs)
                kept.append(option)
            case .error(let failure):
                receive(failure, at: now)
                kept.append(option)
            case .acknowledgementRequest(let id):
                acknowledge(id, to: frame.sender, at: now, into: &outputs)
            case .acknowledgement(let acknowledgement):
                confirm(acknowledgement.source, at: now)
                if datagram.destination != address { kept.append(option) }
            case .sourceRoute(let route): source = route
            case .unknown(let type, _):
                switch DSROption.treatment(of: type) {
                case .ignore, .mark: kept.append(option)
                case .remove: break
                case .drop:
                    outputs.append(.rejected(.unsupportedOption(type), from: frame.sender))
                }
                if DSROption.wantsError(type) {
                    report(.optionNotSupported(type), to: datagram, at: now, into: &outputs)
                }
                if DSROption.treatment(of: type) == .drop { return }
            }
        }
        if let source { learn(source, datagram, at: now) }
        if datagram.destination == address {
            guard header.nextHeader != DSRHeader.noNextHeader else { return }
            var plain = datagram
            plain.content = .data
            plain.payload = Array(datagram.payload.dropFirst(length))
            outputs.append(.deliver(plain))
            return
        }
        guard let source else {
            outputs.append(.dropped(datagram, .badSourceRoute))
            return
        }
        let rest = Array(datagram.payload.dropFirst(length))
        forward(
            source, kept, header.nextHeader, rest, datagram, at: now, into: &outputs)
    }

    /// §8.1.5: on to the next node of the route.
    private mutating func forward(
        _ source: DSROption.SourceRoute, _ options: [DSROption], _ nextHeader: UInt8,
        _ rest: [UInt8], _ datagram: Datagram, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        guard datagram.ttl > 1 else {
            outputs.append(.dropped(datagram, .ttlExceeded))
            return
        }
        let count = source.route.count
        let left = Int(source.segmentsLeft)
        // Whoever forwards must stand where the counter says.
        guard left < count, source.route[count - 1 - left] == address else {
            outputs.append(.dropped(datagram, .badSourceRoute))
            return
        }
        var options = options
        var next = datagram.destination
        if left > 0 {
            var onward = source
            onward.segmentsLeft = UInt8(truncatingIfNeeded: left - 1)
            next = source.route[count - left]
            options.append(.sourceRoute(onward))
        } else if source.salvage > 0 {
            options.append(.sourceRoute(source))
        }
        guard !next.isMulticast, next != .broadcast else {
            outputs.append(.dropped(datagram, .badSourceRoute))
            return
        }
        var onward = datagram
        onward.ttl -= 1
        onward.payload = DSRHeader(nextHeader: nextHeader, options: options).octets + rest
        transmit(HopFrame(from: address, to: next, onward), at: now, into: &outputs)
    }

    /// The way that a source route shows, §8.1.4.
    private mutating func learn(
        _ source: DSROption.SourceRoute, _ datagram: Datagram, at now: Instant
    ) {
        // A salvaged packet's route begins at its first address, not at the source.
        let start = source.salvage > 0 ? [] : [datagram.source]
        cache.learn(start + source.route + [datagram.destination], at: now)
    }

    /// A frame to someone else, §3.4.3 and §8.1.4: teaches, confirms and may shorten.
    private mutating func overhear(
        _ frame: HopFrame, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        guard frame.sender != address, frame.datagram.content == .sourceRouted else { return }
        var length = 0
        guard let header = try? DSRHeader(frame.datagram.payload.span, length: &length) else {
            return
        }
        confirmPassively(frame, at: now)
        for option in header.options {
            switch option {
            case .sourceRoute(let source):
                learn(source, frame.datagram, at: now)
                cache.learn([address, frame.sender], at: now)
                shorten(source, frame, at: now, into: &outputs)
            case .reply(let reply):
                cache.learn([frame.datagram.destination] + reply.route, at: now)
                cancelReplies(to: frame.datagram.destination, reply)
            case .error(let failure): receive(failure, at: now)
            default: break
            }
        }
    }

    /// If we stand later in the route, the nodes between are not needed.
    private mutating func shorten(
        _ source: DSROption.SourceRoute, _ frame: HopFrame, at now: Instant,
        into outputs: inout [RoutingOutput]
    ) {
        let nodes = source.route + [frame.datagram.destination]
        guard source.salvage == 0, let own = nodes.firstIndex(of: address),
            let receiver = nodes.firstIndex(of: frame.receiver), own > receiver
        else { return }
        let key = GratuitousKey(source: frame.datagram.source, transmitter: frame.sender)
        if let until = gratuitous[key], until > now { return }
        if gratuitous.count >= 256 { gratuitous = gratuitous.filter { $0.value > now } }
        guard gratuitous.count < 256 else { return }
        gratuitous[key] = now + settings.gratuitousReplyHoldoff
        let before = nodes[..<receiver]
        let shorter = Array(before) + Array(nodes[own...])
        reply(
            with: shorter, to: frame.datagram.source, back: Array(before), at: now, into: &outputs)
    }
}
