import KosCore
import Testing

/// The conformance points of AODV, in the order of the facts page; the section is RFC 3561's.
@Suite struct AODVTests {
    func bench(_ settings: AODVSettings = AODVSettings()) -> Workbench<AODV> {
        var settings = settings
        settings.broadcastJitter = .zero
        return Workbench(AODV(address: node(1), settings: settings, seed: 1))
    }

    func request(
        _ target: Int, from originator: Int, id: UInt32 = 1, sequence: UInt32 = 5,
        known: UInt32? = nil, hops: UInt8 = 0, flags: AODVMessage.Request.Flags = []
    ) -> AODVMessage {
        var flags = flags
        if known == nil { flags.insert(.unknownSequence) }
        var request = AODVMessage.Request(
            id: id, destination: node(target), destinationSequence: known ?? 0,
            originator: node(originator), originatorSequence: sequence, flags: flags)
        request.hopCount = hops
        return .request(request)
    }

    func reply(
        _ destination: Int, to originator: Int, sequence: UInt32, hops: UInt8 = 0,
        lifetime: UInt32 = 6000
    ) -> AODVMessage {
        .reply(
            AODVMessage.Reply(
                destination: node(destination), destinationSequence: sequence,
                originator: node(originator), hopCount: hops, lifetimeMilliseconds: lifetime))
    }

    func hello(_ from: Int, sequence: UInt32 = 1) -> RoutingInput {
        received(reply(from, to: from, sequence: sequence, lifetime: 2000), from: from, ttl: 1)
    }

    func received(
        _ message: AODVMessage, from sender: Int, ttl: UInt8 = 10, toAll: Bool = true
    ) -> RoutingInput {
        .received(
            HopFrame(
                from: node(sender), to: toAll ? .broadcast : node(1),
                Datagram(
                    from: node(sender), to: toAll ? .broadcast : node(1), ttl: ttl,
                    content: .control, payload: message.octets)))
    }

    func unicast(_ message: AODVMessage, from sender: Int) -> RoutingInput {
        received(message, from: sender, toAll: false)
    }

    @Test func p01SizesAndPlaces() {
        let octets = request(
            9, from: 8, id: 0x0102_0304, sequence: 7, known: 6, hops: 3, flags: .gratuitousReply
        ).octets
        #expect(octets.count == 24)
        #expect(Array(octets[0...7]) == [1, 0x20, 0, 3, 1, 2, 3, 4])
        #expect(Array(octets[8...15]) == [10, 0, 0, 9, 0, 0, 0, 6])
        #expect(Array(octets[16...23]) == [10, 0, 0, 8, 0, 0, 0, 7])
        #expect(request(9, from: 8, flags: .gratuitousReply).octets[1] == 0x28)
        #expect(reply(9, to: 8, sequence: 1).octets.count == 20)
        for count in 1...3 {
            let items = (0..<count).map { AODVMessage.Unreachable(node($0), sequence: 1) }
            #expect(AODVMessage.error(.init(unreachable: items)).octets.count == 4 + 8 * count)
        }
        #expect(AODVMessage.acknowledgement.octets == [4, 0])
    }

    @Test func p02DuplicatesAreByOriginatorAndID() {
        var bench = bench()
        #expect(bench.give(received(request(9, from: 2, id: 7), from: 2)).frames.count == 1)
        #expect(bench.give(received(request(9, from: 2, id: 7), from: 3)).frames.isEmpty)
        #expect(bench.give(received(request(9, from: 4, id: 7), from: 4)).frames.count == 1)
    }

    @Test func p03OwnNumberGrowsWithEachRequest() {
        var bench = bench()
        var numbers = bench.send(node(9)).frames.compactMap { $0.request?.originatorSequence }
        numbers += bench.wait(.seconds(2)).frames.compactMap {
            $0.frame.request?.originatorSequence
        }
        #expect(numbers.count > 3)
        #expect(numbers == (1...UInt32(numbers.count)).map { $0 })
    }

    @Test func p04NumbersAreComparedBySignedDifference() {
        #expect(AODVSequence.isNewer(0, than: 0xFFFF_FFFF))
        #expect(AODVSequence.isNewer(0x8000_0000, than: 0x7FFF_FFFF))
        #expect(!AODVSequence.isNewer(0xFFFF_FFFF, than: 0))
        #expect(!AODVSequence.isNewer(5, than: 5))
        var bench = bench()
        bench.give(received(request(9, from: 2, id: 1, sequence: 0xFFFF_FFFF), from: 3))
        bench.give(received(request(9, from: 2, id: 2, sequence: 0), from: 4))
        #expect(bench.engine.nextHop(to: node(2)) == node(4))
    }

