/// A packet: the seed's NetworkPacket and MeshPacket in one.
///
/// On the wire and in the pipe it is one JSON object with these members. `route`, `metadata.hops`
/// and
/// `metadata.ttl` are changed by relays and stay outside the signature.
package struct Packet: Hashable, Sendable {
    /// The seed's MeshPacketType, and the names that tools add (`reply`, …).
    package enum Kind {
        package static let data = "data"
        package static let control = "control"
        package static let routing = "routing"
        package static let discovery = "discovery"
        package static let heartbeat = "heartbeat"
        package static let reply = "reply"
        /// Describe a data channel between two nodes; the node takes them for itself.
        package static let webRTCOffer = "webrtc-offer"
        package static let webRTCAnswer = "webrtc-answer"
        /// Is acknowledged by the node itself and never reaches an application.
        package static let probe = "probe"
    }
    package struct Metadata: Hashable, Sendable {
        /// Links crossed so far.
        package var hops = 0
        /// Links that may still be crossed.
        package var ttl = Packet.defaultTTL
        /// 0 (most urgent) … 7; 3 is normal.
        package var priority = Packet.defaultPriority
        package var type = Kind.data
        package var flags: [String] = []

        package init() {}
    }
    package static let defaultTTL = 8
    package static let maxTTL = 32
    package static let defaultPriority = 3
    /// Asks the destination for a signed receipt.
    package static let ackFlag = "ack"
    /// The source has planned the whole way: `route` names it, and relays keep to it.
    package static let routeFlag = "route"
    /// Destination of what every node is to hear.
    package static let broadcast = "*"

    package var id: String
    package var version: Int = Version.packet
    package var timestamp: Timestamp
    package var source: NodeID
    package var destination: String
    package var payload: JSONValue
    package var options = JSONObject()
    /// Node ids from the source on: the travelled part, then what is left of a source route.
    package var route: [String]
    package var metadata = Metadata()
    /// Base64 of 64 octets, or nil.
    package var signature: String?
    /// No member of the packet: the recipient's X25519 key, where the payload is to be sealed
    /// before it goes out.
    package var sealingKey: [UInt8]?

    package init(
        id: PacketID, timestamp: Timestamp, source: NodeID, destination: String, payload: JSONValue
    ) {
        self.id = id.description
        self.timestamp = timestamp
        self.source = source
        self.destination = destination
        self.payload = payload
        route = [source.text]
    }
}

extension Packet {
    /// Whether it is an offer or an answer of WebRTC.
    package var describesSession: Bool {
        metadata.type == Kind.webRTCOffer || metadata.type == Kind.webRTCAnswer
    }
}
