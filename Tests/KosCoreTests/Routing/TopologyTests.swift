import KosCore
import Testing

@Suite struct TopologyTests {
    private func survey(_ lines: [String]) -> (Survey, [RecordError]) {
        var survey = Survey()
        var bad: [RecordError] = []
        let text = Array((lines.joined(separator: "\n") + "\n").utf8)
        var at = 0
        for line in lines {
            let end = at + line.utf8.count
            if case .bad(let error) = survey.take(text.span, at..<end) { bad.append(error) }
            at = end + 1
        }
        return (survey, bad)
    }

    private func link(_ source: String, _ destination: String, _ rest: String) -> String {
        "{\"type\":\"link\",\"kos\":1,\"source\":\"\(source)\",\"destination\":\"\(destination)\",\"transport\":\"udp\",\(rest)}"
    }

    @Test func laterTimeWins() {
        let (survey, bad) = survey([
            link("a", "b", "\"latency\":5,\"reliability\":1,\"lastSeen\":200"),
            link("a", "b", "\"latency\":9,\"reliability\":1,\"lastSeen\":100"),
            link("b", "c", "\"latency\":7,\"reliability\":1"),
            link("b", "c", "\"latency\":8,\"reliability\":1"),
        ])
        #expect(bad.isEmpty)
        let graph = Graph(survey.topology)
        #expect(graph.linkCount == 2)
        #expect(graph.links.map { survey.topology.link($0).latency } == [5, 8])
    }

    @Test func downTakesAway() {
        let up = link("a", "b", "\"latency\":5,\"reliability\":1")
        let down = link("a", "b", "\"latency\":5,\"reliability\":1,\"event\":\"down\"")
        #expect(Graph(survey([up, down]).0.topology).linkCount == 0)
        #expect(Graph(survey([up, down, up]).0.topology).linkCount == 1)
    }

    @Test func badFiguresAreBadRecords() {
        let (survey, bad) = survey([
            link("a", "a", "\"latency\":5,\"reliability\":1"),
            link("a", "b", "\"latency\":-5,\"reliability\":1"),
            link("a", "b", "\"latency\":5,\"reliability\":1.5"),
            link("a", "b", "\"latency\":NaN,\"reliability\":1"),
            link("a", "b", "\"latency\":5,\"latency\":6,\"reliability\":1"),
            link("a\\u0007", "b", "\"latency\":5,\"reliability\":1"),
        ])
        #expect(bad.count == 6)
        #expect(Graph(survey.topology).linkCount == 0)
    }

    @Test func scanAgreesWithTheParser() throws {
        let lines = [
            link("a", "b", "\"latency\":0.125,\"reliability\":0.5,\"bandwidth\":null"),
            link("a", "b", " \"latency\" :3, \"reliability\": 1 "),
            link("a", "b", "\"latency\":1e3,\"reliability\":1"),
            link(
                "ä\\u00e9", "b",
                "\"latency\":3,\"reliability\":1,\"cost\":2.5,\"bidirectional\":true"),
            link(
                "did:key:z6Mkx", "b",
                "\"latency\":3,\"reliability\":1,\"observations\":7,\"timestamp\":12"),
        ]
        for line in lines {
            let (survey, bad) = survey([line])
            #expect(bad.isEmpty, "\(line)")
            let octets = Array(line.utf8)
            let record = try LinkRecord(RecordFields(parsing: octets.span))
            let taken = survey.topology.link(0)
            #expect(taken.latency == record.latency, "\(line)")
            #expect(taken.reliability == record.reliability, "\(line)")
            #expect(taken.bandwidth == record.bandwidth, "\(line)")
            #expect(taken.cost == record.cost, "\(line)")
            #expect(survey.topology.name(of: taken.source) == record.source.text, "\(line)")
            #expect(
                survey.topology.linkCount == (record.isBidirectional == true ? 2 : 1), "\(line)")
        }
    }

    @Test func nextHopsDoNotDependOnOrder() {
        let lines = [
            link("s", "x", "\"latency\":1,\"reliability\":1"),
            link("s", "a", "\"latency\":1,\"reliability\":1"),
            link("x", "t", "\"latency\":1,\"reliability\":1"),
            link("a", "t", "\"latency\":1,\"reliability\":1"),
        ]
        for order in [lines, Array(lines.reversed())] {
            let topology = survey(order).0.topology
            guard let source = topology.index(of: "s"), let target = topology.index(of: "t") else {
                Issue.record("a node is missing")
                return
            }
            let hops = NextHops(from: source, in: topology, by: .latency)
            #expect(hops[target].map { topology.name(of: $0.hop) } == "a")
            #expect(hops[target]?.sum == 2)
        }
    }

    @Test func aPreparedGraphAnswersAndIsChecked() throws {
        let topology = MeshSample.topology(nodes: 30, links: 120, seed: 4)
        let octets = PreparedGraph.octets(of: topology, metric: .latency, landmarks: 3)
        var router = Router(topology, metric: .latency)
        for target in Int32(1)..<30 {
            var prepared = try PreparedGraph(octets.span)
            let expected = router.shortest(from: 0, to: target)
            let name = topology.name(of: target)
            let place = prepared.index(of: name, octets.span)
            let index = try #require(place)
            let found = prepared.route(from: 0, to: index, octets.span)
            let sum = found.map {
                RouteTotals($0.path.links, in: $0.topology, by: .latency).latency
            }
            #expect((sum == nil) == (expected == nil))
            if let sum, let expected { #expect(abs(sum - expected.totals.latency) < 1e-9) }
        }
        for place in stride(from: 0, to: octets.count, by: 97) {
            var damaged = octets
            damaged[place] ^= 0x10
            guard var prepared = try? PreparedGraph(damaged.span) else { continue }
            _ = prepared.index(of: "n29", damaged.span)
            _ = prepared.route(from: 0, to: 29, damaged.span)
            #expect(prepared.isDamaged, "octet \(place) was changed unseen")
        }
    }

    @Test(arguments: [0.5, 1, 2, 10, 1e-300, 1e300, 0.999999]) func logarithm(value: Double) {
        let back = Logarithm.exponential(Logarithm.natural(value))
        #expect(abs(back / value - 1) < 1e-12)
    }
}