    @Test func p05DestinationAnswersWithTheGreaterNumber() {
        var bench = bench()
        let frames = bench.give(received(request(1, from: 2, known: 40), from: 3)).frames
        #expect(frames.count == 1)
        #expect(frames.first?.receiver == node(3))
        #expect(frames.first?.reply?.destinationSequence == 40)
        #expect(frames.first?.reply?.hopCount == 0)
        #expect(frames.first?.reply?.lifetimeMilliseconds == 6000)
        let again = bench.give(received(request(1, from: 2, id: 2, known: 39), from: 3)).frames
        #expect(again.first?.reply?.destinationSequence == 40)
    }

    /// A bench that has a route of number 10, two hops by node 5, to node 9.
    func informed(_ settings: AODVSettings = AODVSettings()) -> Workbench<AODV> {
        var bench = bench(settings)
        bench.give(unicast(reply(9, to: 1, sequence: 10, hops: 1), from: 5))
        return bench
    }

    @Test func p06IntermediateAnswersOnlyWithNewsFreshEnough() {
        var bench = informed()
        let fresh = bench.give(received(request(9, from: 2, known: 10), from: 2)).frames
        #expect(fresh.first?.reply?.destinationSequence == 10)
        #expect(fresh.first?.reply?.hopCount == 2)
        let stale = bench.give(received(request(9, from: 2, id: 2, known: 11), from: 2)).frames
        #expect(stale.first?.reply == nil)
        #expect(stale.first?.request?.hopCount == 1)
        #expect(stale.first?.request?.destinationSequence == 11)
    }

    @Test func p07DestinationOnlyIsLeftToTheDestination() {
        var bench = informed()
        let input = received(request(9, from: 2, known: 1, flags: .destinationOnly), from: 2)
        let frames = bench.give(input).frames
        #expect(frames.first?.request?.flags.contains(.destinationOnly) == true)
        // The request takes the better number along.
        #expect(frames.first?.request?.destinationSequence == 10)
    }

    @Test func p08GratuitousReplyGoesToTheDestination() {
        var bench = informed()
        let input = received(request(9, from: 2, sequence: 77, flags: .gratuitousReply), from: 2)
        let frames = bench.give(input).frames
        #expect(frames.map(\.receiver) == [node(2), node(5)])
        #expect(frames.last?.reply?.destination == node(2))
        #expect(frames.last?.reply?.destinationSequence == 77)
        #expect(frames.last?.reply?.originator == node(9))
        #expect(frames.last?.reply?.hopCount == 1)
    }

    @Test func p09UnknownNumberLetsAnyValidRouteAnswer() {
        var bench = informed()
        let frames = bench.give(received(request(9, from: 2), from: 2)).frames
        #expect(frames.first?.reply?.destinationSequence == 10)
    }

    @Test func p10RingsWidenAndWait() {
        var bench = bench()
        var log = bench.send(node(9)).frames.map { (time: bench.now, frame: $0) }
        log += bench.wait(.milliseconds(2_000)).frames
        #expect(log.map(\.frame.datagram.ttl) == [1, 3, 5, 7, 35])
        #expect(log.map(\.time) == [0, 240, 640, 1200, 1920].map(milliseconds))
        #expect(log.compactMap { $0.frame.request?.id } == [1, 2, 3, 4, 5])
    }

    @Test func p11RetriesDoubleAndEnd() {
        var bench = bench()
        bench.send(node(9))
        let log = bench.wait(.seconds(30))
        let wide = log.frames.filter { $0.frame.datagram.ttl == 35 }.map(\.time)
        #expect(wide == [1_920, 4_720, 10_320].map(milliseconds))
        let end = log.last { $0.output == .undiscovered(node(9)) }
        #expect(end?.time == milliseconds(21_520))
        #expect(log.map(\.output).drops == [.noRoute])
    }

    @Test func p13EqualNumberNeedsAShorterWay() {
        var bench = informed()
        bench.give(unicast(reply(9, to: 1, sequence: 10, hops: 4), from: 6))
        #expect(bench.engine.nextHop(to: node(9)) == node(5))
        bench.give(unicast(reply(9, to: 1, sequence: 10, hops: 0), from: 7))
        #expect(bench.engine.nextHop(to: node(9)) == node(7))
        bench.give(unicast(reply(9, to: 1, sequence: 11, hops: 8), from: 6))
        #expect(bench.engine.nextHop(to: node(9)) == node(6))
        #expect(bench.engine.route(to: node(9))?.hopCount == 9)
        bench.give(unicast(reply(9, to: 1, sequence: 10, hops: 0), from: 7))
        #expect(bench.engine.nextHop(to: node(9)) == node(6))
    }

