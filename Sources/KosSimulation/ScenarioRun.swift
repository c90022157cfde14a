package import KosCore

/// One run of a scenario under a protocol by its name.
package struct ScenarioRun: Sendable {
    package let name: RoutingProtocolName
    package let metrics: RadioMetrics
    package let trace: Fingerprint
    /// The way of the first datagram of each flow, by node number; nil for one that did not arrive.
    package let paths: [[Int]?]

    /// Runs `scenario`; `tap` sees every frame as it is sent.
    ///
    /// AODV hears of broken links from the link layer here, as the model acknowledges frames; so
    /// does OLSR if `heedsLinkLayer`.
    package init(
        _ name: RoutingProtocolName, in scenario: Scenario, heedsLinkLayer: Bool = false,
        tap: ((Instant, HopFrame) -> Void)? = nil
    ) {
        self.name = name
        switch name {
        case .flooding:
            (metrics, trace, paths) = ScenarioRun.run(scenario, tap) { address, seed, _ in
                Flooding(address: address, seed: seed)
            }
        case .aodv:
            (metrics, trace, paths) = ScenarioRun.run(scenario, tap) { address, seed, now in
                var settings = AODVSettings()
                settings.usesHellos = false
                return AODV(address: address, settings: settings, seed: seed, at: now)
            }
        case .dsr:
            (metrics, trace, paths) = ScenarioRun.run(scenario, tap) { address, seed, now in
                DSR(address: address, seed: seed, at: now)
            }
        case .olsr:
            (metrics, trace, paths) = ScenarioRun.run(scenario, tap) { address, seed, now in
                var settings = OLSRSettings()
                settings.heedsLinkLayer = heedsLinkLayer
                return OLSR(address: address, settings: settings, seed: seed, at: now)
            }
        }
    }

    private static func run<E: RoutingProtocolEngine>(
        _ scenario: Scenario, _ tap: ((Instant, HopFrame) -> Void)?,
        make: @escaping @Sendable (RouterAddress, UInt64, Instant) -> E
    ) -> (RadioMetrics, Fingerprint, [[Int]?]) {
        var simulation = RadioSimulation(scenario, make: make)
        // The table of ways grows with the traffic; long runs do without.
        simulation.tracesPaths = scenario.flows.count <= 16 && scenario.duration <= .seconds(120)
        simulation.run(tap: tap)
        let paths = scenario.flows.map {
            simulation.path(of: 1, from: $0.source, to: $0.destination)
        }
        return (simulation.metrics, simulation.trace, paths)
    }
}
