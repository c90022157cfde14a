import KosCore
import KosSimulation
import Testing

@Suite struct RadioLinksTests {
    private static let start = Instant(nanoseconds: 1)

    private static func linkState(of node: NodeID, to neighbours: [NodeID]) -> [UInt8] {
        var random = SplitMix64(seed: 3)
        let time = Timestamp(milliseconds: 1_800_000_000_000)
        let links = neighbours.map { JSONValue.object(["destination": .string($0.text)]) }
        var packet = Packet(
            id: PacketID(at: time, using: &random), timestamp: time, source: node,
            destination: Packet.broadcast,
            payload: .object([
                "kind": .string(Packet.Control.linkState.rawValue), "links": .array(links),
            ]))
        packet.metadata.type = Packet.Kind.routing
        return packet.wire + [0x0A]
    }

    /// When the links are told after `lines` were handed in at the start.
    private static func told(_ lines: [[UInt8]], own: NodeID) throws -> [Duration] {
        var radio = RadioLinks(
            own: own, endpoint: try #require(Endpoint("lora:sim:1")),
            modulation: try LoRaModulation(), duty: 0.1, seed: 1, at: start)
        var outputs: [RadioLinks.Output] = []
        radio.handle(.up, at: start, into: &outputs)
        for line in lines { radio.handle(.line(0, line), at: start, into: &outputs) }
        var times: [Duration] = []
        while let due = radio.nextDeadline, due - start < .seconds(3600) {
            outputs = []
            radio.advance(to: due, into: &outputs)
            for case .send in outputs { times.append(due - start) }
        }
        return times
    }

    /// One loss, or a key that comes a moment later, must not cost half an hour of being unknown;
    /// and what stays the same is not said without end.
    @Test func newsOfLinksIsSaidTwice() throws {
        let own = try #require(SimulatedKeys(number: 1, seed: 1)).node
        let other = try #require(SimulatedKeys(number: 2, seed: 1)).node
        let line = RadioLinksTests.linkState(of: own, to: [other])
        let times = try RadioLinksTests.told([line], own: own)
        try #require(times.count == 2)
        #expect(times[0] < .seconds(10) && times[1] > times[0] && times[1] < .seconds(40))
        // Handed in anew before anything was said, it is still the same news.
        #expect(try RadioLinksTests.told([line, line], own: own).count == 2)
    }
}
