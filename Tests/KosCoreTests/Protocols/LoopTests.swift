import KosCore
import KosSimulation
import Testing

/// Loops over all tables in random mobile networks.
@Suite struct LoopTests {
    /// Twelve nodes walk fast in a small area, with traffic, a crash, a restart and lost frames;
    /// every other time they contend for the air.
    static func scenario(_ seed: UInt64) -> Scenario {
        var scenario = Scenario.random(
            12, width: 600, height: 600, range: 220,
            mobility: .randomWaypoint(slowest: 5, fastest: 40, pause: .zero), seed: seed)
        scenario.duration = .seconds(24)
        if seed.isMultiple(of: 2) { scenario.radio = .contended }
        scenario.radio.loss = 0.05
        for flow in 0..<4 {
            scenario.flows.append(
                .init(
                    from: flow, to: 11 - flow, start: .zero + .milliseconds(500 * flow),
                    stop: .zero + .seconds(24), every: .milliseconds(250)))
        }
        scenario.faults = [
            .init(at: .zero + .seconds(3), .crash(5)), .init(at: .zero + .seconds(5), .restart(5)),
        ]
        return scenario
    }

    /// Whether the next hops towards `destination` lead from `start` in a circle.
    static func loops<E: RoutingProtocolEngine>(
        _ simulation: borrowing RadioSimulation<E>, from start: Int, to destination: RouterAddress
    ) -> Bool {
        var node = start
        for _ in 0..<simulation.terrain.positions.count {
            guard let next = simulation[node]?.nextHop(to: destination) else { return false }
            if next == destination { return false }
            node = Scenario.node(next)
            if node == start { return true }
        }
        return true
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func p21AODVNeverLoops(seed: UInt64) {
        for usesHellos in [false, true] {
            var simulation = RadioSimulation(Self.scenario(seed)) { address, seed, now in
                var settings = AODVSettings()
                settings.usesHellos = usesHellos
                // §6.13: whoever lost its numbers waits until nobody uses it any more.
                settings.waitsAfterReboot = now > .zero
                return AODV(address: address, settings: settings, seed: seed, at: now)
            }
            var checks = 0
            var found = 0
            simulation.run(watch: { simulation, node, output in
                guard case .install(let route) = output else { return }
                checks += 1
                if Self.loops(simulation, from: node, to: route.destination) { found += 1 }
            })
            #expect(found == 0, "seed \(seed), hellos \(usesHellos)")
            #expect(checks > 20, "seed \(seed)")
        }
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func sourceRoutesNeverRepeatANode(seed: UInt64) {
        var simulation = RadioSimulation(Self.scenario(seed)) { address, seed, now in
            DSR(address: address, seed: seed, at: now)
        }
        var checks = 0
        simulation.run(tap: { _, frame in
            for case .sourceRoute(let route) in frame.dsr?.options ?? [] {
                checks += 1
                let nodes =
                    (route.salvage > 0 ? [] : [frame.datagram.source]) + route.route
                    + [frame.datagram.destination]
                #expect(Set(nodes).count == nodes.count, "seed \(seed)")
            }
        })
        #expect(checks > 10, "seed \(seed)")
    }

    /// Loops of OLSR pass: once nodes stand still for TOP_HOLD_TIME there are none.
    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func loopsOfOLSRAreGoneWithinTheHoldTime(seed: UInt64) {
        var scenario = Scenario.random(
            15, width: 500, height: 500, range: 200, mobility: .fixed, seed: seed)
        scenario.duration = .seconds(60)
        scenario.faults = [.init(at: .zero + .seconds(30), .crash(3))]
        var simulation = RadioSimulation(scenario) { address, seed, now in
            OLSR(address: address, seed: seed, at: now)
        }
        simulation.run()
        for start in 0..<15 where start != 3 {
            for target in 0..<15 where target != start && target != 3 {
                let loops = Self.loops(simulation, from: start, to: Scenario.address(target))
                #expect(!loops, "seed \(seed)")
            }
        }
    }
}
