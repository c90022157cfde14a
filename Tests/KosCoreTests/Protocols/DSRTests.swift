import KosCore
import Testing

/// The conformance points of DSR, in the order of the facts page; the section is RFC 4728's.
@Suite struct DSRTests {
    private func bench(_ settings: DSRSettings = DSRSettings()) -> Workbench<DSR> {
        Workbench(DSR(address: node(1), settings: settings, seed: 1))
    }

    private func frame(
        _ options: [DSROption], from sender: Int, source: Int? = nil, to destination: RouterAddress,
        receiver: RouterAddress = node(1), ttl: UInt8 = 20, data: [UInt8]? = nil, id: UInt16 = 1
    ) -> HopFrame {
        let header = DSRHeader(
            nextHeader: data == nil ? DSRHeader.noNextHeader : DSR.dataHeader, options: options)
        return HopFrame(
            from: node(sender), to: receiver,
            Datagram(
                from: node(source ?? sender), to: destination, ttl: ttl, identification: id,
                content: .sourceRouted, payload: header.octets + (data ?? [])))
    }

    private func request(
        _ target: Int, by initiator: Int, id: UInt16 = 1, route: [Int] = [], ttl: UInt8 = 20
    ) -> RoutingInput {
        let option = DSROption.request(
            .init(id: id, target: node(target), route: route.map(node)))
        return .received(
            frame(
                [option], from: route.last ?? initiator, source: initiator, to: .broadcast,
                receiver: .broadcast, ttl: ttl))
    }

    /// A reply that gives `route` to this node.
    private func reply(_ route: [Int], from sender: Int) -> RoutingInput {
        .received(
            frame(
                [.reply(.init(route: route.map(node)))], from: sender,
                source: route.last ?? sender, to: node(1)))
    }

    private func data(
        along route: [Int], left: UInt8, from sender: Int, source: Int, to destination: Int,
        receiver: RouterAddress = node(1), salvage: UInt8 = 0
    ) -> HopFrame {
        let option = DSROption.sourceRoute(
            .init(route: route.map(node), segmentsLeft: left, salvage: salvage))
        return frame(
            [option], from: sender, source: source, to: node(destination), receiver: receiver,
            data: [7, 7, 7])
    }

    private func request(_ frame: HopFrame) -> DSROption.Request? {
        for case .request(let request) in frame.dsr?.options ?? [] { return request }
        return nil
    }

    private func reply(_ frame: HopFrame) -> DSROption.Reply? {
        for case .reply(let reply) in frame.dsr?.options ?? [] { return reply }
        return nil
    }

    private func source(_ frame: HopFrame) -> DSROption.SourceRoute? {
        for case .sourceRoute(let route) in frame.dsr?.options ?? [] { return route }
        return nil
    }

    private func failure(_ frame: HopFrame) -> DSROption.Failure? {
        for case .error(let failure) in frame.dsr?.options ?? [] { return failure }
        return nil
    }

    @Test func p01Lengths() {
        func length(_ option: DSROption) -> UInt8 { DSRHeader(options: [option]).octets[5] }
        let three = [node(2), node(3), node(4)]
        #expect(length(.request(.init(id: 1, target: node(9), route: three))) == 6 + 12)
        #expect(length(.reply(.init(route: three))) == 1 + 12)
        let unreachable = DSROption.Failure(
            .nodeUnreachable(node(3)), source: node(1), destination: node(2))
        #expect(length(.error(unreachable)) == 14)
        let unsupported = DSROption.Failure(
            .optionNotSupported(3), source: node(1), destination: node(2))
        #expect(length(.error(unsupported)) == 11)
        #expect(length(.sourceRoute(.init(route: three))) == 2 + 12)
        #expect(length(.acknowledgementRequest(id: 1)) == 2)
        let acknowledgement = DSROption.Acknowledgement(
            id: 1, source: node(1), destination: node(2))
        #expect(length(.acknowledgement(acknowledgement)) == 10)
    }

    @Test func p02HeaderIsPaddedInFrontOfData() {
        for count in 0..<4 {
            let route = DSROption.reply(.init(route: (0...count).map(node)))
            let header = DSRHeader(nextHeader: 17, options: [route])
            #expect(header.octets.count % 4 == 0)
            var length = 0
            let read = try? DSRHeader((header.octets + [1, 2, 3]).span, length: &length)
            #expect(read == header)
            #expect(length == header.octets.count)
        }
    }

