import KosCore
import KosSimulation
import Testing

/// The query behind `kos-route -a aodv`, and the capture of a run.
@Suite struct SimulationQueryTests {
    private func grid(_ side: Int) -> (nodes: [NodeID], links: [[Int]]) {
        let nodes = (0..<side * side).compactMap { NodeID("n\($0)") }
        let links = (0..<side * side).map { node in
            [
                node - side, node + side, node % side == 0 ? -1 : node - 1,
                node % side == side - 1 ? -1 : node + 1,
            ].filter { (0..<side * side).contains($0) }
        }
        return (nodes, links)
    }

    private func query(_ from: Int, _ to: Int, _ name: RoutingProtocolName) -> SimulationQuery {
        let (nodes, links) = grid(5)
        return SimulationQuery(
            nodes: nodes, links: links, from: nodes[from], to: nodes[to], by: name)
    }

    @Test(arguments: RoutingProtocolName.allCases) func everyProtocolFindsAWay(
        name: RoutingProtocolName
    ) throws {
        let answer = try query(0, 24, name).answer()
        let numbers = answer.path.compactMap { Int($0.text.dropFirst()) }
        #expect(numbers.first == 0 && numbers.last == 24)
        // Every step is a link.
        let links = grid(5).links
        for (from, to) in zip(numbers, numbers.dropFirst()) { #expect(links[from].contains(to)) }
        #expect(answer.delay > .zero)
        if name != .flooding {
            #expect(numbers.count == 9)
            #expect(answer.controlFrames > 0 && answer.controlOctets > answer.controlFrames * 20)
        } else {
            #expect(answer.dataFrames >= 24)
        }
        #expect((answer.discovery > .zero) == (name == .aodv || name == .dsr))
        #expect(try query(0, 24, name).answer() == answer)
    }

    @Test func noWayIsAnAnswerToo() {
        var query = query(0, 24, .aodv)
        query.links[23] = []
        query.links[19] = []
        for node in query.links.indices { query.links[node].removeAll { $0 == 24 } }
        query.links[24] = []
        #expect {
            try query.answer()
        } throws: {
            if case .noRoute(let frames, _)? = $0 as? SimulationQuery.Refusal {
                frames > 10
            } else {
                false
            }
        }
        let stranger = NodeID("stranger").map { $0 } ?? query.source
        query.target = stranger
        #expect(throws: SimulationQuery.Refusal.unknownNode(stranger)) { try query.answer() }
    }

    @Test func oneNodeIsItsOwnWay() throws {
        let answer = try query(3, 3, .dsr).answer()
        #expect(answer.path.map(\.text) == ["n3"])
    }

    @Test func protocolsAreComparedOnOneScenario() {
        var scenario = Scenario.grid(4, 4)
        scenario.duration = .seconds(50)
        scenario.flows = [
            .init(
                from: 0, to: 15, start: .zero + .seconds(40), stop: .zero + .seconds(45),
                every: .seconds(1))
        ]
        let runs = ComparisonQuery(scenario).answer()
        #expect(runs.map(\.name) == RoutingProtocolName.allCases)
        #expect(runs.allSatisfy { $0.metrics.deliveryRatio == 1 })
        #expect(runs.map(\.metrics.controlFrames).first == 0)
    }

    @Test func packetsHaveSoundHeaders() {
        let datagram = Datagram(
            from: node(1), to: node(2), ttl: 9, identification: 258, content: .control,
            payload: [1, 2, 3])
        let packet = PcapTrace.packet(datagram, port: 654)
        #expect(packet.count == 31)
        #expect(Array(packet[0..<10]) == [0x45, 0, 0, 31, 1, 2, 0, 0, 9, 17])
        let sum = stride(from: 0, to: 20, by: 2).reduce(0) {
            $0 + Int(packet[$1]) << 8 + Int(packet[$1 + 1])
        }
        #expect(sum & 0xFFFF + sum >> 16 == 0xFFFF)
        #expect(Array(packet[20..<28]) == [2, 142, 2, 142, 0, 11, 0, 0])
        var trace = PcapTrace(port: 654)
        trace.append(
            HopFrame(from: node(1), to: node(2), datagram), at: Instant(nanoseconds: 5_000_000_007))
        #expect(trace.octets.count == 24 + 16 + 31)
        #expect(Array(trace.octets[24..<32]) == [0, 0, 0, 5, 0, 0, 0, 7])
    }
}
