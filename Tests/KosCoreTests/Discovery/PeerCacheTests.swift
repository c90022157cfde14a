import KosCore
import Testing

@Suite struct PeerCacheTests {
    static let now = Timestamp(milliseconds: 1_800_000_000_000)

    func peer(_ name: String, seen ago: Duration, port: Int = 1) throws -> PeerRecord {
        let node = try #require(NodeID(name))
        return PeerRecord(
            nodeId: node,
            addresses: [PeerAddress(type: .tcp, address: "192.0.2.1", port: port)],
            capabilities: [],
            metadata: PeerRecord.Metadata(
                discoveryMethod: .static, lastSeen: PeerCacheTests.now + ago * -1))
    }

    @Test func thereAndBackNewestFirst() throws {
        var cache = PeerCache()
        for (index, name) in ["c", "a", "b"].enumerated() {
            cache.note(try peer(name, seen: .seconds(index)), at: PeerCacheTests.now)
        }
        let again = PeerCache(cache.octets, at: PeerCacheTests.now)
        #expect(again.records.map(\.nodeId.text) == ["c", "a", "b"])
        #expect(again.octets == cache.octets)
    }

    @Test func itIsBoundedAndForgets() throws {
        var cache = PeerCache()
        for index in 0..<1000 {
            cache.note(try peer("n\(index)", seen: .seconds(1000 - index)), at: PeerCacheTests.now)
        }
        #expect(cache.count == PeerCache.maxPeers)
        #expect(cache.records.first?.nodeId.text == "n999")
        let later = PeerCacheTests.now + PeerCache.maxAge
        #expect(PeerCache(cache.octets, at: later).count == 0)
    }

    /// What left, what is older, and noise change nothing.
    @Test func onlyNewsIsTaken() throws {
        var cache = PeerCache()
        cache.note(try peer("a", seen: .seconds(5), port: 5), at: PeerCacheTests.now)
        cache.note(try peer("a", seen: .seconds(9), port: 9), at: PeerCacheTests.now)
        var gone = try peer("a", seen: .zero, port: 1)
        gone.event = .left
        cache.note(gone, at: PeerCacheTests.now)
        #expect(cache.records.map { $0.addresses[0].port } == [5])
        let noise = Array("{}\n{\"type\":\"peer\"}\nnothing\n".utf8)
        #expect(PeerCache(noise + cache.octets, at: PeerCacheTests.now).count == 1)
    }

    /// Only nodes with a key are asked, at one stream address each.
    @Test func endpointsToAsk() throws {
        var cache = PeerCache()
        cache.note(try peer("a", seen: .zero), at: PeerCacheTests.now)
        let node = TestKeys(1).node.text
        cache.note(try peer(node, seen: .zero, port: 47470), at: PeerCacheTests.now)
        #expect(cache.endpoints(limit: 8).map(\.description) == ["tcp://192.0.2.1:47470"])
        #expect(cache.endpoints(limit: 0).isEmpty)
    }
}
