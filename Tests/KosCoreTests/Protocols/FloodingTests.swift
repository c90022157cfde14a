import KosCore
import KosSimulation
import Testing

/// The conformance points of flooding, in the order of the facts page.
@Suite struct FloodingTests {
    private func run(
        _ scenario: Scenario, _ relaying: Flooding.Relaying = .blind,
        selectors: [Int: Set<RouterAddress>] = [:]
    ) -> RadioSimulation<Flooding> {
        var settings = Flooding.Settings()
        settings.relaying = relaying
        var simulation = RadioSimulation(scenario) { [settings] address, seed, _ in
            var engine = Flooding(address: address, settings: settings, seed: seed)
            engine.selectors = selectors[Scenario.node(address)] ?? []
            return engine
        }
        simulation.run()
        return simulation
    }

    private func dense(_ seed: UInt64, count: Int = 100, degree: Double = 12) -> Scenario {
        let range = (degree * 1e6 / (Double(count) * 3.14159)).squareRoot()
        return .random(
            count, width: 1000, height: 1000, range: range, mobility: .fixed, seed: seed)
    }

    /// Sends one datagram from node 0 to everybody; who got it, and how often each node sent.
    private func flood(
        _ scenario: Scenario, _ relaying: Flooding.Relaying,
        selectors: [Int: Set<RouterAddress>] = [:]
    ) -> (reached: [Int: Int], sent: [Int: Int]) {
        var settings = Flooding.Settings()
        settings.relaying = relaying
        var scenario = scenario
        scenario.duration = .seconds(10)
        var simulation = RadioSimulation(scenario) { [settings] address, seed, _ in
            var engine = Flooding(address: address, settings: settings, seed: seed)
            engine.selectors = selectors[Scenario.node(address)] ?? []
            return engine
        }
        var reached: [Int: Int] = [:]
        var sent: [Int: Int] = [:]
        let datagram = Datagram(
            from: Scenario.address(0), to: .broadcast, identification: 1, payload: [1])
        simulation.inject(.send(datagram), into: 0)
        simulation.run(
            tap: { _, frame in sent[Scenario.node(frame.sender), default: 0] += 1 },
            watch: { _, node, output in
                if case .deliver = output { reached[node, default: 0] += 1 }
            })
        return (reached, sent)
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func p01to03EveryNodeOnceAndAll(seed: UInt64) {
        let scenario = dense(seed)
        let (reached, sent) = flood(scenario, .blind)
        let component = Terrain(scenario).components().first { $0.contains(0) } ?? []
        #expect(Set(reached.keys) == Set(component.filter { $0 != 0 }), "seed \(seed)")
        #expect(reached.values.allSatisfy { $0 == 1 }, "seed \(seed)")
        #expect(sent.values.allSatisfy { $0 == 1 }, "seed \(seed)")
        // 8: blind flooding is as many transmissions as nodes.
        #expect(sent.count == component.count, "seed \(seed)")
    }

    @Test func p04LifetimeIsRespected() {
        var bench = Workbench(Flooding(address: node(1), seed: 1))
        func heard(_ ttl: UInt8, _ id: UInt16) -> [RoutingOutput] {
            bench.give(
                .received(
                    HopFrame(
                        from: node(2), to: .broadcast,
                        Datagram(
                            from: node(3), to: .broadcast, ttl: ttl, identification: id,
                            payload: []))))
        }
        let dying = heard(1, 1)
        #expect(dying.delivered.count == 1)
        #expect(dying.drops == [.ttlExceeded])
        #expect(heard(2, 2).drops.isEmpty)
        let onward = bench.wait(.seconds(1)).frames
        #expect(onward.map(\.frame.datagram.ttl) == [1])
    }

    @Test func p05DuplicateTableIsBounded() {
        var settings = Flooding.Settings()
        settings.pendingCapacity = 10
        var bench = Workbench(Flooding(address: node(1), settings: settings, seed: 1))
        var full = 0
        for id in 0..<20_000 {
            let datagram = Datagram(
                from: node(3), to: .broadcast, identification: UInt16(truncatingIfNeeded: id),
                payload: [])
            let outputs = bench.give(.received(HopFrame(from: node(2), to: .broadcast, datagram)))
            full += outputs.drops.count
        }
        #expect(full == 20_000 - 10)
        #expect(bench.wait(.seconds(1)).frames.count == 10)
    }

    private func heard(_ source: Int, _ id: UInt16, from sender: Int = 2) -> RoutingInput {
        .received(
            HopFrame(
                from: node(sender), to: .broadcast,
                Datagram(from: node(source), to: .broadcast, identification: id, payload: [])))
    }

    @Test func p06NumbersMayWrap() {
        var bench = Workbench(Flooding(address: node(1), seed: 1))
        #expect(bench.give(heard(3, 65535)).delivered.count == 1)
        #expect(bench.give(heard(3, 0)).delivered.count == 1)
        #expect(bench.give(heard(3, 65535)).delivered.isEmpty)
        // After the hold time of the table the number may come again.
        bench.wait(.seconds(31))
        #expect(bench.give(heard(3, 65535)).delivered.count == 1)
    }

    @Test func p07TwoSourcesWithOneNumberAreTwo() {
        var bench = Workbench(Flooding(address: node(1), seed: 1))
        #expect(bench.give(heard(3, 5)).delivered.count == 1)
        #expect(bench.give(heard(4, 5)).delivered.count == 1)
    }

    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func p08FewerTransmissionsWithEqualReach(seed: UInt64) {
        let scenario = dense(seed, degree: 25)
        let blind = flood(scenario, .blind)
        let counted = flood(scenario, .counter(copies: 4))
        #expect(counted.sent.count < blind.sent.count, "seed \(seed)")
        #expect(counted.reached.count * 100 >= blind.reached.count * 95, "seed \(seed)")
        // Multipoint relays by each node's view of its two-hop neighbourhood.
        let terrain = Terrain(scenario)
        var selectors: [Int: Set<RouterAddress>] = [:]
        for own in terrain.neighbours.indices {
            let relays = MultipointRelays.select(
                for: Scenario.address(own),
                among: terrain.neighbours[own].map {
                    MultipointRelays.Neighbour(
                        Scenario.address($0), willingness: 3,
                        reaches: terrain.neighbours[$0].map(Scenario.address))
                })
            for relay in relays {
                selectors[Scenario.node(relay), default: []].insert(Scenario.address(own))
            }
        }
        let relayed = flood(scenario, .multipointRelays, selectors: selectors)
        #expect(relayed.sent.count < blind.sent.count / 2, "seed \(seed)")
        #expect(relayed.reached.count == blind.reached.count, "seed \(seed)")
    }

    @Test func p09GossipReachesNearlyAll() {
        var reached = 0
        var possible = 0
        for seed in 1...20 as ClosedRange<UInt64> {
            let scenario = dense(seed)
            reached += flood(scenario, .gossip(probability: 0.7, hops: 2)).reached.count
            let component = Terrain(scenario).components().first { $0.contains(0) } ?? []
            possible += component.count - 1
        }
        #expect(reached * 100 >= possible * 95)
        #expect(reached < possible || possible < 100)
    }

    @Test func p10OwnDatagramsHeardBackAreDropped() {
        var bench = Workbench(Flooding(address: node(1), seed: 1))
        bench.send(.broadcast, id: 9)
        #expect(bench.give(heard(1, 9)).isEmpty)
        // Even one that we do not remember sending.
        #expect(bench.give(heard(1, 10)).isEmpty)
        #expect(bench.wait(.seconds(1)).isEmpty)
    }

    @Test func p11JitterIsInsideItsBounds() {
        var bench = Workbench(Flooding(address: node(1), seed: 1))
        var waits: [Duration] = []
        for id in 1...500 as ClosedRange<UInt16> {
            let start = bench.now
            bench.give(heard(3, id))
            waits += bench.wait(.milliseconds(20)).frames.map { $0.time - start }
        }
        #expect(waits.count == 500)
        #expect(waits.allSatisfy { (.zero ... .milliseconds(10)).contains($0) })
        #expect((waits.max() ?? .zero) > .milliseconds(9))
    }

    @Test func p12SameSeedSameRun() {
        var scenario = dense(3)
        scenario.flows = [
            .init(
                from: 0, to: 9, start: .zero, stop: .zero + .seconds(5), every: .milliseconds(100))
        ]
        scenario.radio.hasCollisions = true
        scenario.duration = .seconds(6)
        let first = run(scenario, .gossip(probability: 0.6, hops: 1))
        let second = run(scenario, .gossip(probability: 0.6, hops: 1))
        #expect(first.trace == second.trace)
        #expect(first.metrics == second.metrics)
        scenario.seed = 4
        #expect(run(scenario, .gossip(probability: 0.6, hops: 1)).trace != first.trace)
    }
}
