import KosCore
import Testing

/// The conformance points of OLSR, in the order of the facts page; the section is RFC 3626's.
@Suite struct OLSRTests {
    func bench(_ settings: OLSRSettings = OLSRSettings(), interfaces: [Int] = [1])
        -> Workbench<OLSR>
    {
        Workbench(OLSR(interfaces: interfaces.map(node), settings: settings, seed: 1))
    }

    func received(_ packet: OLSRPacket, from sender: Int, interface: Int = 0)
        -> RoutingInput
    {
        received(octets: packet.octets, from: sender, interface: interface)
    }

    func received(octets: [UInt8], from sender: Int, interface: Int = 0) -> RoutingInput {
        .received(
            HopFrame(
                from: node(sender), to: .broadcast, interface: interface,
                Datagram(
                    from: node(sender), to: .broadcast, ttl: 1, content: .control, payload: octets))
        )
    }

    func packet(_ message: OLSRMessage, sequence: UInt16 = 1) -> OLSRPacket {
        OLSRPacket(sequence: sequence, messages: [message])
    }

    func hello(
        _ from: Int, willingness: UInt8 = 3, _ links: [OLSRMessage.LinkGroup], sequence: UInt16 = 1
    ) -> RoutingInput {
        let body = OLSRMessage.Body.hello(
            .init(interval: 0x05, willingness: willingness, links: links))
        return received(
            packet(
                OLSRMessage(
                    validity: 0x86, originator: node(from), ttl: 1, sequence: sequence, body: body),
                sequence: sequence), from: from)
    }

    func symmetric(_ addresses: [Int]) -> OLSRMessage.LinkGroup {
        .init(.symmetric, .symmetric, addresses.map(node))
    }

    func control(
        _ from: Int, ansn: UInt16, _ advertised: [Int], sequence: UInt16, ttl: UInt8 = 255,
        hops: UInt8 = 0
    ) -> OLSRMessage {
        OLSRMessage(
            validity: 0xE7, originator: node(from), ttl: ttl, hopCount: hops, sequence: sequence,
            body: .topologyControl(.init(sequence: ansn, advertised: advertised.map(node))))
    }

    func hops(_ bench: inout Workbench<OLSR>) -> [RouterAddress: Int] {
        Dictionary(
            bench.engine.table(at: bench.now).map { ($0.destination, $0.hops) },
            uniquingKeysWith: { $1 })
    }

    func emitted(_ log: [(time: Instant, output: RoutingOutput)]) -> [OLSRMessage] {
        log.frames.compactMap(\.frame.olsr).flatMap(\.messages)
    }

    @Test func p01PacketLengthMustBeTheDatagrams() {
        var bench = bench()
        let good = packet(control(2, ansn: 1, [3], sequence: 1)).octets
        for octets in [good + [0], Array(good.dropLast()), Array(good.prefix(4)), []] {
            #expect(!bench.give(received(octets: octets, from: 2)).refusals.isEmpty)
        }
    }

    @Test func p02UnknownTypesAreSkippedAndForwarded() {
        var bench = relaying()
        let strange = OLSRMessage(
            validity: 1, originator: node(9), ttl: 5, sequence: 70,
            body: .unknown(type: 130, [1, 2, 3, 4]))
        bench.give(
            received(
                OLSRPacket(
                    sequence: 9, messages: [strange, control(8, ansn: 1, [7], sequence: 3)]),
                from: 2))
        let messages = emitted(bench.wait(.milliseconds(600)))
        #expect(messages.contains { $0.type == 130 && $0.ttl == 4 })
        #expect(messages.contains { $0.originator == node(8) })
    }

