/// What a layer hands on while it works: units for the layer above, units for the layer below, and
/// what a person or a counter may want to know.
package struct Flow<Upper: Sendable, Lower: Sendable>: Sendable {
    package var up: [Upper] = []
    package var down: [Lower] = []
    package var notices: [Notice] = []

    package init() {}
}

/// Something worth a record or a counter. Notices never change what the node does.
package enum Notice: Sendable, Hashable {
    /// A packet was dropped, and why: every drop has a reason from this closed set.
    case dropped(DropReason, packet: String, from: String?)
    case forwarded(packet: String, from: String?, to: String, hops: Int, ttl: Int)
    case received(packet: String, from: String?, hops: Int, ttl: Int)
    case delivered(packet: String, from: String?, hops: Int, ttl: Int)
    /// Taken into custody for a node that is away.
    case queued(packet: String, from: String?, hops: Int, ttl: Int)
    /// Packets that waited for a link were dropped together.
    case shed(DropReason, count: Int, from: String)
    /// The dropped packet had been here before.
    case duplicate(packet: String, from: String?, hops: Int, ttl: Int)
    /// A routing protocol has found a node that was asked for.
    case discovered(node: String, hops: Int, after: Duration)
    /// Another routing protocol is in use from now on, and why.
    case switched(to: String, reason: String)
    /// The other end said that it refuses this node, and why.
    case refused(DropReason, by: String)
}

package enum DropReason: String, Hashable, Sendable, CaseIterable {
    case malformed, tooLong, ttlExceeded, duplicate, noRoute, notAuthenticated, badSignature,
        unsigned
    case noSuchLink, queueFull, stale, wrongPeer, expired, selfConnection, tooManyLinks, badRoute,
        denied
    case quota, custodyFull, evicted, temporaryFailure
    case delayed, linkLost, rateLimited
    /// Proofs: one that was made for another occasion, a certificate that proves nothing, a
    /// neighbour that refuses this node, a seal that does not open.
    case replayed, badCertificate, refused, cannotOpen
    /// Connections: nothing of use came in time, an address has too many, more than is allowed
    /// towards an address that has not been proven.
    case idle, tooManyFromAddress, unproven
}

/// One of the six layers: told of a unit from above or below or of the time, it hands on units.
/// A bad unit is dropped with a notice; its neighbours live on.
package protocol ProtocolLayer: Sendable {
    /// Exchanged with the layer above.
    associatedtype Upper: Sendable
    /// Exchanged with the layer below.
    associatedtype Lower: Sendable
    var nextDeadline: Instant? { get }
    mutating func processOutbound(
        _ unit: Upper, at now: Instant, into flow: inout Flow<Upper, Lower>)
    mutating func processInbound(
        _ unit: Lower, at now: Instant, into flow: inout Flow<Upper, Lower>)
    mutating func advance(to now: Instant, into flow: inout Flow<Upper, Lower>)
}

/// Two layers as one. Layers that do not fit (`Stacked<PhysicalLayer, ApplicationLayer>`) do not
/// compile.
package struct Stacked<Top: ProtocolLayer, Bottom: ProtocolLayer>: ProtocolLayer
where Top.Lower == Bottom.Upper {
    package typealias Upper = Top.Upper
    package typealias Lower = Bottom.Lower

    package var top: Top
    package var bottom: Bottom

    package init(_ top: Top, _ bottom: Bottom) {
        self.top = top
        self.bottom = bottom
    }

    package var nextDeadline: Instant? {
        Instant.earlier(top.nextDeadline, bottom.nextDeadline)
    }

    package mutating func processOutbound(
        _ unit: Upper, at now: Instant, into flow: inout Flow<Upper, Lower>
    ) {
        var inner = Flow<Top.Upper, Top.Lower>()
        top.processOutbound(unit, at: now, into: &inner)
        settle(inner, at: now, into: &flow)
    }

    package mutating func processInbound(
        _ unit: Lower, at now: Instant, into flow: inout Flow<Upper, Lower>
    ) {
        var inner = Flow<Bottom.Upper, Bottom.Lower>()
        bottom.processInbound(unit, at: now, into: &inner)
        raise(inner, at: now, into: &flow)
    }

    package mutating func advance(to now: Instant, into flow: inout Flow<Upper, Lower>) {
        if let due = top.nextDeadline, due <= now {
            var inner = Flow<Top.Upper, Top.Lower>()
            top.advance(to: now, into: &inner)
            settle(inner, at: now, into: &flow)
        }
        if let due = bottom.nextDeadline, due <= now {
            var inner = Flow<Bottom.Upper, Bottom.Lower>()
            bottom.advance(to: now, into: &inner)
            raise(inner, at: now, into: &flow)
        }
    }

    /// What the upper layer handed on goes out above and down to the lower one.
    private mutating func settle(
        _ inner: Flow<Top.Upper, Top.Lower>, at now: Instant, into flow: inout Flow<Upper, Lower>
    ) {
        flow.up += inner.up
        flow.notices += inner.notices
        for unit in inner.down {
            var next = Flow<Bottom.Upper, Bottom.Lower>()
            bottom.processOutbound(unit, at: now, into: &next)
            raise(next, at: now, into: &flow)
        }
    }

    /// What the lower layer handed on goes out below and up to the upper one.
    private mutating func raise(
        _ inner: Flow<Bottom.Upper, Bottom.Lower>, at now: Instant,
        into flow: inout Flow<Upper, Lower>
    ) {
        flow.down += inner.down
        flow.notices += inner.notices
        for unit in inner.up {
            var next = Flow<Top.Upper, Top.Lower>()
            top.processInbound(unit, at: now, into: &next)
            settle(next, at: now, into: &flow)
        }
    }
}
