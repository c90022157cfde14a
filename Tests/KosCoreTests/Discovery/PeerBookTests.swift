import KosCore
import Testing

@Suite struct PeerBookTests {
    let start = Timestamp(milliseconds: 1_795_337_400_000)
    let hold = Duration.milliseconds(250)

    func sighting(
        _ node: NodeID, _ key: String, _ address: String, trust: Trust = .opaque,
        method: DiscoveryMethodName = .mdns, interface: String? = "eth0"
    ) -> Sighting {
        Sighting(
            source: Sighting.Source(method, key), nodeId: node,
            addresses: [
                PeerAddress(type: .tcp, address: address, port: 47470, interface: interface)
            ],
            capabilities: ["relay"], trust: trust)
    }

    /// Feeds inputs at given milliseconds and returns everything that came out until the end.
    func run(
        _ book: inout PeerBook, _ inputs: [(Int64, PeerBook.Input)], until end: Int64 = 1_000_000
    ) -> [PeerRecord] {
        var records: [PeerRecord] = []
        for (time, input) in inputs {
            book.handle(input, at: Instant(nanoseconds: time * 1_000_000), into: &records)
        }
        while let deadline = book.nextDeadline, deadline.nanoseconds <= end * 1_000_000 {
            book.advance(to: deadline, into: &records)
        }
        return records
    }

    let bravo = NodeID("bravo")

