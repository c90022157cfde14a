import KosCore
import Testing

/// The link cache against a search that looks at every link anew.
@Suite struct DSRCacheTests {
    /// Distances over the links that hold, breadth first.
    private static func distance(
        _ links: [RouterAddress: [RouterAddress: Instant]], from source: RouterAddress,
        to target: RouterAddress, at now: Instant
    ) -> Int? {
        var distance = [source: 0]
        var waiting = [source]
        var next = 0
        while next < waiting.count {
            let at = waiting[next]
            next += 1
            for (to, until) in links[at] ?? [:] where until > now && distance[to] == nil {
                distance[to] = (distance[at] ?? 0) + 1
                waiting.append(to)
            }
        }
        return source == target ? nil : distance[target]
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>) func waysAreTheShortest(seed: UInt64) {
        var dice = SplitMix64(seed: seed)
        var settings = DSRSettings()
        settings.routeCacheTimeout = .seconds(30)
        var cache = DSRCache(settings: settings)
        var links: [RouterAddress: [RouterAddress: Instant]] = [:]
        var now = Instant.zero
        var found = 0
        for step in 0..<2_000 {
            now = now + .milliseconds(Int64.random(in: 0...60, using: &dice))
            let first = node(Int.random(in: 1...40, using: &dice))
            let second = node(Int.random(in: 1...40, using: &dice))
            guard first != second else { continue }
            if Int.random(in: 0..<4, using: &dice) == 0 {
                cache.remove(first, second)
                links[first]?[second] = nil
            } else {
                cache.learn([first, second], at: now)
                links[first, default: [:]][second] = now + .seconds(30)
                links[second, default: [:]][first] = now + .seconds(30)
            }
            let target = node(Int.random(in: 1...40, using: &dice))
            let source = step % 50 == 0 ? node(2) : node(1)
            let path = cache.path(from: source, to: target, at: now)
            let expected = Self.distance(links, from: source, to: target, at: now)
            #expect(path?.count == expected, "seed \(seed), step \(step)")
            var at = source
            for hop in path ?? [] {
                #expect((links[at]?[hop]).map { $0 > now } ?? false, "seed \(seed), step \(step)")
                at = hop
            }
            if let path {
                found += 1
                #expect(path.last == target)
            }
        }
        #expect(found > 500)
    }

    /// What a full cache cannot take it takes once the time of the old is over.
    @Test func aFullCacheMakesRoom() {
        var settings = DSRSettings()
        settings.cacheCapacity = 100
        settings.routeCacheTimeout = .seconds(10)
        var cache = DSRCache(settings: settings)
        for number in 0..<200 {
            cache.learn([node(1), RouterAddress(10, 1, 0, UInt8(number))], at: .zero)
        }
        #expect(cache.count == 100)
        let late = Instant.zero + .seconds(11)
        cache.learn([node(1), node(9)], at: late)
        #expect(cache.count == 2)
        #expect(cache.path(from: node(1), to: node(9), at: late) == [node(9)])
        let old = cache.path(from: node(1), to: RouterAddress(10, 1, 0, 3), at: late)
        #expect(old == nil)
    }
}
