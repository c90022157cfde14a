/// What the network layer exchanges with the data link: packets with the neighbour they come from
/// or go to, and news of neighbours.
package enum Hop: Sendable {
    case neighbourUp(NodeID, Measure)
    case neighbourDown(NodeID)
    /// Another link to it is the best now, or the best one was measured anew.
    case neighbourChanged(NodeID, Measure)
    /// A connection has gone; what was learnt from it holds no longer.
    case linkGone(LinkID)
    /// A link broke or fell silent, and packets take another one: what is not acknowledged may be
    /// said again.
    case rerouted
    case received(Run)
    /// A run of packets that are ready to be read at the other end.
    case transmit([UInt8], to: HopTarget, count: Int, TrafficClass = .control)
}

/// How good the best link to a neighbour is.
package struct Measure: Hashable, Sendable {
    package var transport: TransportType
    /// ms, one way.
    package var latency: Double
    package var reliability: Double
    /// Where this node reaches the neighbour; nil where the neighbour came to us, from a port at
    /// which nobody listens.
    package var address: String?
    /// Whether the neighbour forwards for nobody.
    package var isLeaf: Bool

    package init(
        transport: TransportType, latency: Double, reliability: Double, address: String? = nil,
        isLeaf: Bool = false
    ) {
        self.isLeaf = isLeaf
        self.transport = transport
        self.latency = latency
        self.reliability = reliability
        self.address = address
    }
}

/// Where a packet goes next.
package enum HopTarget: Hashable, Sendable {
    case neighbour(NodeID)
    /// A connection whose end has not told who it is.
    case link(LinkID)
}

/// Packets that arrived together, with what the scan found of each.
package struct Run: Sendable {
    package struct Packet: Sendable {
        package let range: Range<Int>
        package let scan: PacketScan
        package init(range: Range<Int>, scan: PacketScan) {
            self.range = range
            self.scan = scan
        }
    }
    package let octets: [UInt8]
    package let packets: [Packet]
    package let origin: Origin

    package init(octets: [UInt8], packets: [Packet], origin: Origin) {
        self.octets = octets
        self.packets = packets
        self.origin = origin
    }
}

/// Where packets came from.
package struct Origin: Sendable, Hashable {
    package let link: LinkID?
    /// The neighbour; nil for a connection that has not told who it is, and for this node itself.
    package let peer: NodeID?
    /// URI of the other end, or `stdin`, or `self`.
    package let place: String
    /// Whether everybody around has heard the same: then nobody answers for others, and what is to
    /// go on through the air goes without the routes.
    package let isOverheard: Bool

    package init(link: LinkID?, peer: NodeID?, place: String, isOverheard: Bool = false) {
        self.isOverheard = isOverheard
        self.link = link
        self.peer = peer
        self.place = place
    }

    package static let local = Origin(link: nil, peer: nil, place: "self")

    /// As records have it.
    package var name: String { peer?.text ?? place }
}