    @Test func interfacesVersionsAndMethodsMergeIntoOneRecord() throws {
        let bravo = try #require(bravo)
        var book = PeerBook(hold: hold)
        let records = run(
            &book,
            [
                (0, .seen(sighting(bravo, "6", "fe80::1"), at: start)),
                (10, .seen(sighting(bravo, "4", "10.0.0.1"), at: start)),
                (20, .seen(sighting(bravo, "w", "10.0.0.1", interface: "wlan0"), at: start)),
                (30, .seen(sighting(bravo, "6w", "fe80::1", interface: "wlan0"), at: start)),
                (
                    40,
                    .seen(
                        sighting(bravo, "d", "203.0.113.7", method: .dht, interface: nil), at: start
                    )
                ),
            ])
        #expect(records.count == 1)
        let record = try #require(records.first)
        #expect(record.event == .found)
        #expect(record.metadata.methods == ["dht", "mdns"])
        // The address that several interfaces saw stands once; a link-local one belongs to its
        // interface.
        #expect(
            record.addresses.map(\.address) == ["203.0.113.7", "10.0.0.1", "fe80::1", "fe80::1"])
        #expect(record.addresses.map(\.interface) == [nil, "eth0", "eth0", "wlan0"])
    }

    /// A relay's node info is as old as its start; its announcements are renewed all the time.
    @Test func documentsOfDifferentKindsCountTheirSequencesApart() throws {
        let bravo = try #require(bravo)
        var book = PeerBook(hold: hold)
        var info = sighting(
            bravo, "tcp://10.0.0.1:47470", "10.0.0.1", trust: .signed(sequence: 100),
            method: .bootstrap)
        info.document = .nodeInfo
        var old = info
        old.source = Sighting.Source(.bootstrap, "tcp://10.0.0.9:47470")
        old.trust = .signed(sequence: 99)
        let records = run(
            &book,
            [
                (
                    0,
                    .seen(
                        sighting(bravo, "4", "10.0.0.1", trust: .signed(sequence: 900)), at: start)
                ),
                (1, .seen(info, at: start)), (2, .seen(old, at: start)),
                (
                    3,
                    .seen(
                        sighting(bravo, "5", "10.0.0.1", trust: .signed(sequence: 899)), at: start)
                ),
            ])
        #expect(records.map(\.metadata.methods) == [["bootstrap", "mdns"]])
        #expect(book.drops == [.replayed: 2])
    }

    @Test func aPeerLeavesWithItsLastSightingAndSaysWhy() throws {
        let bravo = try #require(bravo)
        var book = PeerBook(hold: hold)
        let records = run(
            &book,
            [
                (0, .seen(sighting(bravo, "4", "10.0.0.1"), at: start)),
                (0, .seen(sighting(bravo, "6", "fe80::1"), at: start)),
                (500, .settled),
                (1000, .lost(Sighting.Source(.mdns, "6"), .goodbye, at: start + .seconds(1))),
                (1001, .lost(Sighting.Source(.mdns, "4"), .goodbye, at: start + .seconds(1))),
                (2000, .seen(sighting(bravo, "4", "10.0.0.1"), at: start + .seconds(2))),
            ])
        #expect(records.map(\.event) == [.found, .left, .joined])
        #expect(records[1].reason == .goodbye && records[1].addresses.isEmpty)
        #expect(records[1].metadata.firstSeen == start && records[1].metadata.lastSeen == start)
        #expect(book.count == 1)
    }

    @Test func aWholePeerIsNotHeldBack() throws {
        let bravo = try #require(bravo)
        var book = PeerBook(hold: hold)
        let source = Sighting.Source(.mdns, "4")
        let records = run(
            &book,
            [
                (0, .seen(sighting(bravo, "4", "10.0.0.1"), at: start)),
                (3, .whole(source, at: start + .milliseconds(3))),
                (4, .whole(source, at: start + .milliseconds(4))),
            ])
        #expect(records.map(\.event) == [.found])
        #expect(records.first?.timestamp == start + .milliseconds(3))
    }

    @Test func lifetimesRunOutAndDoubtedPeersAreUnreachable() throws {
        let bravo = try #require(bravo)
        let delta = try #require(NodeID("delta"))
        var book = PeerBook(hold: hold)
        var mortal = sighting(bravo, "b", "10.0.0.1", method: .gossip)
        mortal.lifetime = .seconds(60)
        let records = run(
            &book,
            [
                (0, .seen(mortal, at: start)),
                (0, .seen(sighting(delta, "d", "10.0.0.2"), at: start)),
                (1000, .doubted(.mdns, within: .seconds(20))),
            ])
        #expect(records.map(\.event) == [.found, .found, .left, .left])
        #expect(records[2].nodeId == delta && records[2].reason == .unreachable)
        #expect(records[2].timestamp == start + .seconds(21))
        #expect(records[3].nodeId == bravo && records[3].reason == .expired)
        #expect(records[3].timestamp == start + .seconds(60))
    }

    @Test func aRenewedSightingIsNoNewsAndClearsDoubt() throws {
        let bravo = try #require(bravo)
        var book = PeerBook(hold: hold)
        let records = run(
            &book,
            [
                (0, .seen(sighting(bravo, "4", "10.0.0.1"), at: start)),
                (1000, .doubted(.mdns, within: .seconds(20))),
                (2000, .seen(sighting(bravo, "4", "10.0.0.1"), at: start + .seconds(2))),
            ])
        #expect(records.map(\.event) == [.found])
        #expect(book.count == 1)
    }

    @Test func forgedReplayedAndUnsignedWordsAreNotBelieved() throws {
        let node = TestKeys(1).node
        var book = PeerBook(hold: .zero)
        let records = run(
            &book,
            [
                (0, .seen(sighting(node, "u", "10.0.0.9", trust: .unsigned), at: start)),
                (1, .seen(sighting(node, "s", "10.0.0.1", trust: .signed(sequence: 5)), at: start)),
                (2, .seen(sighting(node, "f", "10.0.0.66", trust: .forged), at: start)),
                (
                    3,
                    .seen(sighting(node, "r", "10.0.0.66", trust: .signed(sequence: 4)), at: start)
                ),
                (4, .seen(sighting(node, "u2", "10.0.0.66", trust: .unsigned), at: start)),
            ])
        #expect(records.map(\.event) == [.found, .changed])
        #expect(records[0].metadata.signed == false && records[1].metadata.signed == true)
        #expect(records[1].addresses.map(\.address) == ["10.0.0.1"])
        #expect(book.drops == [.forged: 1, .replayed: 1, .unsignedForSigned: 1])
    }

    @Test func spoofedPeersOfOneNetworkAreBounded() throws {
        var book = PeerBook(hold: .zero)
        var inputs: [(Int64, PeerBook.Input)] = []
        for index in 0..<10_000 {
            let node = try #require(NodeID("spoof-\(index)"))
            inputs.append(
                (0, .seen(sighting(node, "\(index)", "10.0.0.\(index % 254 + 1)"), at: start)))
        }
        let records = run(&book, inputs)
        #expect(records.count == 512 && book.count == 512)
        #expect(book.drops == [.tooManyNearby: 9488])
        var big = PeerBook(hold: .zero)
        for index in 0..<5000 {
            let node = try #require(NodeID("n\(index)"))
            let address = "10.\(index / 250).\(index % 250).1"
            _ = run(&big, [(0, .seen(sighting(node, "\(index)", address), at: start))])
        }
        #expect(big.count == 4096 && big.drops == [.tooMany: 904])
    }

    @Test func aPlaceThatNamesAnotherNodeLosesTheFirst() throws {
        let bravo = try #require(bravo)
        let delta = try #require(NodeID("delta"))
        var book = PeerBook(hold: .zero)
        let records = run(
            &book,
            [
                (0, .seen(sighting(bravo, "4", "10.0.0.1"), at: start)),
                (5, .seen(sighting(delta, "4", "10.0.0.1"), at: start)),
            ])
        #expect(records.map(\.event) == [.found, .left, .found])
        #expect(records.map(\.nodeId) == [bravo, bravo, delta])
    }

    /// Whatever comes, an event makes sense after the one before it, and counts agree.
    @Test(arguments: 0..<200) func eventsOfAPeerAlternate(seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        var book = PeerBook(hold: hold)
        var records: [PeerRecord] = []
        var now: Int64 = 0
        for _ in 0..<300 {
            now += Int64.random(in: 0...400, using: &random)
            let node = try #require(NodeID("n\(Int.random(in: 0..<4, using: &random))"))
            let key = "\(node)\(Int.random(in: 0..<3, using: &random))"
            let time = start + .milliseconds(now)
            let input: PeerBook.Input
            switch Int.random(in: 0..<5, using: &random) {
            case 0: input = .lost(Sighting.Source(.mdns, key), .goodbye, at: time)
            case 1: input = .doubted(.mdns, within: .seconds(1))
            default:
                var seen = sighting(node, key, "10.0.0.\(Int.random(in: 1...9, using: &random))")
                if Bool.random(using: &random) { seen.lifetime = .seconds(2) }
                input = .seen(seen, at: time)
            }
            book.handle(input, at: Instant(nanoseconds: now * 1_000_000), into: &records)
        }
        var present: Set<NodeID> = []
        for record in records {
            switch record.event {
            case .found, .joined: #expect(present.insert(record.nodeId).inserted, "seed \(seed)")
            case .changed: #expect(present.contains(record.nodeId), "seed \(seed)")
            case .left: #expect(present.remove(record.nodeId) != nil, "seed \(seed)")
            case nil: Issue.record("a record without event, seed \(seed)")
            }
        }
        #expect(present.count <= book.count, "seed \(seed)")
    }
}
