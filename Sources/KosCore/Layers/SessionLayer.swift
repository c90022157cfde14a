/// What the session layer exchanges with the application layer.
package enum Dialogue: Sendable {
    /// Down: a packet to be signed and sent.
    case send(Packet, Persistence?)
    /// Down: packets that are signed and want no receipt.
    case relay(Run)
    /// Up: a packet for this node, its signature checked, never the same one twice.
    case arrived(JSONObject, Packet, Origin)
    /// Up: what a node on the way or the destination said of a packet of this node.
    case answered(packet: String, Packet.Control, by: NodeID, hops: Int)
    case delivery(Delivery)
    case requestTopology(NodeID)
    case cancel(String)
    case depart
}

/// Dialogue ↔ delivery: signs what goes out, checks what comes in, refuses what came before, and
/// acknowledges what is accepted.
package struct SessionLayer: ProtocolLayer {
    package typealias Upper = Dialogue
    package typealias Lower = Delivery

    package struct Settings: Sendable {
        /// Accept packets without a signature.
        package var isInsecure = false
        /// Packets remembered, so that none is delivered twice.
        package var memory = 1 << 17
        /// Longer than a custodian keeps a packet: it hands on anew what it saw no receipt for.
        package var lifetime = Custody.Settings().lifetime + .seconds(3600)
        /// What an earlier life has delivered; nil where nobody writes it down.
        package var past: DeliveryMemory?
        /// Seals and opens payloads; nil where nothing is sealed.
        package var sealer: (any Sealer)?
        package init() {}
    }

    private var author: Author
    private let verifier: any Verifier
    private let settings: Settings
    private var delivered: SeenCache<OctetHash>
    /// Delivered since they were last taken, for whoever writes them down.
    private var fresh: [OctetHash] = []
    private var complaints: TokenBucket
    private let seed: UInt64

    package init(author: Author, verifier: any Verifier, settings: Settings, at now: Instant) {
        self.author = author
        self.verifier = verifier
        self.settings = settings
        let drawn = self.author.roll()
        seed = settings.past?.seed ?? drawn
        delivered = SeenCache(capacity: settings.memory, lifetime: settings.lifetime, at: now)
        for key in settings.past?.keys ?? [] { _ = delivered.insert(key, at: now) }
        complaints = TokenBucket(rate: 50, burst: 100, at: now)
    }

    package var nextDeadline: Instant? { nil }

    package mutating func processOutbound(
        _ unit: Dialogue, at now: Instant, into flow: inout Flow<Dialogue, Delivery>
    ) {
        switch unit {
        case .send(let packet, let persistence):
            // A packet that carries a signature already, or is somebody else's, stays as it is.
            let isOwn = packet.source == author.node && packet.signature == nil
            let signed = isOwn ? seal(packet).signed(by: author.signer) : packet
            flow.down.append(.send(signed, persistence))
        case .requestTopology(let peer): flow.down.append(.requestTopology(peer))
        case .relay(let run): flow.down.append(.relay(run))
        case .cancel(let id): flow.down.append(.cancel(id))
        case .depart: flow.down.append(.depart)
        case .arrived, .answered, .delivery: break
        }
    }

    private func seal(_ packet: Packet) -> Packet {
        guard let key = packet.sealingKey, let sealer = settings.sealer, !packet.isSealed else {
            return packet
        }
        return packet.sealed(to: key, by: sealer) ?? packet
    }

    package mutating func processInbound(
        _ unit: Delivery, at now: Instant, into flow: inout Flow<Dialogue, Delivery>
    ) {
        switch unit {
        case .arrived(let octets, let origin): receive(octets, origin, at: now, into: &flow)
        default: flow.up.append(.delivery(unit))
        }
    }

    package mutating func advance(to now: Instant, into flow: inout Flow<Dialogue, Delivery>) {}

    private mutating func receive(
        _ octets: [UInt8], _ origin: Origin, at now: Instant,
        into flow: inout Flow<Dialogue, Delivery>
    ) {
        guard let object = try? JSONObject(parsing: octets.span),
            let packet = try? Packet(RecordFields(object))
        else { return flow.notices.append(.dropped(.malformed, packet: "", from: origin.name)) }
        func drop(_ reason: DropReason) {
            flow.notices.append(.dropped(reason, packet: packet.id, from: origin.name))
            complain(of: packet, reason, at: now, into: &flow)
        }
        switch origin == .local ? .ok : Packet.signatureState(of: object, by: verifier) {
        case .ok: break
        case .bad: return drop(.badSignature)
        case .missing: if !settings.isInsecure { return drop(.unsigned) }
        }
        if packet.metadata.type == Packet.Kind.control, let control = packet.control {
            return answer(packet, control, into: &flow)
        }
        guard let opened = open(packet) else { return drop(.cannotOpen) }
        let key = key(packet)
        let isNew = delivered.insert(key, at: now)
        if packet.metadata.flags.contains(Packet.ackFlag), packet.destination == author.node.text {
            acknowledge(packet, at: now, into: &flow)
        }
        guard isNew else {
            return flow.notices.append(
                .duplicate(
                    packet: packet.id, from: origin.name, hops: packet.metadata.hops,
                    ttl: packet.metadata.ttl))
        }
        // A probe asks whether the node is there; the receipt has answered it.
        guard packet.metadata.type != Packet.Kind.probe else { return }
        if settings.past != nil { fresh.append(key) }
        flow.up.append(.arrived(object, opened, origin))
    }

    /// What was delivered since the last call.
    package mutating func takeFresh() -> [OctetHash] {
        defer { fresh = [] }
        return fresh
    }

    /// Nil when it is sealed, and this node cannot open it.
    private func open(_ packet: Packet) -> Packet? {
        guard packet.isSealed, packet.destination == author.node.text else { return packet }
        guard let sealer = settings.sealer else { return nil }
        return packet.opened(by: sealer)
    }

    /// Says to the source why its packet is not taken; about data that wants an answer alone, and
    /// only so often, for the source may be a false one.
    private mutating func complain(
        of packet: Packet, _ reason: DropReason, at now: Instant,
        into flow: inout Flow<Dialogue, Delivery>
    ) {
        let kind: Packet.Control
        switch reason {
        case .unsigned: kind = .unsigned
        case .badSignature: kind = .badSignature
        case .cannotOpen: kind = .cannotOpen
        default: return
        }
        guard packet.metadata.type != Packet.Kind.control,
            packet.metadata.flags.contains(Packet.ackFlag), complaints.take(at: now)
        else { return }
        answer(packet, kind, ["hops": .number(Double(packet.metadata.hops))], at: now, into: &flow)
    }

    private func key(_ packet: Packet) -> OctetHash {
        var key = OctetHash(seed: seed)
        for text in [packet.id, packet.source.text] {
            let octets = Array(text.utf8)
            key.add(octets.span, octets.indices)
        }
        return key
    }

    private func answer(
        _ packet: Packet, _ control: Packet.Control, into flow: inout Flow<Dialogue, Delivery>
    ) {
        guard let payload = packet.payload.object, let ref = payload["ref"]?.string else { return }
        if control == .receipt {
            // Only the destination itself can say that it has the packet.
            guard payload["destination"]?.string == packet.source.text else { return }
            flow.down.append(.acknowledged(ref))
        }
        if control == .stored { flow.down.append(.stored(ref)) }
        let hops = payload["hops"]?.integer ?? packet.metadata.hops
        flow.up.append(.answered(packet: ref, control, by: packet.source, hops: hops))
    }

    /// Sends the signed receipt back over the way that the packet came.
    private mutating func acknowledge(
        _ packet: Packet, at now: Instant, into flow: inout Flow<Dialogue, Delivery>
    ) {
        answer(
            packet, .receipt,
            [
                "destination": .string(author.node.text), "status": .string("delivered"),
                "hops": .number(Double(packet.metadata.hops)),
            ], at: now, into: &flow)
    }

    private mutating func answer(
        _ packet: Packet, _ kind: Packet.Control, _ members: JSONObject, at now: Instant,
        into flow: inout Flow<Dialogue, Delivery>
    ) {
        var payload: JSONObject = ["kind": .string(kind.rawValue), "ref": .string(packet.id)]
        for member in members.members { payload[member.name] = member.value }
        var answer = author.packet(
            to: packet.source.text, type: Packet.Kind.control, payload: .object(payload), at: now)
        answer.metadata.priority = 0
        answer.metadata.ttl = Packet.maxTTL
        answer.metadata.flags = [Packet.routeFlag]
        answer.route = packet.wayBack(from: author.node)
        flow.down.append(.send(answer.signed(by: author.signer), nil))
    }
}

extension Packet {
    /// The route of an answer: the way that the packet came, from `node` back to its source.
    package func wayBack(from node: NodeID) -> [String] {
        let isPlanned = metadata.flags.contains(Packet.routeFlag)
        let travelled = isPlanned ? Array(route.prefix { $0 != node.text }) : route
        return [node.text] + travelled.reversed().filter { $0 != node.text }
    }
}
