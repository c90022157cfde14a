import KosCore
import Testing

private func anyAddress(_ dice: inout SplitMix64) -> RouterAddress {
    RouterAddress(UInt32(truncatingIfNeeded: dice.next()))
}

private func anyAddresses(_ most: Int, _ dice: inout SplitMix64) -> [RouterAddress] {
    (0..<Int.random(in: 0...most, using: &dice)).map { _ in anyAddress(&dice) }
}

private func anyAODV(_ dice: inout SplitMix64) -> AODVMessage {
    func word() -> UInt32 { UInt32(truncatingIfNeeded: dice.next()) }
    switch dice.next() % 4 {
    case 0:
        var request = AODVMessage.Request(
            id: word(), destination: anyAddress(&dice), destinationSequence: word(),
            originator: anyAddress(&dice), originatorSequence: word(),
            flags: .init(rawValue: UInt8(truncatingIfNeeded: dice.next()) & 0xF8))
        request.hopCount = UInt8(truncatingIfNeeded: dice.next())
        return .request(request)
    case 1:
        var reply = AODVMessage.Reply(
            destination: anyAddress(&dice), destinationSequence: word(),
            originator: anyAddress(&dice), hopCount: UInt8(truncatingIfNeeded: dice.next()),
            lifetimeMilliseconds: word())
        reply.isRepair = dice.next() & 1 == 0
        reply.wantsAcknowledgement = dice.next() & 1 == 0
        reply.prefixSize = UInt8(dice.next() % 32)
        if dice.next() & 1 == 0 {
            reply.extensions = [
                .init(type: AODVMessage.Extension.helloInterval, data: [0, 0, 3, 232])
            ]
        }
        return .reply(reply)
    case 2:
        let count = Int.random(in: 1...20, using: &dice)
        return .error(
            AODVMessage.Failure(
                unreachable: (0..<count).map { _ in
                    AODVMessage.Unreachable(anyAddress(&dice), sequence: word())
                }, keepsRoutes: dice.next() & 1 == 0))
    default: return .acknowledgement
    }
}

private func anyOLSR(_ dice: inout SplitMix64) -> OLSRPacket {
    let count = Int.random(in: 1...4, using: &dice)
    let messages = (0..<count).map { _ -> OLSRMessage in
        let body: OLSRMessage.Body
        switch dice.next() % 5 {
        case 0:
            let groups = (0..<Int.random(in: 0...3, using: &dice)).map { _ in
                OLSRMessage.LinkGroup(
                    .multipointRelay, .symmetric, anyAddresses(5, &dice))
            }
            body = .hello(
                .init(
                    interval: UInt8(truncatingIfNeeded: dice.next()),
                    willingness: UInt8(dice.next() % 8), links: groups))
        case 1:
            body = .topologyControl(
                .init(
                    sequence: UInt16(truncatingIfNeeded: dice.next()),
                    advertised: anyAddresses(9, &dice)))
        case 2: body = .interfaces(anyAddresses(4, &dice))
        case 3:
            body = .networks(
                anyAddresses(4, &dice).map { .init($0, mask: RouterAddress(0xFFFF_FF00)) })
        default: body = .unknown(type: 130, [1, 2, 3, 4, 5])
        }
        return OLSRMessage(
            validity: UInt8(truncatingIfNeeded: dice.next()), originator: anyAddress(&dice),
            ttl: UInt8(truncatingIfNeeded: dice.next()),
            hopCount: UInt8(truncatingIfNeeded: dice.next()),
            sequence: UInt16(truncatingIfNeeded: dice.next()), body: body)
    }
    return OLSRPacket(sequence: UInt16(truncatingIfNeeded: dice.next()), messages: messages)
}

