/// Names one connection of this node, as long as the node runs.
package struct LinkID: Hashable, Comparable, Sendable {
    package let number: Int
    package init(_ number: Int) { self.number = number }
    package static func < (left: LinkID, right: LinkID) -> Bool { left.number < right.number }
}

/// What a connection can do, and who is at its other end as far as the socket tells.
package struct LinkTraits: Hashable, Sendable {
    package let transport: TransportType
    package let remote: Endpoint
    /// Whether this side opened it.
    package let isOutgoing: Bool
    /// Whether octets arrive as a stream in which newlines part the packets, or as whole messages.
    package let isStream: Bool
    /// Octets of the largest message that goes over it in one piece.
    package let maxMessage: Int
    /// Who proved to be there before the first packet (mutual TLS).
    package let provenPeer: NodeID?
    /// The other end as records name it while it has not told who it is.
    package let place: String
    /// Set where what is said goes through the air, to everybody at once, and air time is scarce.
    package let air: Air?

    package struct Air: Hashable, Sendable {
        /// From one announcement of a node to its next.
        package let interval: Duration
        /// ms that a packet and its answer take.
        package let roundTrip: Double
        /// Whether the link stands for one node that was heard, or for whoever hears.
        package let isNeighbour: Bool

        package init(interval: Duration, roundTrip: Double, isNeighbour: Bool) {
            self.interval = interval
            self.roundTrip = roundTrip
            self.isNeighbour = isNeighbour
        }
    }

    package init(
        transport: TransportType, remote: Endpoint, isOutgoing: Bool, place: String? = nil,
        air: Air? = nil, provenPeer: NodeID? = nil
    ) {
        self.air = air
        self.provenPeer = provenPeer
        self.place = place ?? remote.description
        self.transport = transport
        self.remote = remote
        self.isOutgoing = isOutgoing
        // Adapters of WebSocket and WebRTC part and join messages themselves, many at a time.
        // A radio has pieces, repeats and acknowledgements of its own.
        isStream =
            [.tcp, .tls, .ws, .wss, .http, .https, .bluetooth, .webrtc].contains(transport)
            || air != nil
        maxMessage = transport == .udp ? 1200 : LinkTraits.maxPacket
    }

    /// URI at which the other end can be reached by others; nil where it came to us.
    package var listeningAddress: String? { isOutgoing ? remote.description : nil }

    /// Octets of the largest packet that any link takes.
    package static let maxPacket = 1 << 20
}
