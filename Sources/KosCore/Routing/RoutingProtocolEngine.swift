/// A distributed routing protocol at one node: flooding, AODV, DSR or OLSR.
///
/// It may be used in two ways. As the whole network layer: datagrams go in by `.send` and
/// `.received` and come out by `.transmit` and `.deliver`, and the protocol keeps what waits for a
/// route. Or beside a network layer that forwards by itself: `.wanted`, `.forwarded` and
/// `.unroutable` say what it needs and does, `.install` and `.withdraw` what it may use (DSR gives
/// whole routes).
package protocol RoutingProtocolEngine: Engine
where Input == RoutingInput, Output == RoutingOutput {
    /// The address by which others know this node.
    var address: RouterAddress { get }
    /// Where a datagram for `destination` would go now; nil without a route.
    func nextHop(to destination: RouterAddress) -> RouterAddress?
    /// The same, where finding out may cost or change something.
    mutating func nextHop(to destination: RouterAddress, at now: Instant) -> RouterAddress?
    /// Entries of its table.
    var routeCount: Int { get }
    /// Whether the node profits from frames to others (DSR's promiscuous mode).
    static var overhears: Bool { get }
    /// Whether the node keeps what it forwarded until the next hop has it (DSR's maintenance
    /// buffer), and so can send it another way.
    static var keepsFrames: Bool { get }
}

extension RoutingProtocolEngine {
    package static var overhears: Bool { false }
    package static var keepsFrames: Bool { false }
    package var routeCount: Int { 0 }

    package mutating func nextHop(to destination: RouterAddress, at now: Instant) -> RouterAddress?
    {
        nextHop(to: destination)
    }
}

package enum RoutingInput: Sendable {
    /// The application's datagram; its source is this node.
    case send(Datagram)
    /// A frame for this node or for all, as it came.
    case received(HopFrame)
    /// A frame for another node, overheard.
    case overheard(HopFrame)
    /// The link layer gave up on a unicast frame.
    case undelivered(HopFrame)
    /// The link layer says that a neighbour came or went.
    case neighbourUp(RouterAddress)
    case neighbourDown(RouterAddress)
    /// A host next to this node that does not speak the protocol came or went: this node answers
    /// for it.
    case attached(RouterAddress)
    case detached(RouterAddress)
    /// A network layer beside the protocol needs a route.
    case wanted(RouterAddress)
    /// It has forwarded something: routes in use live longer.
    case forwarded(
        source: RouterAddress, destination: RouterAddress, previousHop: RouterAddress?,
        nextHop: RouterAddress)
    /// It had no route for something that came from `previousHop`.
    case unroutable(destination: RouterAddress, previousHop: RouterAddress)
}

package enum RoutingOutput: Hashable, Sendable {
    case transmit(HopFrame)
    case deliver(Datagram)
    case install(RouteEntry)
    case withdraw(RouterAddress)
    case dropped(Datagram, RoutingDropReason)
    case rejected(RoutingError, from: RouterAddress)
    /// A route that was asked for is there, so long after the asking.
    case discovered(RouterAddress, hops: Int, after: Duration)
    /// Nobody answered.
    case undiscovered(RouterAddress)
}

/// A route as a forwarding table has it.
package struct RouteEntry: Hashable, Sendable {
    package let destination: RouterAddress
    package let nextHop: RouterAddress
    package let hops: Int
    /// The nodes from the first hop to the destination, where the protocol knows them.
    package let path: [RouterAddress]

    package init(
        to destination: RouterAddress, by nextHop: RouterAddress, hops: Int,
        path: [RouterAddress] = []
    ) {
        self.destination = destination
        self.nextHop = nextHop
        self.hops = hops
        self.path = path
    }
}

package enum RoutingDropReason: String, Hashable, Sendable {
    case ttlExceeded = "ttl-exceeded"
    case noRoute = "no-route"
    case bufferFull = "buffer-full"
    case bufferTimeout = "buffer-timeout"
    case linkBroken = "link-broken"
    case badSourceRoute = "bad-source-route"
    case duplicate
}

/// The protocols by the names that options and records use.
package enum RoutingProtocolName: String, CaseIterable, Sendable {
    case flooding
    case aodv
    case dsr
    case olsr
}
