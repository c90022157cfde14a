/// How long and how often a packet is tried before it counts as lost.
package struct Persistence: Hashable, Sendable {
    /// Attempts in all.
    package var attempts = 3
    /// Wait for the first acknowledgement; doubled for each attempt.
    package var patience = Duration.seconds(1)

    package init(attempts: Int = 3, patience: Duration = .seconds(1)) {
        self.attempts = attempts
        self.patience = patience
    }
}

/// What the transport layer exchanges with the session layer.
package enum Delivery: Sendable {
    /// Down: a signed packet; with persistence it is repeated until it is acknowledged.
    case send(Packet, Persistence?)
    /// Down: packets that are signed and want no receipt.
    case relay(Run)
    /// Down: the destination has the packet.
    case acknowledged(String)
    /// Down: a custodian has the packet, and will not lose it.
    case stored(String)
    /// Up: the packet needs no more attempts: a custodian goes on with it.
    case entrusted(packet: String, attempts: Int, octets: Int, milliseconds: Double)
    /// Down: nobody waits for the packet any more.
    case cancel(String)
    /// Up: a packet for this node.
    case arrived([UInt8], Origin)
    /// Up: nothing came back in time, after so many attempts.
    case timedOut(packet: String, attempts: Int, octets: Int)
    /// Up: the packet is acknowledged: ms since it was first sent.
    case confirmed(packet: String, attempts: Int, octets: Int, milliseconds: Double)
    /// Up: the packet went out without an acknowledgement being wanted.
    case sent(packet: String, octets: Int)
    /// Up: it could not be sent at all.
    case undeliverable(packet: String, DropReason)
    case topologyComplete(NodeID)
    case requestTopology(NodeID)
    case neighbour(NodeID, isUp: Bool)
    case depart
}

/// Delivery ↔ segment: repeats what is not acknowledged, with growing waits, and says what became
/// of it.
package struct TransportLayer: ProtocolLayer {
    package typealias Upper = Delivery
    package typealias Lower = Segment

    /// Packets that may wait for acknowledgements at a time.
    package static let window = 65536

    private struct Pending: Sendable {
        let octets: [UInt8]
        let firstSent: Instant
        let persistence: Persistence
        var attempts = 1
    }
    private var pending: [String: Pending] = [:]
    private var timers = Timers<String>()

    package init() {}

    package var nextDeadline: Instant? { timers.next }
    /// Packets without an acknowledgement so far.
    package var unacknowledged: Int { pending.count }

    package mutating func processOutbound(
        _ unit: Delivery, at now: Instant, into flow: inout Flow<Delivery, Segment>
    ) {
        switch unit {
        case .send(let packet, let persistence):
            let octets = packet.wire
            guard let persistence else {
                flow.down.append(.send(octets))
                return flow.up.append(.sent(packet: packet.id, octets: octets.count))
            }
            guard pending.count < TransportLayer.window else {
                return flow.up.append(.undeliverable(packet: packet.id, .queueFull))
            }
            pending[packet.id] = Pending(octets: octets, firstSent: now, persistence: persistence)
            timers.set(packet.id, at: now + persistence.patience)
            flow.down.append(.send(octets))
        case .acknowledged(let id):
            timers.cancel(id)
            guard let entry = pending.removeValue(forKey: id) else { return }
            flow.up.append(
                .confirmed(
                    packet: id, attempts: entry.attempts,
                    octets: entry.octets.count * entry.attempts,
                    milliseconds: (now - entry.firstSent).milliseconds))
        case .stored(let id):
            timers.cancel(id)
            guard let entry = pending.removeValue(forKey: id) else { return }
            flow.up.append(
                .entrusted(
                    packet: id, attempts: entry.attempts,
                    octets: entry.octets.count * entry.attempts,
                    milliseconds: (now - entry.firstSent).milliseconds))
        case .relay(let run): flow.down.append(.relay(run))
        case .cancel(let id):
            timers.cancel(id)
            pending[id] = nil
        case .requestTopology(let peer): flow.down.append(.requestTopology(peer))
        case .depart: flow.down.append(.depart)
        default: break
        }
    }

    package mutating func processInbound(
        _ unit: Segment, at now: Instant, into flow: inout Flow<Delivery, Segment>
    ) {
        switch unit {
        case .arrived(let octets, let origin): flow.up.append(.arrived(octets, origin))
        case .undeliverable(let id, let reason):
            // With an acknowledgement wanted there are attempts left: a route may come up
            // meanwhile.
            if pending[id] == nil { flow.up.append(.undeliverable(packet: id, reason)) }
        case .rerouted: repeatPending(into: &flow)
        case .topologyComplete(let peer): flow.up.append(.topologyComplete(peer))
        case .neighbour(let peer, let isUp): flow.up.append(.neighbour(peer, isUp: isUp))
        case .send, .relay, .requestTopology, .depart: break
        }
    }

    /// What waits for a receipt is said again at once, without counting as an attempt: it may have
    /// been on the way that broke. Whoever has it already takes no harm.
    private mutating func repeatPending(into flow: inout Flow<Delivery, Segment>) {
        for (_, entry) in pending.sorted(by: { $0.key < $1.key })
        where entry.persistence.attempts > 1 {
            flow.down.append(.send(entry.octets))
        }
    }

    package mutating func advance(to now: Instant, into flow: inout Flow<Delivery, Segment>) {
        while let id = timers.popDue(at: now) {
            guard var entry = pending[id] else { continue }
            guard entry.attempts < entry.persistence.attempts else {
                pending[id] = nil
                flow.up.append(
                    .timedOut(
                        packet: id, attempts: entry.attempts,
                        octets: entry.octets.count * entry.attempts))
                continue
            }
            timers.set(id, at: now + entry.persistence.patience * (1 << min(entry.attempts, 16)))
            entry.attempts += 1
            pending[id] = entry
            flow.down.append(.send(entry.octets))
        }
    }
}
