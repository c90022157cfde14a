/// Optimized Link State Routing, RFC 3626, at one node.
///
/// This file: the node's state, what comes in and goes out, and data. Sensing, topology and the
/// routing table have files of their own.
package struct OLSR: RoutingProtocolEngine {
    enum Timer: Hashable, Sendable {
        case hello
        case topology
        case flush
        case expiry
        case early
    }

    struct Duplicate: Sendable {
        var isForwarded: Bool
        var interfaces: UInt64
        var until: Instant
    }

    struct Neighbour: Sendable {
        var willingness: UInt8
        var isSymmetric: Bool
        /// Its symmetric neighbours, and until when that holds.
        var reaches: [RouterAddress: Instant] = [:]
    }

    /// What one originator advertises.
    struct Advertised: Sendable {
        var sequence: UInt16
        var destinations: [RouterAddress: Instant]
        /// The last message as it came: the same again only takes longer to expire.
        var latest: [RouterAddress]
        var until: Instant
    }

    struct GatewayKey: Hashable, Sendable {
        let gateway: RouterAddress
        let network: OLSRMessage.Network
    }

    /// The main address: that of the first interface.
    package let address: RouterAddress
    package let interfaces: [RouterAddress]
    package let settings: OLSRSettings
    var random: SplitMix64
    var timers = Timers<Timer>()
    var links: [RouterAddress: [OLSRLink]] = [:]
    var neighbours: [RouterAddress: Neighbour] = [:]
    var relays: Set<RouterAddress> = []
    var selectors: [RouterAddress: Instant] = [:]
    var topology: [RouterAddress: Advertised] = [:]
    /// Destinations of all advertisements together, at least: counted anew when something ends.
    package internal(set) var tupleCount = 0
    var mainAddress: [RouterAddress: (main: RouterAddress, until: Instant)] = [:]
    var gateways: [GatewayKey: Instant] = [:]
    /// Hosts that are told of as networks of one address, §12.
    var hosts: Set<RouterAddress> = []
    var duplicates: [UInt64: Duplicate] = [:]
    var duplicateOrder: [(key: UInt64, until: Instant)] = []
    var duplicateHead = 0
    var outgoing: [OLSRMessage] = []
    var packetSequence: [UInt16]
    var messageSequence: UInt16 = 0
    var identification: UInt16 = 0
    var advertisedSequence: UInt16 = 0
    var advertised: [RouterAddress] = []
    /// Until then empty TCs are sent after the set became empty, §9.3.
    var emptyUntil = Instant.zero
    var nextExpiry = Instant.distantFuture
    var lastExpiry = Instant.zero
    var routes: [RouterAddress: RouteEntry] = [:]
    var isStale = false
    var isNeighbourhoodStale = false
    var areRelaysStale = false

    package init(
        interfaces: [RouterAddress], settings: OLSRSettings = OLSRSettings(), seed: UInt64,
        at now: Instant = .zero
    ) {
        self.interfaces = interfaces.isEmpty ? [.none] : interfaces
        address = interfaces.first ?? .none
        self.settings = settings
        random = SplitMix64(seed: seed)
        packetSequence = [UInt16](repeating: 0, count: max(1, interfaces.count))
        timers.set(.hello, at: now + jittered(settings.helloInterval) / 4)
        timers.set(.topology, at: now + jittered(settings.topologyInterval))
    }

    package init(
        address: RouterAddress, settings: OLSRSettings = OLSRSettings(), seed: UInt64,
        at now: Instant = .zero
    ) {
        self.init(interfaces: [address], settings: settings, seed: seed, at: now)
    }

    package var nextDeadline: Instant? { timers.next }
    package var routeCount: Int { routes.count }

    package mutating func handle(
        _ input: RoutingInput, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        advance(to: now, into: &outputs)
        switch input {
        case .send(let datagram): pass(datagram, isOwn: true, at: now, into: &outputs)
        case .received(let frame):
            guard !interfaces.contains(frame.sender) else { return }
            if frame.datagram.content == .control {
                receive(frame, at: now, into: &outputs)
            } else {
                pass(frame.datagram, isOwn: false, at: now, into: &outputs)
            }
        case .undelivered(let frame):
            outputs.append(.dropped(frame.datagram, .linkBroken))
            if settings.heedsLinkLayer { lose(frame.receiver, at: now) }
        case .neighbourDown(let neighbour):
            if settings.heedsLinkLayer { lose(neighbour, at: now) }
        case .wanted(let destination):
            reckon(at: now, into: &outputs)
            if let route = routes[destination] {
                outputs.append(.install(route))
            } else {
                outputs.append(.undiscovered(destination))
            }
        case .attached(let host):
            guard hosts.count < 1024, hosts.insert(host).inserted else { break }
            sendNetworks(at: now)
        case .detached(let host): hosts.remove(host)
        case .overheard, .neighbourUp, .forwarded, .unroutable: break
        }
        settle(at: now, into: &outputs)
    }

    package mutating func advance(to now: Instant, into outputs: inout [RoutingOutput]) {
        while let timer = timers.popDue(at: now) {
            switch timer {
            case .hello:
                sendHellos(at: now, into: &outputs)
                timers.set(.hello, at: now + jittered(settings.helloInterval))
            case .topology:
                sendTopology(at: now)
                timers.set(.topology, at: now + jittered(settings.topologyInterval))
            case .early: sendTopologyControl(at: now)
            case .flush: flush(at: now, into: &outputs)
            case .expiry: expire(at: now)
            }
        }
        settle(at: now, into: &outputs)
    }

    /// Brings what follows from the sets up to date.
    private mutating func settle(at now: Instant, into outputs: inout [RoutingOutput]) {
        if isNeighbourhoodStale {
            isNeighbourhoodStale = false
            reviseNeighbours(at: now)
            areRelaysStale = true
            if settings.topologyRedundancy > 0 { selectRelays() }
            reviseAdvertised(at: now)
            isStale = true
        }
        if isStale, settings.reportsRoutes { reckon(at: now, into: &outputs) }
        if nextExpiry < .distantFuture { armExpiry() }
    }

    /// A look at everything costs what the tables hold, so that large ones are looked at less
    /// often: what ended a moment ago may stand there a moment longer.
    private mutating func armExpiry() {
        let due = max(nextExpiry, lastExpiry + .microseconds(Int64(tupleCount)))
        if let planned = timers.deadline(of: .expiry), planned <= due { return }
        timers.set(.expiry, at: due)
    }

    /// Notes that something ends at `instant`.
    mutating func expires(at instant: Instant) { nextExpiry = min(nextExpiry, instant) }

    // MARK: packets

    private mutating func receive(
        _ frame: HopFrame, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        do throws(RoutingError) {
            let packet = try OLSRPacket(frame.datagram.payload.span)
            if settings.usesHysteresis { rate(packet.sequence, from: frame, at: now) }
            for message in packet.messages {
                try receive(message, from: frame, at: now)
            }
        } catch {
            outputs.append(.rejected(error, from: frame.sender))
        }
    }

    private mutating func receive(
        _ message: OLSRMessage, from frame: HopFrame, at now: Instant
    ) throws(RoutingError) {
        // §3.4: own messages, and those that should not live, go no further.
        guard message.ttl > 0, !interfaces.contains(message.originator) else { return }
        if case .hello(let hello) = message.body {
            try sense(hello, message, from: frame, at: now)
            return
        }
        let key = UInt64(message.originator.bits) << 16 | UInt64(message.sequence)
        let known = duplicates[key]
        let interface = UInt64(1) << UInt64(clamping: min(63, max(0, frame.interface)))
        // The usual case by far: another neighbour passed it on here before.
        if let known, known.interfaces & interface != 0 { return }
        guard isSymmetricInterface(frame.sender, at: now) else { return }
        if known == nil { try process(message, at: now) }
        forward(message, key, from: frame, on: interface, known, at: now)
    }

    /// The default forwarding algorithm, §3.4.1, for a message that was not heard on `interface`.
    private mutating func forward(
        _ message: OLSRMessage, _ key: UInt64, from frame: HopFrame, on interface: UInt64,
        _ known: Duplicate?, at now: Instant
    ) {
        if let known, known.isForwarded {
            duplicates[key]?.interfaces |= interface
            return
        }
        let sender = main(frame.sender)
        let isSelector = selectors[sender].map { $0 > now } ?? false
        let isForwarded = isSelector && message.ttl > 1
        remember(key, interface: interface, isForwarded: isForwarded, at: now)
        guard isForwarded else { return }
        var onward = message
        onward.ttl -= 1
        onward.hopCount = onward.hopCount &+ 1
        enqueue(onward, at: now)
    }

    private mutating func remember(
        _ key: UInt64, interface: UInt64, isForwarded: Bool, at now: Instant
    ) {
        let until = now + settings.duplicateHoldTime
        if duplicates[key] == nil {
            while duplicateHead < duplicateOrder.count,
                duplicateOrder[duplicateHead].until <= now
                    || duplicates.count >= settings.duplicateCapacity
            {
                duplicates[duplicateOrder[duplicateHead].key] = nil
                duplicateHead += 1
            }
            if duplicateHead > 1024, duplicateHead * 2 > duplicateOrder.count {
                duplicateOrder.removeFirst(duplicateHead)
                duplicateHead = 0
            }
            duplicateOrder.append((key, until))
            duplicates[key] = Duplicate(
                isForwarded: isForwarded, interfaces: interface, until: until)
        } else {
            duplicates[key]?.isForwarded = isForwarded
            duplicates[key]?.interfaces |= interface
        }
    }

    // MARK: sending

    mutating func jittered(_ interval: Duration) -> Duration {
        let most = settings.maxJitter.nanoseconds
        let early = most > 0 ? Int64.random(in: 0...most, using: &random) : 0
        return interval - .nanoseconds(early)
    }

    mutating func nextMessage(_ body: OLSRMessage.Body, validity: Duration, ttl: UInt8)
        -> OLSRMessage
    {
        messageSequence &+= 1
        return OLSRMessage(
            validity: OLSRTime.code(validity), originator: address, ttl: ttl,
            sequence: messageSequence, body: body)
    }

    /// Has a message sent soon, together with others.
    mutating func enqueue(_ message: OLSRMessage, at now: Instant) {
        guard outgoing.count < 1024 else { return }
        outgoing.append(message)
        guard timers.deadline(of: .flush) == nil else { return }
        let most = settings.maxJitter.nanoseconds
        let wait = most > 0 ? Int64.random(in: 0...most, using: &random) : 0
        timers.set(.flush, at: now + .nanoseconds(wait))
    }

    private mutating func flush(at now: Instant, into outputs: inout [RoutingOutput]) {
        guard !outgoing.isEmpty else { return }
        let messages = outgoing
        outgoing = []
        for interface in interfaces.indices {
            transmit(messages, on: interface, into: &outputs)
        }
    }

    /// Packs messages into packets of at most 1400 octets or so.
    mutating func transmit(
        _ messages: [OLSRMessage], on interface: Int, into outputs: inout [RoutingOutput]
    ) {
        var packed: [OLSRMessage] = []
        var size = 4
        func octets(_ message: OLSRMessage) -> Int {
            switch message.body {
            case .topologyControl(let control): 16 + 4 * control.advertised.count
            case .interfaces(let list): 12 + 4 * list.count
            case .networks(let list): 12 + 8 * list.count
            case .unknown(_, let content): 12 + content.count
            case .hello(let hello): 16 + hello.links.reduce(0) { $0 + 4 + 4 * $1.addresses.count }
            }
        }
        for message in messages {
            let more = octets(message)
            if size + more > 1400, !packed.isEmpty {
                outputs.append(.transmit(frame(packed, on: interface)))
                packed = []
                size = 4
            }
            packed.append(message)
            size += more
        }
        if !packed.isEmpty { outputs.append(.transmit(frame(packed, on: interface))) }
    }

    private mutating func frame(_ messages: [OLSRMessage], on interface: Int) -> HopFrame {
        packetSequence[interface] &+= 1
        identification &+= 1
        let packet = OLSRPacket(sequence: packetSequence[interface], messages: messages)
        return HopFrame(
            from: interfaces[interface], to: .broadcast, interface: interface,
            Datagram(
                from: interfaces[interface], to: .broadcast, ttl: 1,
                identification: identification, content: .control, payload: packet.octets))
    }
}
