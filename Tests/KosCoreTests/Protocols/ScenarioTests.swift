import KosCore
import KosSimulation
import Testing

/// Whole networks: every protocol delivers everything where the topology allows it.
@Suite struct ScenarioTests {
    private func aodv(_ scenario: Scenario, hellos: Bool = false) -> RadioSimulation<AODV> {
        var simulation = RadioSimulation(scenario) { address, seed, now in
            var settings = AODVSettings()
            settings.usesHellos = hellos
            return AODV(address: address, settings: settings, seed: seed, at: now)
        }
        simulation.tracesPaths = true
        simulation.run()
        return simulation
    }

    private func dsr(_ scenario: Scenario) -> RadioSimulation<DSR> {
        var simulation = RadioSimulation(scenario) { DSR(address: $0, seed: $1, at: $2) }
        simulation.tracesPaths = true
        simulation.run()
        return simulation
    }

    private func olsr(_ scenario: Scenario, heedsLinkLayer: Bool = false) -> RadioSimulation<OLSR> {
        var simulation = RadioSimulation(scenario) { address, seed, now in
            var settings = OLSRSettings()
            settings.heedsLinkLayer = heedsLinkLayer
            return OLSR(address: address, settings: settings, seed: seed, at: now)
        }
        simulation.tracesPaths = true
        simulation.run()
        return simulation
    }

    private func grid() -> Scenario {
        var grid = Scenario.grid(10, 5)
        for node in 0..<10 {
            grid.flows.append(
                .init(
                    from: node, to: 49 - node, start: .zero + .seconds(40),
                    stop: .zero + .seconds(55), every: .milliseconds(500)))
        }
        return grid
    }

    @Test func staticGridsDeliverEverything() {
        let scenario = grid()
        for metrics in [aodv(scenario).metrics, dsr(scenario).metrics, olsr(scenario).metrics] {
            #expect(metrics.dataSent == 300)
            #expect(metrics.deliveryRatio == 1)
            #expect(metrics.revisits == 0)
            #expect(metrics.rejected == 0)
        }
    }

    @Test func equalSeedsGiveEqualRuns() {
        var scenario = Scenario.random(
            20, width: 800, height: 300, range: 250,
            mobility: .randomWaypoint(slowest: 1, fastest: 20, pause: .seconds(1)), seed: 11)
        scenario.radio.hasCollisions = true
        scenario.duration = .seconds(20)
        scenario.flows = [
            .init(
                from: 0, to: 19, start: .zero, stop: .zero + .seconds(20), every: .milliseconds(50))
        ]
        #expect(aodv(scenario).trace == aodv(scenario).trace)
        #expect(dsr(scenario).trace == dsr(scenario).trace)
        #expect(olsr(scenario).trace == olsr(scenario).trace)
        #expect(aodv(scenario).metrics == aodv(scenario).metrics)
    }

    @Test func p12RoutesHaveTheRightHopsAtEveryNode() {
        var scenario = Scenario.line(6)
        scenario.duration = .seconds(2)
        scenario.flows = [
            .init(
                from: 0, to: 5, start: .zero, stop: .zero + .seconds(2), every: .milliseconds(100))
        ]
        let simulation = aodv(scenario)
        for place in 0..<6 {
            let engine = simulation[place]
            if place > 0 {
                let back = engine?.route(to: Scenario.address(0))
                #expect(back?.hopCount == UInt8(place))
                #expect(back?.nextHop == Scenario.address(place - 1))
            }
            if place < 5 {
                let onward = engine?.route(to: Scenario.address(5))
                #expect(onward?.hopCount == UInt8(5 - place))
                #expect(onward?.nextHop == Scenario.address(place + 1))
            }
        }
    }

    @Test func p19RoutesOfOLSRAreTheShortestEverywhere() {
        var scenario = Scenario.grid(10, 10)
        scenario.duration = .seconds(60)
        var simulation = RadioSimulation(scenario) { OLSR(address: $0, seed: $1, at: $2) }
        simulation.run()
        var right = 0
        for from in 0..<100 {
            guard var engine = simulation[from] else { continue }
            for route in engine.table(at: simulation.now) {
                let to = Scenario.node(route.destination)
                let distance = abs(from % 10 - to % 10) + abs(from / 10 - to / 10)
                if route.hops == distance { right += 1 }
            }
        }
        #expect(right == 9_900)
    }

    /// A ring of eight: the way round is there when a node of the short way dies.
    private func ring() -> Scenario {
        var scenario = Scenario(
            positions: (0..<8).map { PlanePosition(x: Double($0), y: 0) },
            reach: .links((0..<8).map { [($0 + 7) % 8, ($0 + 1) % 8] }))
        scenario.duration = .seconds(90)
        scenario.flows = [
            .init(
                from: 0, to: 3, start: .zero + .seconds(40), stop: .zero + .seconds(85),
                every: .milliseconds(100))
        ]
        scenario.faults = [.init(at: .zero + .milliseconds(60_050), .crash(1))]
        return scenario
    }

    /// Datagrams lost around the break stand for its length, at ten a second.
    @Test func p22DeadNodesAreRoutedAround() {
        let scenario = ring()
        func lost(_ metrics: RadioMetrics) -> Int { metrics.dataSent - metrics.dataDelivered }
        #expect(lost(aodv(scenario).metrics) < 10)
        #expect(lost(dsr(scenario).metrics) < 10)
        let plain = lost(olsr(scenario).metrics)
        #expect((30..<120).contains(plain))
        #expect(lost(olsr(scenario, heedsLinkLayer: true).metrics) < 30)
    }

    @Test func hellosFindBreaksWithoutALinkLayer() {
        let metrics = aodv(ring(), hellos: true).metrics
        #expect(metrics.dataSent - metrics.dataDelivered < 40)
    }

    @Test func discoveryTakesTheRingsItNeeds() {
        var scenario = Scenario.line(5)
        scenario.duration = .seconds(5)
        scenario.flows = [
            .init(
                from: 0, to: 4, start: .zero, stop: .zero + .seconds(1), every: .milliseconds(500))
        ]
        // Four hops: rings of 1 and 3 fail after 0.24 and 0.40 s.
        let time = aodv(scenario).metrics.discoveryMilliseconds(1) ?? 0
        #expect((640...704).contains(time))
        #expect(dsr(scenario).metrics.discoveryMilliseconds(1) ?? 1_000 <= 100)
    }

    @Test func tenThousandNodesFindARoute() {
        var scenario = Scenario.grid(100, 100)
        scenario.duration = .seconds(25)
        scenario.flows = [
            .init(
                from: 0, to: 20 * 100 + 14, start: .zero, stop: .zero + .seconds(1),
                every: .seconds(1))
        ]
        let metrics = aodv(scenario).metrics
        #expect(metrics.deliveryRatio == 1)
        #expect(metrics.hops == [34])
    }
}
