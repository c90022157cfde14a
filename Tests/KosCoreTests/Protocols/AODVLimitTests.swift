import KosCore
import Testing

/// Rates, repair, restarts and storms.
extension AODVTests {
    @Test func p19TheEleventhRequestInASecondWaits() {
        var bench = bench()
        var sent = 0
        for target in 20..<31 { sent += bench.send(node(target)).frames.count }
        #expect(sent == 10)
        bench.wait(.milliseconds(999))
        let log = bench.wait(.milliseconds(1)).frames
        #expect(log.contains { $0.frame.request?.destination == node(30) })
        let times = bench.wait(.seconds(30)).frames.filter { $0.frame.request != nil }.map(\.time)
        for (index, time) in times.enumerated() where index >= 10 {
            #expect(time - times[index - 10] >= .seconds(1))
        }
    }

    @Test func p20LocalRepair() {
        var bench = informed()
        // Node 2, three hops away, uses our route to 9.
        bench.give(received(request(9, from: 2, hops: 2), from: 3))
        let data = bench.data(from: node(2), to: node(9))
        let onward = bench.give(.received(HopFrame(from: node(3), to: node(1), data))).frames
        #expect(onward.map(\.receiver) == [node(5)])
        #expect(onward.first?.datagram.ttl == 63)
        let frames = bench.give(.undelivered(onward[0])).frames
        let search = frames.first { $0.request != nil }
        // max(hops to the destination = 2, 0.5 × 3 hops to the source) + 2.
        #expect(search?.datagram.ttl == 4)
        #expect(search?.request?.destinationSequence == 11)
        #expect(
            !frames.contains {
                $0.failure?.unreachable.contains { $0.destination == node(9) } ?? false
            })
        // A longer way is found: the datagram goes, upstream hears of it with N.
        let found = bench.give(unicast(reply(9, to: 1, sequence: 12, hops: 4), from: 6)).frames
        #expect(found.contains { $0.receiver == node(6) && $0.datagram.content == .data })
        let news = found.first { $0.failure != nil }
        #expect(news?.failure?.keepsRoutes == true)
        #expect(news?.receiver == node(3))
        // N does not delete the route at the one that hears it.
        var upstream = informed()
        let note = AODVMessage.error(
            .init(unreachable: [.init(node(9), sequence: 12)], keepsRoutes: true))
        upstream.give(unicast(note, from: 5))
        #expect(upstream.engine.nextHop(to: node(9)) == node(5))
    }

    @Test func p20bRepairThatFailsIsReported() {
        var bench = informed()
        bench.give(received(request(9, from: 2), from: 2))
        let data = bench.data(from: node(2), to: node(9))
        let onward = bench.give(.received(HopFrame(from: node(2), to: node(1), data))).frames
        bench.give(.undelivered(onward[0]))
        let log = bench.wait(.milliseconds(2_900))
        #expect(log.map(\.output).drops == [.noRoute])
        let news = log.frames.compactMap(\.frame.failure).first {
            $0.unreachable.first?.destination == node(9)
        }
        #expect(news?.keepsRoutes == false)
    }

    @Test func p22AfterARebootNothingIsAskedOrPassedOn() {
        var settings = AODVSettings()
        settings.waitsAfterReboot = true
        settings.usesHellos = false
        var bench = bench(settings)
        #expect(bench.send(node(9)).frames.isEmpty)
        #expect(bench.give(received(request(9, from: 2), from: 2)).frames.isEmpty)
        #expect(bench.engine.nextHop(to: node(2)) == node(2))
        bench.wait(.seconds(10))
        // Data through us is answered with an error, and the wait begins anew.
        let data = bench.data(from: node(2), to: node(8))
        let frames = bench.give(.received(HopFrame(from: node(2), to: node(1), data))).frames
        #expect(frames.first?.failure?.unreachable.first?.destination == node(8))
        let log = bench.wait(.milliseconds(20_001)).frames.filter { $0.frame.request != nil }
        #expect(log.first?.time == milliseconds(25_000))
    }

    @Test func dataWithoutARouteIsAnsweredWithAnError() {
        var bench = bench()
        let data = bench.data(from: node(2), to: node(9))
        let outputs = bench.give(.received(HopFrame(from: node(2), to: node(1), data)))
        #expect(outputs.drops == [.noRoute])
        #expect(outputs.frames.first?.receiver == node(2))
        let dying = Datagram(from: node(2), to: node(9), ttl: 1, payload: [])
        #expect(
            bench.give(.received(HopFrame(from: node(2), to: node(1), dying))).drops == [
                .ttlExceeded
            ])
    }

    @Test func datagramsWaitInOrder() {
        var bench = bench()
        for id in 1...3 as ClosedRange<UInt16> { bench.send(node(9), id: id) }
        let frames = bench.give(unicast(reply(9, to: 1, sequence: 3), from: 5)).frames
        #expect(frames.map(\.datagram.identification) == [1, 2, 3])
    }

    @Test func ownMessagesAreNotHeeded() {
        var bench = bench()
        #expect(bench.give(received(request(9, from: 1), from: 3)).frames.isEmpty)
        #expect(bench.give(received(request(9, from: 2), from: 1)).frames.isEmpty)
        #expect(bench.engine.nextHop(to: node(1)) == nil)
    }

    @Test func tablesAndRatesHoldInAStorm() {
        var settings = AODVSettings()
        settings.routeCapacity = 500
        var bench = bench(settings)
        var dice = SplitMix64(seed: 4)
        var sent = 0
        for number in 0..<20_000 {
            let originator = RouterAddress(UInt32(truncatingIfNeeded: dice.next()))
            let message = AODVMessage.Request(
                id: UInt32(number), destination: node(9), destinationSequence: 0,
                originator: originator, originatorSequence: 1, flags: .unknownSequence)
            let outputs = bench.give(received(.request(message), from: 2 + number % 7))
            sent += outputs.frames.count
        }
        #expect(bench.engine.routeCount <= 500)
        // Passed on: no more than the bucket holds.
        #expect(sent <= 500)
    }
}
