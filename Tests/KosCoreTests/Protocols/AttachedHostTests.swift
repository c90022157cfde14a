import KosCore
import Testing

/// Hosts that speak no protocol: the node next to them answers for them.
@Suite struct AttachedHostTests {
    @Test func aodvAnswersWithTheHostsRoute() {
        var bench = Workbench(AODV(address: node(1), seed: 1))
        bench.give(.attached(node(9)))
        let asked = AODVMessage.Request(
            id: 1, destination: node(9), destinationSequence: 70, originator: node(8),
            originatorSequence: 5)
        let datagram = Datagram(
            from: node(2), to: .broadcast, ttl: 5, content: .control,
            payload: AODVMessage.request(asked).octets)
        let frames = bench.give(
            .received(HopFrame(from: node(2), to: .broadcast, datagram))
        ).frames
        let reply = frames.first?.reply
        #expect(frames.count == 1 && frames.first?.receiver == node(2))
        #expect(reply?.destination == node(9) && reply?.hopCount == 1)
        // As the host itself would: a number that is not older than the one asked for, and a life
        // of MY_ROUTE_TIMEOUT.
        #expect(reply.map { !AODVSequence.isNewer(70, than: $0.destinationSequence) } == true)
        #expect(reply?.lifetimeMilliseconds == 6000)
        bench.wait(.seconds(60))
        #expect(bench.engine.nextHop(to: node(9)) == node(9))
        bench.give(.detached(node(9)))
        #expect(bench.engine.nextHop(to: node(9)) == nil)
    }

    @Test func dsrAnswersWithTheHostLast() {
        var settings = DSRSettings()
        settings.repliesFromCache = false
        var bench = Workbench(DSR(address: node(1), settings: settings, seed: 1))
        bench.give(.attached(node(9)))
        let header = DSRHeader(options: [.request(.init(id: 1, target: node(9), route: [node(2)]))])
        let datagram = Datagram(
            from: node(8), to: .broadcast, ttl: 5, content: .sourceRouted, payload: header.octets)
        let frames = bench.give(
            .received(HopFrame(from: node(2), to: .broadcast, datagram))
        ).frames
        let replies = frames.compactMap(\.dsr).flatMap(\.options).compactMap { option in
            if case .reply(let reply) = option { reply.route } else { nil }
        }
        #expect(replies == [[node(2), node(1), node(9)]])
    }

    @Test func olsrTellsOfTheHostAsANetwork() {
        var bench = Workbench(OLSR(address: node(1), seed: 1))
        bench.give(.attached(node(9)))
        let told = bench.wait(.seconds(1)).frames.compactMap(\.frame.olsr).flatMap(\.messages)
        let networks = told.compactMap { message in
            if case .networks(let list) = message.body { list } else { nil }
        }
        #expect(networks == [[OLSRMessage.Network(node(9), mask: .broadcast)]])
    }

    @Test func dsrTellsSourcesOfANeighbourThatHasGone() {
        var bench = Workbench(DSR(address: node(1), seed: 1))
        let header = DSRHeader(
            options: [.reply(.init(route: [node(2), node(8)]))])
        let datagram = Datagram(
            from: node(8), to: node(1), ttl: 5, content: .sourceRouted, payload: header.octets)
        bench.give(.received(HopFrame(from: node(2), to: node(1), datagram)))
        bench.give(
            .forwarded(
                source: node(8), destination: node(9), previousHop: node(2), nextHop: node(3)))
        let frames = bench.give(.neighbourDown(node(3))).frames
        let errors = frames.compactMap(\.dsr).flatMap(\.options).compactMap { option in
            if case .error(let failure) = option { failure } else { nil }
        }
        #expect(errors.count == 1 && errors.first?.destination == node(8))
        #expect(frames.first?.receiver == node(2))
    }

    /// The numbers that stand for nodes are addresses, and nearly as many as nodes.
    @Test func nodesHaveAddresses() {
        let addresses = (0..<100_000).map { RouterAddress(standingFor: "z6Mk\($0)") }
        #expect(Set(addresses).count > 99_990)
        #expect(!addresses.contains { $0.isMulticast || $0 == .broadcast || $0 == .none })
        #expect(addresses[7] == RouterAddress(standingFor: "z6Mk7"))
    }
}
