import KosCore
import KosSimulation
import Testing

/// Which of several links to a neighbour a packet takes.
@Suite struct LinkChoiceTests {
    private func table(_ transports: [TransportType]) throws -> (LinkTable, NodeID) {
        let keys = try #require(SimulatedKeys(number: 1, seed: 1))
        var table = LinkTable()
        let info = NodeInfo(name: nil, role: .relay, capabilities: [], addresses: [], sequence: 1)
        for (index, transport) in transports.enumerated() {
            let id = LinkID(index + 1)
            let remote = Endpoint(transport: transport, host: "h", port: index)
            table.open(
                id, LinkTraits(transport: transport, remote: remote, isOutgoing: true), at: .zero)
            _ = table.bind(id, to: keys.node, info, at: .zero)
        }
        return (table, keys.node)
    }

    @Test func theShorterWayIsTaken() throws {
        var (table, peer) = try table([.tcp, .ws, .udp])
        table.echoed(LinkID(1), after: 40)
        table.echoed(LinkID(2), after: 4)
        table.echoed(LinkID(3), after: 400)
        #expect(table.equals(to: peer, octets: 500, .normal) == [LinkID(2)])
        #expect(table.best(to: peer)?.id == LinkID(2))
    }

    @Test func equalsShare() throws {
        var (table, peer) = try table([.tcp, .tcp, .ws])
        for (link, time) in [(1, 10.0), (2, 11.0), (3, 30.0)] {
            table.echoed(LinkID(link), after: time)
        }
        #expect(table.equals(to: peer, octets: 500, .normal) == [LinkID(1), LinkID(2)])
    }

    @Test func whatIsUrgentShunsLoss() throws {
        var (table, peer) = try table([.udp, .tcp])
        table.echoed(LinkID(1), after: 10)
        table.echoed(LinkID(2), after: 14)
        #expect(table.equals(to: peer, octets: 100, .urgent).first == LinkID(1))
        table[LinkID(1)]?.reliability = 0.85
        #expect(table.equals(to: peer, octets: 100, .normal).contains(LinkID(1)))
        #expect(table.equals(to: peer, octets: 100, .urgent) == [LinkID(2)])
    }

    @Test func aNarrowMediumIsForWhatIsSmall() throws {
        var (table, peer) = try table([.lora, .tcp])
        table.echoed(LinkID(1), after: 20)
        table.echoed(LinkID(2), after: 900)
        #expect(table.equals(to: peer, octets: 50, .control) == [LinkID(1)])
        #expect(table.equals(to: peer, octets: 5000, .normal) == [LinkID(2)])
        #expect(table.equals(to: peer, octets: 100, .bulk) == [LinkID(2)])
    }

    @Test func whoeverIsSilentComesLast() throws {
        var (table, peer) = try table([.tcp, .lora])
        table.echoed(LinkID(1), after: 1)
        table.echoed(LinkID(2), after: 5000)
        table[LinkID(1)]?.isSuspect = true
        #expect(table.best(to: peer)?.id == LinkID(2))
        // With nobody else there is nothing to lose.
        _ = table.close(LinkID(2), at: .zero)
        #expect(table.equals(to: peer, octets: 100, .normal) == [LinkID(1)])
    }
}
