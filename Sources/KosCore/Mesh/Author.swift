/// The node as an author of packets: its keys, its wall clock, its dice.
package struct Author: Sendable {
    package let signer: any Signer
    /// What the wall clock said at the zero of the monotonic one.
    package var epoch: Timestamp
    private var random: SplitMix64

    package init(signer: any Signer, epoch: Timestamp, seed: UInt64) {
        self.signer = signer
        self.epoch = epoch
        random = SplitMix64(seed: seed)
    }

    package var node: NodeID { signer.node }

    package func timestamp(at now: Instant) -> Timestamp {
        epoch + .nanoseconds(now.nanoseconds)
    }

    package mutating func roll() -> UInt64 { random.next() }

    /// A new packet of this node, not signed yet.
    package mutating func packet(
        to destination: String, type: String, payload: JSONValue, at now: Instant
    ) -> Packet {
        let time = timestamp(at: now)
        var packet = Packet(
            id: PacketID(at: time, using: &random), timestamp: time, source: node,
            destination: destination, payload: payload)
        packet.metadata.type = type
        return packet
    }

    /// A signed control packet as a line, ready for one link: it has crossed it when it is read.
    package mutating func line(
        to destination: String, type: String, payload: JSONValue, ttl: Int = 0, at now: Instant
    ) -> [UInt8] {
        var packet = packet(to: destination, type: type, payload: payload, at: now)
        packet.metadata.hops = 1
        packet.metadata.ttl = ttl
        packet.metadata.priority = 0
        return packet.signed(by: signer).wire + [0x0A]
    }
}

extension Packet {
    /// The kinds of payload that nodes send each other: `payload.kind` of packets that are not
    /// data.
    package enum Control: String, Sendable {
        /// Who is at this end of the link (type discovery, never forwarded).
        case nodeInfo
        /// A node's own links, flooded (type routing).
        case linkState
        /// Ask a neighbour for all it knows (type routing); it answers with `linkState`s and
        /// `topology`.
        case topologyRequest, topology
        /// A message of a routing protocol to a neighbour (type routing), RFC 3561, 4728 and 3626.
        case aodv, dsr, olsr
        /// Who has come to the relay that says so, and who has gone from it (type routing, among
        /// relays); the wish to be told of all who are there (type control).
        case attached, attachedRequest
        /// Packets that another custodian is to keep from now on (type control).
        case handOver
        /// The destination has the packet `ref` (type control).
        case receipt
        /// A custodian keeps the packet `ref` for its destination, and it will last (type control).
        case stored
        /// A custodian could not write `ref` down: try again later (type control).
        case temporaryFailure
        /// A custodian has given `ref` up, and why (type control).
        case custodyLost
        /// The packet `ref` ended here, and why (type control).
        case ttlExceeded, destinationUnreachable, routingError
        /// The destination does not take the packet `ref`, and why (type control).
        case unsigned, badSignature, cannotOpen
        /// This node is not taken as a neighbour, and why (type control, never forwarded).
        case refusal
        /// Heartbeat and its echo (type heartbeat, never forwarded, not signed).
        case ping, pong
    }

    package var control: Control? {
        payload.object?["kind"]?.string.flatMap(Control.init)
    }
}