    @Test func p04InitiatorIsNotInItsRequest() {
        var bench = bench()
        let frames = bench.send(node(9)).frames
        #expect(frames.compactMap(request).map(\.route) == [[]])
        #expect(frames.first?.datagram.destination == .broadcast)
        let onward = bench.give(request(9, by: 2))
        #expect(onward.isEmpty)
        let passed = bench.wait(.milliseconds(10)).frames.map(\.frame)
        #expect(passed.compactMap(request).map(\.route) == [[node(1)]])
    }

    @Test func p05OwnAddressInTheListIsDropped() {
        var bench = bench()
        bench.give(request(9, by: 2, route: [1, 3]))
        #expect(bench.wait(.seconds(1)).isEmpty)
    }

    @Test func p06SameIDForAnotherTargetIsNew() {
        var bench = bench()
        bench.give(request(9, by: 2, id: 5))
        bench.give(request(9, by: 2, id: 5, route: [4]))
        bench.give(request(8, by: 2, id: 5))
        let targets = bench.wait(.milliseconds(20)).frames.compactMap { request($0.frame)?.target }
        #expect(targets.sorted() == [node(8), node(9)])
    }

    @Test func p07OneRequestInAHeader() {
        var bench = bench()
        let option = DSROption.request(.init(id: 1, target: node(9)))
        let outputs = bench.give(
            .received(frame([option, option], from: 2, to: .broadcast, receiver: .broadcast)))
        #expect(outputs.refusals == [.badField])
    }

    @Test func p08CachedReplyNeverRepeatsANode() {
        var bench = bench()
        bench.give(reply([3, 4, 9], from: 3))
        // By way of 4: our route to 9 leads over 4 again.
        bench.give(request(9, by: 2, id: 1, route: [4]))
        let refused = bench.wait(.milliseconds(50)).frames.map(\.frame)
        #expect(refused.compactMap(reply).isEmpty)
        #expect(refused.compactMap(request).map(\.route) == [[node(4), node(1)]])
        var other = self.bench()
        other.give(reply([3, 4, 9], from: 3))
        other.give(request(9, by: 2, id: 1, route: [6]))
        let given = other.wait(.milliseconds(50)).frames.map(\.frame)
        #expect(given.compactMap(reply).map(\.route) == [[6, 1, 3, 4, 9].map(node)])
        // And no rebroadcast with it.
        #expect(given.compactMap(request).isEmpty)
    }

    @Test func p09RepliesEndWithTheTarget() {
        var bench = bench()
        let frames = bench.give(request(1, by: 2, route: [3, 4])).frames
        #expect(frames.compactMap(reply).map(\.route) == [[3, 4, 1].map(node)])
        // Back over the reversed way.
        #expect(frames.first?.receiver == node(4))
        #expect(frames.compactMap(source).first?.route == [node(4), node(3)])
    }

    @Test func p10SegmentsLeftCountDown() {
        var bench = bench()
        bench.give(reply([2, 3, 4, 9], from: 2))
        let first = bench.send(node(9)).frames
        #expect(first.compactMap(source).first?.route == [2, 3, 4].map(node))
        #expect(first.compactMap(source).first?.segmentsLeft == 2)
        let middle = bench.give(
            .received(data(along: [1, 3, 4], left: 2, from: 2, source: 2, to: 9))
        ).frames
        #expect(middle.first?.receiver == node(3))
        #expect(middle.compactMap(source).first?.segmentsLeft == 1)
        let last = bench.give(
            .received(data(along: [3, 4, 1], left: 0, from: 4, source: 2, to: 9))
        ).frames
        #expect(last.first?.receiver == node(9))
        #expect(last.compactMap(source).isEmpty)
        for (left, place) in [(4, 0), (3, 0), (63, 0), (0, 0)] as [(UInt8, Int)] {
            let wrong = data(along: [1, 3, 4], left: left, from: 2 + place, source: 2, to: 9)
            #expect(bench.give(.received(wrong)).drops == [.badSourceRoute])
        }
    }

    @Test func p11OneHopNeedsNoOption() {
        var bench = bench()
        bench.give(reply([9], from: 9))
        let frames = bench.send(node(9)).frames
        #expect(frames.map(\.datagram.content) == [.data])
        #expect(frames.first?.receiver == node(9))
    }

    @Test func p12ErrorNamesTheBrokenLinkToTheSource() {
        var bench = bench()
        let incoming = data(along: [3, 1, 4], left: 1, from: 3, source: 2, to: 9)
        let onward = bench.give(.received(incoming)).frames
        #expect(onward.first?.receiver == node(4))
        let frames = bench.give(.undelivered(onward[0])).frames
        let error = frames.compactMap(failure).first
        #expect(error?.reason == .nodeUnreachable(node(4)))
        #expect(error?.source == node(1))
        #expect(error?.destination == node(2))
        #expect(frames.first?.receiver == node(3))
        #expect(frames.first?.datagram.destination == node(2))
    }