    @Test func p03TimesRoundTrip() {
        for code in UInt8.min...UInt8.max {
            #expect(OLSRTime.code(OLSRTime.duration(code)) == code)
        }
        var dice = SplitMix64(seed: 1)
        for _ in 0..<10_000 {
            let time = Duration.milliseconds(Int64.random(in: 63...3_900_000, using: &dice))
            let back = OLSRTime.duration(OLSRTime.code(time))
            #expect(back >= time && back.seconds / time.seconds <= 1 + 1 / 16.0)
        }
        let known: [(Int, UInt8)] = [(2, 0x05), (6, 0x86), (15, 0xE7), (30, 0xE8), (5, 0x46)]
        for (seconds, code) in known { #expect(OLSRTime.code(.seconds(seconds)) == code) }
    }

    @Test func p04ExcludedLinkCodesSpoilOnlyTheirGroup() throws {
        let bad = OLSRMessage.LinkGroup(.notNeighbour, .symmetric, [node(5)])
        let message = OLSRMessage(
            validity: 0x86, originator: node(2), ttl: 1, sequence: 1,
            body: .hello(
                .init(interval: 5, willingness: 3, links: [bad, symmetric([1])])))
        let read = try OLSRPacket(packet(message).octets.span)
        guard case .hello(let hello) = read.messages.first?.body else {
            Issue.record("no hello")
            return
        }
        #expect(hello.links == [symmetric([1])])
    }

    @Test func p05LinksAreAsymmetricThenSymmetric() {
        var bench = bench()
        bench.give(hello(2, []))
        #expect(bench.engine.link(to: node(2))?.type(at: bench.now) == .asymmetric)
        #expect(bench.engine.symmetricNeighbours.isEmpty)
        bench.give(hello(2, [.init(.notNeighbour, .asymmetric, [node(1)])]))
        #expect(bench.engine.link(to: node(2))?.type(at: bench.now) == .symmetric)
        #expect(bench.engine.symmetricNeighbours == [node(2)])
    }

    @Test func p06SilentLinksAreLostAndToldForSixSeconds() {
        var bench = bench()
        bench.give(hello(2, [symmetric([1])]))
        bench.wait(.milliseconds(5_900))
        #expect(bench.engine.symmetricNeighbours == [node(2)])
        bench.wait(.milliseconds(200))
        #expect(bench.engine.symmetricNeighbours.isEmpty)
        let told = emitted(bench.wait(.milliseconds(5_800))).compactMap(links)
        #expect(told.count >= 3)
        #expect(told.allSatisfy { $0.contains { $0.link == .lost && $0.addresses == [node(2)] } })
        bench.wait(.milliseconds(300))
        let after = emitted(bench.wait(.seconds(4))).compactMap(links)
        #expect(after.allSatisfy { $0.isEmpty })
        #expect(bench.engine.link(to: node(2)) == nil)
    }

    func links(_ message: OLSRMessage) -> [OLSRMessage.LinkGroup]? {
        if case .hello(let hello) = message.body { hello.links } else { nil }
    }

    /// A bench whose neighbours 2 and 3 are symmetric; 2 has chosen it as a relay.
    func relaying(_ settings: OLSRSettings = OLSRSettings()) -> Workbench<OLSR> {
        var bench = bench(settings)
        bench.give(hello(2, [.init(.multipointRelay, .symmetric, [node(1)])]))
        bench.give(hello(3, [symmetric([1])]))
        return bench
    }

    @Test func p07HellosAreNeverForwarded() {
        var bench = relaying()
        let log = emitted(bench.wait(.seconds(3)))
        #expect(!log.isEmpty)
        #expect(log.allSatisfy { $0.originator == node(1) })
        #expect(log.filter { $0.type == 1 }.allSatisfy { $0.ttl == 1 && $0.hopCount == 0 })
    }

    @Test func p08ControlFromStrangersIsIgnored() {
        var bench = bench()
        bench.give(hello(2, []))
        bench.give(received(packet(control(8, ansn: 1, [9], sequence: 1)), from: 2))
        #expect(bench.engine.topologySize == 0)
        bench.give(hello(2, [symmetric([1])]))
        bench.give(received(packet(control(8, ansn: 1, [9], sequence: 2)), from: 2))
        #expect(bench.engine.topologySize == 1)
    }

    @Test func p09OlderAdvertisementsAreIgnoredAndNumbersWrap() {
        var bench = relaying()
        bench.give(received(packet(control(8, ansn: 65535, [9], sequence: 1)), from: 2))
        bench.give(received(packet(control(8, ansn: 65530, [5, 6, 7], sequence: 2)), from: 2))
        #expect(bench.engine.topologySize == 1)
        bench.give(received(packet(control(8, ansn: 0, [5, 6], sequence: 3)), from: 2))
        #expect(bench.engine.topologySize == 2)
        #expect(OLSRSequence.isNewer(0, than: 65535))
        #expect(!OLSRSequence.isNewer(65535, than: 0))
        #expect(OLSRSequence.isNewer(32767, than: 0))
        #expect(!OLSRSequence.isNewer(32768, than: 0))
    }

    @Test func p10MessagesAreProcessedOnce() {
        var bench = relaying()
        let message = control(8, ansn: 1, [9], sequence: 5)
        bench.give(received(packet(message), from: 2))
        // The same number with other content: not looked at again.
        bench.give(received(packet(control(8, ansn: 2, [5, 6], sequence: 5)), from: 3))
        #expect(bench.engine.topologySize == 1)
        let sent = emitted(bench.wait(.milliseconds(600))).filter { $0.originator == node(8) }
        #expect(sent.count == 1)
    }

    @Test func p11OnlyRelaysOfTheSenderForward() {
        var bench = relaying()
        // 3 has not chosen us.
        bench.give(received(packet(control(8, ansn: 1, [9], sequence: 5)), from: 3))
        #expect(emitted(bench.wait(.milliseconds(600))).allSatisfy { $0.originator != node(8) })
        bench.give(received(packet(control(8, ansn: 1, [9], sequence: 6)), from: 2))
        #expect(emitted(bench.wait(.milliseconds(600))).contains { $0.originator == node(8) })
    }

    @Test func p12ForwardingChangesTTLAndHopsOnly() {
        var bench = relaying()
        let message = control(8, ansn: 1, [9], sequence: 5, ttl: 7, hops: 2)
        bench.give(received(packet(message), from: 2))
        bench.give(received(packet(control(7, ansn: 1, [9], sequence: 6, ttl: 1)), from: 2))
        let sent = emitted(bench.wait(.milliseconds(600)))
        var expected = message
        expected.ttl = 6
        expected.hopCount = 3
        #expect(sent.filter { $0.originator == node(8) } == [expected])
        #expect(!sent.contains { $0.originator == node(7) })
        // TTL 0 and our own messages are not looked at.
        bench.give(received(packet(control(6, ansn: 1, [9], sequence: 6, ttl: 0)), from: 2))
        bench.give(received(packet(control(1, ansn: 1, [9], sequence: 6)), from: 2))
        #expect(bench.engine.topologySize == 2)
    }

    @Test func p13TheUnwillingCarryNothing() {
        var bench = bench()
        bench.give(hello(2, willingness: 0, [symmetric([1, 7])]))
        #expect(bench.engine.multipointRelays.isEmpty)
        #expect(hops(&bench) == [node(2): 1])
        bench.give(hello(3, [symmetric([1, 7])]))
        #expect(bench.engine.multipointRelays == [node(3)])
        #expect(bench.engine.nextHop(to: node(7)) == node(3))
    }

    @Test func p14TheAlwaysWillingAreRelays() {
        var bench = bench()
        bench.give(hello(2, willingness: 7, [symmetric([1])]))
        #expect(bench.engine.multipointRelays == [node(2)])
    }

    @Test(arguments: 1...50 as ClosedRange<UInt64>) func p15RelaysCoverEverything(seed: UInt64) {
        var dice = SplitMix64(seed: seed)
        let count = Int.random(in: 1...15, using: &dice)
        let neighbours = (2..<2 + count).map { number in
            MultipointRelays.Neighbour(
                node(number), willingness: UInt8(dice.next() % 8),
                reaches: (0..<8).map { _ in node(Int.random(in: 1...60, using: &dice)) })
        }
        let relays = MultipointRelays.select(for: node(1), among: neighbours)
        let near = Set(neighbours.map(\.address)).union([node(1)])
        func covered(_ list: [MultipointRelays.Neighbour]) -> Set<RouterAddress> {
            Set(list.flatMap(\.reaches)).subtracting(near)
        }
        let willing = neighbours.filter { $0.willingness > 0 }
        #expect(
            covered(willing.filter { relays.contains($0.address) }) == covered(willing),
            "seed \(seed)")
        // No more than by simple greed, but for those that are always chosen.
        var left = covered(willing)
        var greedy = 0
        for item in willing where item.willingness == 7 { left.subtract(item.reaches) }
        let rest = willing.filter { $0.willingness < 7 }
        while let best = rest.max(by: {
            left.intersection($0.reaches).count < left.intersection($1.reaches).count
        }), !left.isDisjoint(with: best.reaches) {
            left.subtract(best.reaches)
            greedy += 1
        }
        let always = willing.count { $0.willingness == 7 }
        // Willingness goes before reach, so ours may be a little larger where it differs.
        #expect(relays.count <= greedy + always + count / 3, "seed \(seed)")
    }

    @Test func p16TiesAreBrokenByWillingnessReachAndDegree() {
        func choose(_ list: [(Int, UInt8, [Int])]) -> [RouterAddress] {
            MultipointRelays.select(
                for: node(1),
                among: list.map {
                    MultipointRelays.Neighbour(
                        node($0.0), willingness: $0.1, reaches: $0.2.map(node))
                }
            ).sorted()
        }
        #expect(choose([(2, 3, [10, 11, 12]), (3, 6, [10, 11]), (4, 3, [12])]).contains(node(3)))
        #expect(choose([(2, 3, [10]), (3, 3, [10, 11]), (4, 3, [11])]) == [node(3)])
        // Equal willingness and equal gain once 20 and 21 are covered: the greater degree.
        let list: [(Int, UInt8, [Int])] = [
            (2, 3, [20, 21]), (5, 3, [22, 23]), (3, 3, [10, 20]), (4, 3, [10, 21, 20]),
        ]
        #expect(choose(list).contains(node(4)))
    }
}
