/// One radio as links of a mesh node: a link that stands for whoever hears, and one for each
/// neighbour that has announced itself.
///
/// What the node says to several neighbours goes into the air once. Announcements are few: as often
/// as a share of the legal air time allows. The mesh's own bookkeeping stays on the wire, but for
/// what this node says of itself; packets for others who heard the same are left to the radio
/// link's flooding.
package struct RadioLinks: Engine {
    package enum Input: Sendable {
        /// The modem is ready, or is gone.
        case up, down
        /// The node wants these packets said on one of its links, a newline behind each.
        case line(Int, [UInt8])
        /// The node does not want one of its links.
        case close(Int)
        case heard(Packet, ReceivedFrame)
    }
    package enum Output: Sendable {
        case opened(Int, LinkTraits), closed(Int), octets(Int, [UInt8])
        case send(Packet)
        /// A node has told its whole id; packets may name it by its short one.
        case know(NodeID)
    }
    private enum Timer: Hashable { case announce, tellLinks, expire(NodeID) }

    package static let maxNeighbours = 256
    /// The place of the link to whoever hears.
    private static let everybody = 0

    private let own: NodeID
    private let endpoint: Endpoint
    /// From one announcement to the next.
    package let interval: Duration
    /// What one announcement takes on the air.
    private let airtime: Duration
    private let modulation: LoRaModulation
    private let duty: Double
    private var random: SplitMix64
    private var timers = Timers<Timer>()
    /// The link of each node that is heard.
    private var neighbours: [NodeID: Int] = [:]
    private var places: [Int: NodeID] = [:]
    private var lastPlace = RadioLinks.everybody
    private var isUp = false
    /// What is to be announced next, and when it was last.
    private var announcement: Packet?
    private var announcedAt: Instant?
    private var links: Packet?
    private var linksTold: (text: String, at: Instant)?
    /// News is said twice: the first time may collide, or come before the key of its signature.
    private var isLinksRepeatDue = false
    /// Sent just now: the same packet for another neighbour is in the air already.
    private var recent: SeenCache<String>
    /// Heard on the air: flooding there goes on without the node.
    private var heard: SeenCache<String>

    package init(
        own: NodeID, endpoint: Endpoint, modulation: LoRaModulation, duty: Double, seed: UInt64,
        at now: Instant
    ) {
        self.own = own
        self.endpoint = endpoint
        self.modulation = modulation
        self.duty = duty
        airtime = RadioBeacon.airtime(modulation)
        interval = RadioBeacon.interval(modulation, duty: duty)
        random = SplitMix64(seed: seed)
        recent = SeenCache(
            capacity: 256, lifetime: max(.milliseconds(400), airtime * 3), at: now)
        heard = SeenCache(capacity: 1024, lifetime: .seconds(60), at: now)
    }

    package var nextDeadline: Instant? { timers.next }
    /// Nodes that are heard.
    package var neighbourCount: Int { neighbours.count }
    package var neighbourNames: Set<String> { Set(neighbours.keys.map(\.text)) }

    package mutating func handle(_ input: Input, at now: Instant, into outputs: inout [Output]) {
        switch input {
        case .up: open(into: &outputs)
        case .down: shut(into: &outputs)
        case .line(let place, let run):
            for line in run.split(separator: 0x0A) {
                say(Array(line), to: place, at: now, into: &outputs)
            }
        case .close(let place):
            if let node = places[place] { drop(node, into: &outputs) }
        case .heard(let packet, _): hear(packet, at: now, into: &outputs)
        }
    }

    package mutating func advance(to now: Instant, into outputs: inout [Output]) {
        while let timer = timers.popDue(at: now) {
            switch timer {
            case .announce:
                guard let packet = announcement else { continue }
                announcement = nil
                announcedAt = now
                outputs.append(.send(packet))
            case .tellLinks:
                guard let packet = links else { continue }
                outputs.append(.send(packet))
                if isLinksRepeatDue {
                    isLinksRepeatDue = false
                    timers.set(.tellLinks, at: now + repeatDelay())
                } else {
                    links = nil
                }
                linksTold = (RadioLinks.links(of: packet), now)
            case .expire(let node): drop(node, into: &outputs)
            }
        }
    }

    // MARK: Links

    private mutating func open(into outputs: inout [Output]) {
        guard !isUp else { return }
        isUp = true
        outputs.append(.opened(RadioLinks.everybody, traits(endpoint, isNeighbour: false)))
    }

    private mutating func shut(into outputs: inout [Output]) {
        guard isUp else { return }
        isUp = false
        for node in neighbours.keys.sorted() { drop(node, into: &outputs) }
        announcement = nil
        links = nil
        isLinksRepeatDue = false
        announcedAt = nil
        linksTold = nil
        timers = Timers()
        outputs.append(.closed(RadioLinks.everybody))
    }

    private func traits(_ remote: Endpoint, isNeighbour: Bool) -> LinkTraits {
        LinkTraits(
            transport: .lora, remote: remote, isOutgoing: !isNeighbour,
            air: LinkTraits.Air(
                interval: interval, roundTrip: (airtime * 2).milliseconds, isNeighbour: isNeighbour)
        )
    }

    private mutating func drop(_ node: NodeID, into outputs: inout [Output]) {
        guard let place = neighbours.removeValue(forKey: node) else { return }
        places[place] = nil
        timers.cancel(.expire(node))
        outputs.append(.closed(place))
    }

    private mutating func refresh(_ node: NodeID, at now: Instant) {
        // Three announcements may be lost.
        timers.set(.expire(node), at: now + interval * 4)
    }

    // MARK: From the node

    private mutating func say(
        _ octets: [UInt8], to place: Int, at now: Instant, into outputs: inout [Output]
    ) {
        guard isUp, let object = try? JSONObject(parsing: octets.span),
            let packet = try? Packet(RecordFields(object))
        else { return }
        switch packet.metadata.type {
        case Packet.Kind.heartbeat: return
        case Packet.Kind.discovery where packet.control == .nodeInfo && packet.source == own:
            announce(packet, at: now)
        case Packet.Kind.routing: tell(packet, to: place, at: now, into: &outputs)
        default:
            let isOwn = packet.source == own
            guard isOwn || !heard.contains(packet.id), recent.insert(packet.id, at: now) else {
                return
            }
            outputs.append(.send(packet))
        }
    }

    /// The first announcement goes at once, the next ones after a roll of the dice: several nodes
    /// may have heard what is answered.
    private mutating func announce(_ packet: Packet, at now: Instant) {
        announcement = packet
        guard timers.deadline(of: .announce) == nil else { return }
        guard let last = announcedAt else { return timers.set(.announce, at: now) }
        let dice = Int64.random(in: 0..<1024, using: &random)
        let wait = Duration.nanoseconds(airtime.nanoseconds * 4 / 1024 * dice)
        timers.set(.announce, at: max(now + wait, last + airtime * 4))
    }

    private mutating func tell(
        _ packet: Packet, to place: Int, at now: Instant, into outputs: inout [Output]
    ) {
        switch packet.control {
        case .linkState where packet.source == own:
            links = packet
            let isChanged = linksTold?.text != RadioLinks.links(of: packet)
            if isChanged { isLinksRepeatDue = true }
            var earliest = now + .seconds(2) + airtime * 4
            if let told = linksTold {
                let pause = pause(after: packet)
                earliest = max(earliest, told.at + (isChanged ? pause * 0.5 : pause))
            }
            if timers.deadline(of: .tellLinks).map({ $0 > earliest }) ?? true {
                timers.set(.tellLinks, at: earliest)
            }
        case .topologyRequest:
            guard let peer = places[place] else { return }
            outputs.append(.octets(place, topology(of: peer, at: packet.timestamp)))
        default: break
        }
    }

    /// A neighbour's word that it has told all it knows.
    private mutating func topology(of peer: NodeID, at time: Timestamp) -> [UInt8] {
        var packet = Packet(
            id: PacketID(at: time, using: &random), timestamp: time, source: peer,
            destination: own.text,
            payload: .object([
                "kind": .string(Packet.Control.topology.rawValue), "count": .number(0),
            ]
            ))
        packet.metadata.type = Packet.Kind.routing
        packet.metadata.ttl = 0
        return packet.wire + [0x0A]
    }

    /// From one word of this node's links to the next: the longer it is, the more seldom.
    private func pause(after packet: Packet) -> Duration {
        let octets = CompactPacket.encode(packet, ShortNames(), own: own).count
        // In frames of at most 200 octets.
        let frames = octets / 200
        let time =
            Duration.microseconds(TimeOnAir(clamping: octets % 200, modulation).microseconds)
            + airtime * frames
        return max(interval, RadioBeacon.pause(time * 1.5, duty: duty))
    }

    /// Long enough that what stood in the way of the first time is over, and not the same for two
    /// nodes that were told the same.
    private mutating func repeatDelay() -> Duration {
        let dice = Int64.random(in: 0..<1024, using: &random)
        return airtime * 12 + .nanoseconds(airtime.nanoseconds * 12 / 1024 * dice)
    }

    private static func links(of packet: Packet) -> String {
        let links = packet.payload.object?["links"]?.array ?? []
        return links.compactMap { $0.object?["destination"]?.string }.joined(separator: " ")
    }

    // MARK: From the air

    private mutating func hear(
        _ packet: Packet, at now: Instant, into outputs: inout [Output]
    ) {
        // A short id whose key has not been heard yet: nobody can tell who that is.
        let isKnown = packet.signature == nil || packet.source.publicKey != nil
        guard isUp, packet.source != own, isKnown else { return }
        _ = heard.insert(packet.id, at: now)
        let isAnnouncement =
            packet.metadata.type == Packet.Kind.discovery && packet.control == .nodeInfo
        let isNew = neighbours[packet.source] == nil
        if isAnnouncement, isNew, !meet(packet.source, into: &outputs) { return }
        let sender = RadioLinks.sender(of: packet)
        if let sender, neighbours[sender] != nil { refresh(sender, at: now) }
        let place = sender.flatMap { neighbours[$0] } ?? RadioLinks.everybody
        outputs.append(.octets(place, packet.wire + [0x0A]))
        if isAnnouncement, isNew {
            // The air is too dear for the whole mesh: what comes by itself is all there is.
            outputs.append(.octets(place, topology(of: packet.source, at: packet.timestamp)))
        }
    }

    private mutating func meet(_ node: NodeID, into outputs: inout [Output]) -> Bool {
        guard neighbours.count < RadioLinks.maxNeighbours else { return false }
        lastPlace += 1
        neighbours[node] = lastPlace
        places[lastPlace] = node
        outputs.append(.know(node))
        let remote = Endpoint(transport: .lora, host: node.text, port: 0)
        outputs.append(.opened(lastPlace, traits(remote, isNeighbour: true)))
        return true
    }

    /// Who has put the packet into the air, as far as the packet tells: repeating it within the air
    /// counts hops without leaving a name.
    private static func sender(of packet: Packet) -> NodeID? {
        let hops = packet.metadata.hops
        guard !packet.metadata.flags.contains(Packet.routeFlag) else {
            let place = hops - 1
            return packet.route.indices.contains(place) ? NodeID(packet.route[place]) : nil
        }
        guard hops > 1 else { return packet.source }
        return packet.route.count == hops ? packet.route.last.flatMap { NodeID($0) } : nil
    }
}
