/// What an application wants sent.
package struct Message: Sendable, Hashable {
    package var destination: String
    package var payload: JSONValue
    /// The packet's `metadata.type`.
    package var type = Packet.Kind.data
    package var priority = Packet.defaultPriority
    package var ttl = Packet.defaultTTL
    package var options = JSONObject()
    /// Node ids of the whole way, the source first, where the source has planned it.
    package var route: [String] = []
    /// How hard to try for a receipt of the destination; nil when none is wanted.
    package var persistence: Persistence? = Persistence()
    /// Whether the payload is sealed where the recipient's key is known.
    package var isSealable = true
    /// The recipient's key.
    package var sealingKey: [UInt8]?

    package init(to destination: String, _ payload: JSONValue) {
        self.destination = destination
        self.payload = payload
    }
}

/// What crosses the border between the node and its application.
package enum Service: Sendable {
    /// Down: a message; `token` names it in the answers until the packet has an id.
    case post(Message, token: Int)
    /// Down: a packet made elsewhere (a record, a plain client), sent as it is.
    case forward(Packet, Persistence?)
    /// Down: packets that are signed and want no receipt, sent as they are, many at a time.
    case relay(Run)
    case requestTopology(NodeID)
    case cancel(String)
    case depart
    /// Up: the message became this packet.
    case accepted(token: Int, Packet)
    /// Up: a packet for the application.
    case received(Packet, JSONObject, Origin)
    case dialogue(Dialogue)
}

/// Service ↔ dialogue: a message becomes a packet, a packet becomes the application's.
package struct ApplicationLayer: ProtocolLayer {
    package typealias Upper = Service
    package typealias Lower = Dialogue

    private var author: Author

    package init(author: Author) { self.author = author }

    package var nextDeadline: Instant? { nil }

    package mutating func processOutbound(
        _ unit: Service, at now: Instant, into flow: inout Flow<Service, Dialogue>
    ) {
        switch unit {
        case .post(let message, let token):
            var packet = author.packet(
                to: message.destination, type: message.type, payload: message.payload, at: now)
            packet.metadata.priority = message.priority
            packet.metadata.ttl = message.ttl
            packet.metadata.flags = message.persistence == nil ? [] : [Packet.ackFlag]
            packet.options = message.options
            packet.sealingKey = message.sealingKey
            if !message.route.isEmpty {
                packet.route = message.route
                packet.metadata.flags.append(Packet.routeFlag)
            }
            flow.up.append(.accepted(token: token, packet))
            flow.down.append(.send(packet, message.persistence))
        case .forward(let packet, let persistence): flow.down.append(.send(packet, persistence))
        case .relay(let run): flow.down.append(.relay(run))
        case .requestTopology(let peer): flow.down.append(.requestTopology(peer))
        case .cancel(let id): flow.down.append(.cancel(id))
        case .depart: flow.down.append(.depart)
        case .accepted, .received, .dialogue: break
        }
    }

    package mutating func processInbound(
        _ unit: Dialogue, at now: Instant, into flow: inout Flow<Service, Dialogue>
    ) {
        guard case .arrived(let object, let packet, let origin) = unit else {
            return flow.up.append(.dialogue(unit))
        }
        flow.notices.append(
            .delivered(
                packet: packet.id, from: origin.name, hops: packet.metadata.hops,
                ttl: packet.metadata.ttl))
        flow.up.append(.received(packet, object, origin))
    }

    package mutating func advance(to now: Instant, into flow: inout Flow<Service, Dialogue>) {}
}