    @Test func p14ErrorListsWhatBroke() {
        var bench = informed()
        bench.give(unicast(reply(8, to: 1, sequence: 20, hops: 1), from: 5))
        bench.give(unicast(reply(7, to: 1, sequence: 30, hops: 1), from: 6))
        for target in [7, 8, 9] {
            let id = UInt32(target)
            bench.give(received(request(target, from: 2, id: id), from: 2))
        }
        let frames = bench.give(.neighbourDown(node(5))).frames
        let items = frames.compactMap { $0.failure?.unreachable }.first ?? []
        #expect(
            items.filter { $0.destination != node(5) } == [
                .init(node(8), sequence: 21), .init(node(9), sequence: 11),
            ])
        #expect(bench.engine.nextHop(to: node(7)) == node(6))
    }

    @Test func p15ErrorsGoToPrecursorsAndKeepTheNumber() {
        var bench = informed()
        bench.give(received(request(9, from: 2), from: 2))
        let error = AODVMessage.error(.init(unreachable: [.init(node(9), sequence: 50)]))
        // Not from the next hop: it does not concern us.
        #expect(bench.give(received(error, from: 6)).frames.isEmpty)
        let frames = bench.give(received(error, from: 5)).frames
        #expect(frames.map(\.receiver) == [node(2)])
        #expect(frames.first?.failure?.unreachable == [.init(node(9), sequence: 50)])
        // Without a precursor nobody is told.
        var lonely = informed()
        #expect(lonely.give(received(error, from: 5)).frames.isEmpty)
        #expect(lonely.engine.nextHop(to: node(9)) == nil)
    }

    @Test func p16UnusedRoutesEndAndAreForgotten() {
        var settings = AODVSettings()
        settings.usesHellos = false
        var bench = bench(settings)
        bench.give(unicast(reply(9, to: 1, sequence: 10, lifetime: 3000), from: 5))
        bench.wait(.milliseconds(2_000))
        // Use lengthens the life by three seconds.
        #expect(bench.send(node(9)).frames.first?.receiver == node(5))
        bench.wait(.milliseconds(2_900))
        #expect(bench.engine.nextHop(to: node(9)) == node(5))
        bench.wait(.milliseconds(200))
        #expect(bench.engine.nextHop(to: node(9)) == nil)
        #expect(bench.engine.route(to: node(9))?.sequence == 11)
        bench.wait(.milliseconds(14_800))
        #expect(bench.engine.route(to: node(9)) != nil)
        bench.wait(.milliseconds(300))
        #expect(bench.engine.route(to: node(9)) == nil)
    }

    @Test func p17HellosOnlyOnActiveRoutes() {
        var idle = bench()
        #expect(idle.wait(.seconds(5)).isEmpty)
        var bench = informed()
        bench.give(hello(5))
        bench.send(node(9))
        let log = bench.wait(.seconds(2))
        let hellos = log.frames.compactMap(\.frame.reply)
        #expect(hellos.count == 1)
        #expect(hellos.allSatisfy { $0.destination == node(1) && $0.hopCount == 0 })
        #expect(hellos.allSatisfy { $0.lifetimeMilliseconds == 2000 })
        #expect(log.frames.allSatisfy { $0.frame.datagram.ttl == 1 })
        // Two seconds of silence, and the neighbour is lost.
        #expect(log.contains { $0.output == .withdraw(node(9)) && $0.time == milliseconds(2000) })
    }

    @Test func p18RepliesAreAcknowledgedOrTheNeighbourShunned() {
        var settings = AODVSettings()
        settings.acknowledgesReplies = true
        settings.usesHellos = false
        var bench = bench(settings)
        let frames = bench.give(received(request(1, from: 2), from: 3)).frames
        #expect(frames.first?.reply?.wantsAcknowledgement == true)
        bench.wait(.milliseconds(49))
        #expect(!bench.engine.isBlacklisted(node(3), at: bench.now))
        bench.wait(.milliseconds(2))
        #expect(bench.engine.isBlacklisted(node(3), at: bench.now))
        let refused = bench.give(received(request(1, from: 2, id: 2), from: 3))
        #expect(refused.refusals == [.untrustedSender])
        bench.wait(.milliseconds(5_600))
        #expect(
            !bench.give(received(request(1, from: 2, id: 3, sequence: 9), from: 3)).frames.isEmpty)
        bench.give(unicast(.acknowledgement, from: 3))
        bench.wait(.milliseconds(60))
        #expect(!bench.engine.isBlacklisted(node(3), at: bench.now))
        // And we acknowledge when asked to.
        var wanted = AODVMessage.Reply(
            destination: node(9), destinationSequence: 1, originator: node(1),
            lifetimeMilliseconds: 100)
        wanted.wantsAcknowledgement = true
        let answer = bench.give(unicast(.reply(wanted), from: 4)).frames
        #expect(answer.first?.aodv == .acknowledgement)
        #expect(answer.first?.receiver == node(4))
    }
}