    @Test func p13EveryNodeOnTheWayForgetsTheLink() {
        var bench = bench()
        bench.give(reply([2, 3, 9], from: 2))
        #expect(bench.engine.path(to: node(9), at: bench.now) == [2, 3, 9].map(node))
        let error = DSROption.error(
            .init(.nodeUnreachable(node(9)), source: node(3), destination: node(5)))
        let route = DSROption.sourceRoute(.init(route: [node(2), node(1)], segmentsLeft: 0))
        let frames = bench.give(
            .received(frame([error, route], from: 2, source: 3, to: node(5)))
        ).frames
        #expect(frames.first?.receiver == node(5))
        #expect(frames.compactMap(failure).count == 1)
        #expect(bench.engine.path(to: node(9), at: bench.now) == nil)
    }

    @Test func p14SalvagingCountsAndEnds() {
        func attempt(_ salvage: UInt8) -> [RoutingOutput] {
            var bench = bench()
            bench.give(reply([6, 7, 9], from: 6))
            let onward = bench.give(
                .received(
                    data(along: [3, 1, 4], left: 1, from: 3, source: 2, to: 9, salvage: salvage))
            ).frames
            return bench.give(.undelivered(onward[0]))
        }
        let saved = attempt(2).frames
        let route = saved.compactMap(source).first { $0.salvage > 0 }
        #expect(route?.salvage == 3)
        #expect(route?.route.first == node(1))
        // A salvaged packet's error goes to the first address, not to the source.
        #expect(saved.compactMap(failure).first?.destination == node(3))
        #expect(saved.compactMap(failure).first?.salvage == 2)
        #expect(attempt(15).drops == [.linkBroken])
        #expect(attempt(14).frames.compactMap(source).contains { $0.salvage == 15 })
    }

    @Test func p15UnknownOptionsAreTreatedAsTheirTypeSays() {
        func give(_ type: UInt8) -> [RoutingOutput] {
            var bench = bench()
            let route = DSROption.sourceRoute(.init(route: [node(1)], segmentsLeft: 0))
            return bench.give(
                .received(
                    frame(
                        [.unknown(type: type, [1]), route], from: 2, to: node(9), data: [1])))
        }
        func keeps(_ outputs: [RoutingOutput]) -> Bool {
            outputs.frames.contains {
                $0.receiver == node(9)
                    && ($0.dsr?.options.contains { if case .unknown = $0 { true } else { false } }
                        ?? false)
            }
        }
        #expect(keeps(give(0b0001_0000)))
        #expect(!keeps(give(0b0011_0000)))
        #expect(give(0b0011_0000).frames.count == 1)
        #expect(keeps(give(0b0101_0000)))
        #expect(give(0b0111_0000).frames.isEmpty)
        // With the top bit the sender is told.
        let errors = give(0b1001_0000).frames.compactMap(failure)
        #expect(errors.map(\.reason) == [.optionNotSupported(0b1001_0000)])
    }

    @Test func p16and17RequestsStartNearAndBackOff() {
        var bench = bench()
        var log = bench.send(node(9)).frames.map { (time: bench.now, frame: $0) }
        log += bench.wait(.milliseconds(29_000)).frames
        let times = log.map(\.time)
        #expect(log.map(\.frame.datagram.ttl) == [1, 255, 255, 255, 255, 255, 255, 255])
        #expect(times == [0, 30, 530, 1530, 3530, 7530, 15530, 25530].map(milliseconds))
    }

    @Test func p18DatagramsWaitThirtySeconds() {
        var bench = bench()
        bench.send(node(9))
        let log = bench.wait(.seconds(31))
        let drop = log.first { if case .dropped = $0.output { true } else { false } }
        #expect(drop?.time == milliseconds(30_000))
        #expect(log.map(\.output).drops == [.bufferTimeout])
    }

