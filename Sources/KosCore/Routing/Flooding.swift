/// Flooding: every datagram to everybody, each node passing it on at most once; RFC 6621's
/// duplicate detection by (source, identification), RFC 5148's jitter. The yardstick for the other
/// protocols.
package struct Flooding: RoutingProtocolEngine {
    /// Which nodes pass a datagram on.
    package enum Relaying: Hashable, Sendable {
        /// Every node.
        case blind
        /// Every node that has heard fewer than `copies` when its wait is over.
        case counter(copies: Int)
        /// Every node within `hops` of the source, and others with probability `p`.
        case gossip(probability: Double, hops: Int)
        /// The multipoint relays of the previous hop (S-MPR, RFC 6621 appendix B).
        case multipointRelays
    }

    package struct Settings: Hashable, Sendable {
        package var relaying = Relaying.blind
        package var jitter: Duration = .milliseconds(10)
        /// NET_TRAVERSAL: no copy lives longer in the network.
        package var duplicateHoldTime: Duration = .seconds(10)
        package var duplicateCapacity = 4096
        package var pendingCapacity = 1024

        package init() {}
    }

    private struct Key: Hashable, Sendable {
        let source: RouterAddress
        let identification: UInt16
    }

    private struct Pending: Sendable {
        var datagram: Datagram
        var copies: Int
    }

    package let address: RouterAddress
    package let settings: Settings
    private var random: SplitMix64
    private var seen: SeenCache<Key>
    private var pending: [Key: Pending] = [:]
    private var timers = Timers<Key>()
    /// For `.multipointRelays`: the neighbours that chose this node.
    package var selectors: Set<RouterAddress> = []

    package init(address: RouterAddress, settings: Settings = Settings(), seed: UInt64) {
        self.address = address
        self.settings = settings
        random = SplitMix64(seed: seed)
        seen = SeenCache(
            capacity: settings.duplicateCapacity, lifetime: settings.duplicateHoldTime, at: .zero)
    }

    package var nextDeadline: Instant? { timers.next }

    /// Flooding knows no next hop; everybody is one.
    package func nextHop(to destination: RouterAddress) -> RouterAddress? { .broadcast }

    package mutating func handle(
        _ input: RoutingInput, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        switch input {
        case .send(let datagram):
            guard datagram.destination != address else {
                outputs.append(.deliver(datagram))
                return
            }
            _ = seen.insert(key(datagram), at: now)
            outputs.append(.transmit(HopFrame(from: address, to: .broadcast, datagram)))
        case .received(let frame): receive(frame, at: now, into: &outputs)
        case .wanted(let destination):
            outputs.append(.install(RouteEntry(to: destination, by: .broadcast, hops: 1)))
        default: break
        }
    }

    package mutating func advance(to now: Instant, into outputs: inout [RoutingOutput]) {
        while let key = timers.popDue(at: now) {
            guard let waiting = pending.removeValue(forKey: key) else { continue }
            if case .counter(let copies) = settings.relaying, waiting.copies >= copies {
                outputs.append(.dropped(waiting.datagram, .duplicate))
            } else {
                outputs.append(
                    .transmit(HopFrame(from: address, to: .broadcast, waiting.datagram)))
            }
        }
    }

    private func key(_ datagram: Datagram) -> Key {
        Key(source: datagram.source, identification: datagram.identification)
    }

    private mutating func receive(
        _ frame: HopFrame, at now: Instant, into outputs: inout [RoutingOutput]
    ) {
        let datagram = frame.datagram
        let key = key(datagram)
        guard datagram.source != address, seen.insert(key, at: now) else {
            pending[key]?.copies += 1
            return
        }
        let isForAll = datagram.destination == .broadcast || datagram.destination.isMulticast
        if datagram.destination == address || isForAll { outputs.append(.deliver(datagram)) }
        guard datagram.destination != address else { return }
        guard datagram.ttl > 1 else {
            outputs.append(.dropped(datagram, .ttlExceeded))
            return
        }
        guard relays(datagram, from: frame.sender) else { return }
        guard pending.count < settings.pendingCapacity else {
            outputs.append(.dropped(datagram, .bufferFull))
            return
        }
        var copy = datagram
        copy.ttl -= 1
        pending[key] = Pending(datagram: copy, copies: 1)
        timers.set(key, at: now + jitter())
    }

    private mutating func relays(_ datagram: Datagram, from sender: RouterAddress) -> Bool {
        switch settings.relaying {
        case .blind, .counter: return true
        case .multipointRelays: return selectors.contains(sender)
        case .gossip(let probability, let hops):
            let travelled = Int(Datagram.defaultTTL) - Int(datagram.ttl)
            return travelled < hops || random.unit() < probability
        }
    }

    private mutating func jitter() -> Duration {
        let most = settings.jitter.nanoseconds
        return .nanoseconds(most > 0 ? Int64.random(in: 0...most, using: &random) : 0)
    }
}
