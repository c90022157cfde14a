import KosCore
import Testing

/// The scan that relays forward by, held against the full parser.
@Suite struct PacketScanTests {
    private static func packet(_ random: inout SplitMix64) throws -> Packet {
        let names = [
            "alpha", "bravo", "z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH", "é\u{1F600}",
        ]
        func name() throws -> NodeID {
            try #require(NodeID(names[Int.random(in: 0..<names.count, using: &random)]))
        }
        var packet = Packet(
            id: PacketID(at: Timestamp(milliseconds: 1_795_337_400_412), using: &random),
            timestamp: Timestamp(milliseconds: 1_795_337_400_412), source: try name(),
            destination: try name().text,
            payload: .object([
                "route": .string("\"]}"), "ttl": .number(3), "n": .array([.null, .boolean(true)]),
            ]))
        packet.metadata.hops = Int.random(in: 0...20, using: &random)
        packet.metadata.ttl = Int.random(in: 1...32, using: &random)
        packet.metadata.priority = Int.random(in: 0...7, using: &random)
        packet.route = try (0..<Int.random(in: 0...5, using: &random)).map { _ in try name().text }
        return packet
    }

    /// The members in another order: the scan must not depend on ours.
    private static func shuffled(_ wire: [UInt8], _ random: inout SplitMix64) throws -> [UInt8] {
        let object = try JSONObject(parsing: wire.span)
        var shuffled = JSONObject()
        for member in object.members.shuffled(using: &random) {
            shuffled[member.name] = member.value
        }
        return Array(JSONValue.object(shuffled).text.utf8)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func findsWhatTheParserFinds(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var reader = JSONReader()
        for _ in 0..<50 {
            let packet = try PacketScanTests.packet(&random)
            let wire = try PacketScanTests.shuffled(packet.wire, &random)
            let scan = try PacketScan(wire.span, using: &reader)
            #expect(scan.id.string(in: wire.span) == packet.id)
            #expect(scan.source.string(in: wire.span) == packet.source.text)
            #expect(scan.destination.string(in: wire.span) == packet.destination)
            #expect(scan.hops == packet.metadata.hops)
            #expect(scan.ttl == packet.metadata.ttl)
            #expect(scan.priority == packet.metadata.priority)
            #expect(scan.routeCount == packet.route.count)
            #expect(scan.route(wire.span) == packet.route)
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func forwardingChangesThreeMembersAndNothingElse(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var reader = JSONReader()
        for _ in 0..<50 {
            let packet = try PacketScanTests.packet(&random)
            let wire = try PacketScanTests.shuffled(packet.wire, &random)
            let scan = try PacketScan(wire.span, using: &reader)
            let isPlanned = Bool.random(using: &random)
            var line: [UInt8] = []
            scan.forward(
                wire.span, appending: isPlanned ? nil : Array("\"relay\"".utf8), into: &line)
            #expect(line.last == 0x0A)
            line.removeLast()
            var expected = packet
            expected.metadata.hops += 1
            expected.metadata.ttl -= 1
            if !isPlanned { expected.route.append("relay") }
            #expect(try Packet(RecordFields(parsing: line.span)) == expected)
        }
    }

    /// Whatever the octets, the scan does not trap, and accepts nothing that the parser refuses.
    @Test(arguments: 0..<40 as Range<UInt64>)
    func agreesWithTheParserOnDamagedText(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var reader = JSONReader()
        for _ in 0..<100 {
            var wire = try PacketScanTests.packet(&random).wire
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<wire.count, using: &random)
                switch Int.random(in: 0...3, using: &random) {
                case 0: wire[place] = UInt8.random(in: 0...255, using: &random)
                case 1: wire.remove(at: place)
                case 2: wire.insert(UInt8.random(in: 0x20...0x7E, using: &random), at: place)
                default: wire.removeSubrange(place...)
                }
                if wire.isEmpty { break }
            }
            guard let scan = try? PacketScan(wire.span, using: &reader) else { continue }
            let object = try JSONObject(parsing: wire.span)
            #expect(object["id"]?.string == scan.id.string(in: wire.span))
            #expect(object["metadata"]?.object?["ttl"]?.integer == scan.ttl)
            #expect(object["metadata"]?.object?["hops"]?.integer == scan.hops)
            #expect(object["destination"]?.string == scan.destination.string(in: wire.span))
        }
    }
}