    @Test func p19RequestTableForgetsTheLeastRecent() {
        var table = DSRRequestTable(capacity: 64, each: 16)
        func isNew(_ id: UInt16, by initiator: Int) -> Bool {
            table.insert(id, for: node(9), by: RouterAddress(UInt32(initiator)))
        }
        for initiator in 0..<64 { #expect(isNew(1, by: initiator)) }
        // The first is heard again, so the second is the one to go.
        #expect(!isNew(1, by: 0))
        #expect(isNew(1, by: 1000))
        #expect(table.count == 64)
        #expect(isNew(1, by: 1))
        #expect(!isNew(1, by: 0))
        for id in 2...17 as ClosedRange<UInt16> { #expect(isNew(id, by: 0)) }
        #expect(isNew(1, by: 0))
    }

    @Test func p20TwoRoutesMakeAThird() {
        var bench = bench()
        bench.give(reply([2, 3, 4], from: 2))
        bench.give(reply([5, 3, 9], from: 5))
        bench.give(.undelivered(frame([], from: 1, to: node(9), receiver: node(5))))
        #expect(bench.engine.path(to: node(9), at: bench.now) == [2, 3, 9].map(node))
    }

    @Test func p21ShorteningOnceASecond() {
        var bench = bench()
        // 2 sends to 3, which should pass on to us: 3 is not needed.
        let heard = data(
            along: [3, 1, 4], left: 2, from: 2, source: 2, to: 9, receiver: node(3))
        let frames = bench.give(.overheard(heard)).frames
        #expect(frames.compactMap(reply).map(\.route) == [[1, 4, 9].map(node)])
        #expect(frames.first?.datagram.destination == node(2))
        #expect(bench.give(.overheard(heard)).frames.isEmpty)
        bench.wait(.milliseconds(1_001))
        #expect(bench.give(.overheard(heard)).frames.count == 1)
    }

    @Test func p22LinksAreForgottenAfterFiveMinutes() {
        var bench = bench()
        bench.give(reply([2, 9], from: 2))
        bench.wait(.milliseconds(299_900))
        #expect(bench.engine.path(to: node(9), at: bench.now) != nil)
        bench.wait(.milliseconds(200))
        #expect(bench.engine.path(to: node(9), at: bench.now) == nil)
    }

    @Test func hopsAreConfirmedByTheNetworkWhereTheLinkDoesNot() {
        var settings = DSRSettings()
        settings.confirmation = .network
        var bench = bench(settings)
        bench.give(reply([2, 9], from: 2))
        let first = bench.send(node(9)).frames
        #expect(first.count == 1)
        // Nobody is heard to pass it on: the same again, now asking, three times in all.
        let log = bench.wait(.seconds(3))
        let asking = log.frames.filter {
            $0.frame.dsr?.options.contains {
                if case .acknowledgementRequest = $0 { true } else { false }
            } ?? false
        }
        #expect(asking.count == 3)
        #expect(bench.engine.path(to: node(9), at: bench.now) == nil)
        // With an acknowledgement the link stays.
        var heard = self.bench(settings)
        heard.give(reply([2, 9], from: 2))
        heard.send(node(9))
        let next = heard.wait(.milliseconds(150)).frames
        var id: UInt16 = 0
        for case .acknowledgementRequest(let asked) in next.first?.frame.dsr?.options ?? [] {
            id = asked
        }
        let option = DSROption.acknowledgement(.init(id: id, source: node(2), destination: node(1)))
        heard.give(.received(frame([option], from: 2, to: node(1))))
        #expect(heard.wait(.seconds(3)).frames.isEmpty)
        #expect(heard.engine.path(to: node(9), at: heard.now) != nil)
        // And we acknowledge when asked to.
        let asked = frame([.acknowledgementRequest(id: 77)], from: 4, to: node(1), data: [1])
        let answer = heard.give(.received(asked)).frames
        #expect(
            answer.first?.dsr?.options == [
                .acknowledgement(.init(id: 77, source: node(1), destination: node(4)))
            ])
    }

    @Test func overheardForwardingConfirms() {
        var settings = DSRSettings()
        settings.confirmation = .network
        var bench = bench(settings)
        bench.give(reply([2, 9], from: 2))
        let sent = bench.send(node(9), id: 5).frames
        var passed = sent[0]
        passed.sender = node(2)
        passed.receiver = node(9)
        bench.give(.overheard(passed))
        #expect(bench.wait(.seconds(3)).frames.isEmpty)
    }

    @Test func cacheIsBounded() {
        var settings = DSRSettings()
        settings.cacheCapacity = 300
        var cache = DSRCache(settings: settings)
        var dice = SplitMix64(seed: 3)
        for _ in 0..<5_000 {
            cache.learn(
                (0..<8).map { _ in RouterAddress(UInt32(truncatingIfNeeded: dice.next())) },
                at: .zero)
        }
        #expect(cache.count <= 300)
    }
}
