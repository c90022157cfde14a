import KosCore
import Testing

/// What a node believes of links that others tell of.
@Suite struct LinkStateTests {
    private static func announcement(
        _ sequence: Int, role: NodeInfo.Role = .relay, to destinations: [NodeID]
    ) -> LinkState.Announcement {
        LinkState.Announcement(
            info: NodeInfo(
                name: nil, role: role, capabilities: [], addresses: [], sequence: sequence),
            links: destinations.map {
                LinkState.Link(
                    destination: $0, transport: .tcp, latency: 1, reliability: 1, address: nil)
            },
            line: [], heardAt: .zero, timestamp: Timestamp(milliseconds: 0))
    }
    private static let names = ["a", "b", "c", "d"].compactMap { NodeID($0) }

    @Test func aLinkCountsOnlyWhenBothEndsTellOfIt() {
        let (a, b, c) = (LinkStateTests.names[0], LinkStateTests.names[1], LinkStateTests.names[2])
        var mesh = LinkState()
        _ = mesh.merge(LinkStateTests.announcement(1, to: [b]), of: a)
        _ = mesh.merge(LinkStateTests.announcement(1, to: [a, c]), of: b)
        // c says nothing of b: b alone cannot vouch for the link.
        _ = mesh.merge(LinkStateTests.announcement(1, to: []), of: c)
        #expect(mesh.nextHops(from: a) == [b: b])
        _ = mesh.merge(LinkStateTests.announcement(2, to: [b]), of: c)
        #expect(mesh.nextHops(from: a) == [b: b, c: b])
    }

    @Test func anOlderOrEqualNumberChangesNothing() {
        let (a, b) = (LinkStateTests.names[0], LinkStateTests.names[1])
        var mesh = LinkState()
        let outcomes = [
            mesh.merge(LinkStateTests.announcement(5, to: [b]), of: a),
            mesh.merge(LinkStateTests.announcement(5, to: []), of: a),
            mesh.merge(LinkStateTests.announcement(4, to: []), of: a),
        ]
        #expect(outcomes == [.news, .stale, .stale])
        #expect(mesh.nodes[a]?.links.count == 1)
    }

    @Test func aLeafForwardsForNobody() {
        let (a, b, c) = (LinkStateTests.names[0], LinkStateTests.names[1], LinkStateTests.names[2])
        var mesh = LinkState()
        _ = mesh.merge(LinkStateTests.announcement(1, to: [b]), of: a)
        _ = mesh.merge(LinkStateTests.announcement(1, role: .leaf, to: [a, c]), of: b)
        _ = mesh.merge(LinkStateTests.announcement(1, to: [b]), of: c)
        #expect(mesh.nextHops(from: a) == [b: b])
    }

    @Test func connectivityIsTheShareOfPairsThatReachEachOther() {
        let names = LinkStateTests.names
        var mesh = LinkState()
        #expect(mesh.connectivity == (1, 1))
        // Two pairs that do not know of each other: 4 of 12 ordered pairs.
        for (node, other) in [(0, 1), (1, 0), (2, 3), (3, 2)] {
            _ = mesh.merge(LinkStateTests.announcement(1, to: [names[other]]), of: names[node])
        }
        #expect(mesh.connectivity.nodes == 4 && abs(mesh.connectivity.ratio - 1.0 / 3) < 1e-12)
        for (node, others) in [(1, [0, 2]), (2, [1, 3])] {
            let ends = others.map { names[$0] }
            _ = mesh.merge(LinkStateTests.announcement(2, to: ends), of: names[node])
        }
        #expect(mesh.connectivity == (4, 1))
    }

    @Test func whatIsNotRenewedIsForgotten() {
        let (a, b) = (LinkStateTests.names[0], LinkStateTests.names[1])
        var mesh = LinkState()
        _ = mesh.merge(LinkStateTests.announcement(1, to: [b]), of: a)
        _ = mesh.merge(LinkStateTests.announcement(1, to: [a]), of: b)
        let isOlder = mesh.age(to: .zero + .seconds(101), keeping: a)
        #expect(isOlder)
        #expect(mesh.nodes.keys.sorted() == [a])
    }
}