private func anyDSR(_ dice: inout SplitMix64) -> DSRHeader {
    let count = Int.random(in: 0...4, using: &dice)
    let options = (0..<count).map { _ -> DSROption in
        let id = UInt16(truncatingIfNeeded: dice.next())
        switch dice.next() % 7 {
        case 0:
            return .request(
                .init(id: id, target: anyAddress(&dice), route: anyAddresses(8, &dice)))
        case 1: return .reply(.init(route: [anyAddress(&dice)] + anyAddresses(8, &dice)))
        case 2:
            let reasons: [DSROption.Failure.Reason] = [
                .nodeUnreachable(anyAddress(&dice)), .flowStateNotSupported,
                .optionNotSupported(99), .other(type: 7, [1, 2]),
            ]
            return .error(
                .init(
                    reasons[Int(dice.next() % 4)], salvage: UInt8(dice.next() % 16),
                    source: anyAddress(&dice), destination: anyAddress(&dice)))
        case 3: return .acknowledgementRequest(id: id)
        case 4:
            return .acknowledgement(
                .init(id: id, source: anyAddress(&dice), destination: anyAddress(&dice)))
        case 5:
            return .sourceRoute(
                .init(
                    route: anyAddresses(9, &dice), segmentsLeft: UInt8(dice.next() % 64),
                    salvage: UInt8(dice.next() % 16)))
        default: return .unknown(type: 77, [9, 8, 7])
        }
    }
    let isEmpty = dice.next() & 1 == 0
    return DSRHeader(nextHeader: isEmpty ? DSRHeader.noNextHeader : 17, options: options)
}

private func readDSR(_ octets: [UInt8]) throws(RoutingError) -> DSRHeader {
    var length = 0
    return try DSRHeader(octets.span, length: &length)
}

@Suite struct RoutingWireTests {
    @Test(arguments: 1...20 as ClosedRange<UInt64>) func everyMessageRoundTrips(seed: UInt64) throws
    {
        var dice = SplitMix64(seed: seed)
        for _ in 0..<200 {
            let aodv = anyAODV(&dice)
            #expect(try AODVMessage(aodv.octets.span) == aodv, "seed \(seed)")
            let olsr = anyOLSR(&dice)
            #expect(try OLSRPacket(olsr.octets.span) == olsr, "seed \(seed)")
            let dsr = anyDSR(&dice)
            #expect(try readDSR(dsr.octets) == dsr, "seed \(seed)")
        }
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func everyMessageCutAnywhereIsRefusedOrSmaller(seed: UInt64) {
        var dice = SplitMix64(seed: seed)
        for _ in 0..<50 {
            let aodv = anyAODV(&dice)
            for end in aodv.octets.indices {
                let cut = Array(aodv.octets[..<end])
                // Only a message whose extensions end just there is still whole.
                if let read = try? AODVMessage(cut.span) {
                    #expect(read != aodv && (end == 20 || end == 24), "seed \(seed) at \(end)")
                }
            }
            let olsr = anyOLSR(&dice)
            for end in olsr.octets.indices {
                let cut = Array(olsr.octets[..<end])
                #expect(throws: RoutingError.self, "seed \(seed) at \(end)") {
                    try OLSRPacket(cut.span)
                }
            }
            let dsr = anyDSR(&dice)
            for end in dsr.octets.indices {
                let cut = Array(dsr.octets[..<end])
                #expect(throws: RoutingError.self, "seed \(seed) at \(end)") { try readDSR(cut) }
            }
        }
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>) func anyOctetsAreReadOrRefused(seed: UInt64) {
        var dice = SplitMix64(seed: seed)
        var whole = 0
        for _ in 0..<2_000 {
            var octets = (0..<Int.random(in: 0...80, using: &dice)).map { _ in
                UInt8(truncatingIfNeeded: dice.next())
            }
            if !octets.isEmpty { octets[0] = UInt8(dice.next() % 6) }
            if (try? AODVMessage(octets.span)) != nil { whole += 1 }
            if (try? OLSRPacket(octets.span)) != nil { whole += 1 }
            if (try? readDSR(octets)) != nil { whole += 1 }
        }
        // Nothing stopped the program; a few were whole by chance.
        #expect(whole > 0, "seed \(seed)")
    }

    @Test func lengthsThatLieAreRefused() {
        var error = AODVMessage.error(.init(unreachable: [.init(node(1), sequence: 1)])).octets
        error[3] = 2
        #expect(throws: RoutingError.truncated) { try AODVMessage(error.span) }
        error[3] = 0
        #expect(throws: RoutingError.badField) { try AODVMessage(error.span) }
        var packet = OLSRPacket(
            sequence: 1,
            messages: [
                OLSRMessage(
                    validity: 1, originator: node(1), ttl: 1, sequence: 1,
                    body: .interfaces([node(2)]))
            ]
        ).octets
        packet[7] = 8
        #expect(throws: RoutingError.wrongLength) { try OLSRPacket(packet.span) }
        packet[7] = 200
        #expect(throws: RoutingError.wrongLength) { try OLSRPacket(packet.span) }
    }
}
