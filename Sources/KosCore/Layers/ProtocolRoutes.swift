/// One distributed protocol at a node of the mesh, beside the layer that forwards.
struct ProtocolRoutes: Sendable {
    let name: RoutingProtocolName
    private var engine: any RoutingProtocolEngine
    private var outputs: [RoutingOutput] = []

    /// `clock` gives numbers that are higher than those of an earlier life of this node.
    init(
        _ name: RoutingProtocolName, address: RouterAddress, seed: UInt64, clock: Timestamp,
        at now: Instant
    ) {
        self.name = name
        switch name {
        case .flooding: engine = Flooding(address: address, seed: seed)
        case .aodv:
            var settings = AODVSettings()
            // Links tell when they end.
            settings.usesHellos = false
            settings.firstSequence = UInt32(truncatingIfNeeded: clock.milliseconds / 1000)
            engine = AODV(address: address, settings: settings, seed: seed, at: now)
        case .dsr:
            var settings = DSRSettings()
            // Nobody waits for an answer longer than this: 30 ms and 15.5 s.
            settings.maxRequestRetransmissions = 5
            // Packets carry no source route that a node on the way could correct its cache by, so
            // only destinations answer, and nothing is believed for long.
            settings.repliesFromCache = false
            settings.routeCacheTimeout = .seconds(10)
            engine = DSR(address: address, settings: settings, seed: seed, at: now)
        case .olsr:
            var settings = OLSRSettings()
            settings.heedsLinkLayer = true
            settings.reportsRoutes = true
            engine = OLSR(address: address, settings: settings, seed: seed, at: now)
        }
    }

    var nextDeadline: Instant? { engine.nextDeadline }
    var routeCount: Int { engine.routeCount }

    /// Whether a route that is not there can be asked for.
    var isReactive: Bool { name == .aodv || name == .dsr }

    mutating func handle(_ input: RoutingInput, at now: Instant) {
        engine.handle(input, at: now, into: &outputs)
    }

    mutating func advance(to now: Instant) {
        guard let due = engine.nextDeadline, due <= now else { return }
        engine.advance(to: now, into: &outputs)
    }

    mutating func nextHop(to destination: RouterAddress, at now: Instant) -> RouterAddress? {
        engine.nextHop(to: destination, at: now)
    }

    mutating func takeOutputs() -> [RoutingOutput] {
        defer { outputs.removeAll(keepingCapacity: true) }
        return outputs
    }
}
