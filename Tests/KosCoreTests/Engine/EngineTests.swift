import KosCore
import Testing

/// The small parts of engines, against models that are too simple to be wrong.
struct EngineTests {
    @Test(arguments: 0..<100 as Range<UInt64>)
    func timers(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var timers = Timers<Int>()
        var model: [Int: (Instant, Int)] = [:]
        for step in 0..<400 {
            let key = Int.random(in: 0..<20, using: &random)
            let time = Instant(nanoseconds: Int64.random(in: 0..<50, using: &random))
            switch Int.random(in: 0..<4, using: &random) {
            case 0, 1:
                timers.set(key, at: time)
                model[key] = (time, step)
            case 2:
                timers.cancel(key)
                model[key] = nil
            default:
                let due = model.filter { $0.value.0 <= time }
                    .min { ($0.value.0, $0.value.1) < ($1.value.0, $1.value.1) }
                let popped = timers.popDue(at: time)
                #expect(popped == due?.key, "seed \(seed) step \(step)")
                if let due { model[due.key] = nil }
            }
            #expect(timers.next == model.values.map(\.0).min(), "seed \(seed) step \(step)")
            #expect(timers.count == model.count, "seed \(seed) step \(step)")
        }
    }

    @Test func seenCacheRemembersItsCapacityAndForgets() {
        var cache = SeenCache<Int>(capacity: 100, lifetime: .seconds(10), at: .zero)
        for key in 0..<1000 {
            let (first, second) = (cache.insert(key, at: .zero), cache.insert(key, at: .zero))
            #expect(first && !second)
            #expect((max(0, key - 99)...key).allSatisfy { cache.contains($0) })
        }
        #expect(!cache.contains(0))
        let later = Instant.zero + .seconds(30)
        let isNew = cache.insert(999, at: later)
        #expect(isNew)
    }

    @Test func tokenBucketNeverGivesMoreThanItsRate() {
        var bucket = TokenBucket(rate: 10, burst: 5, at: .zero)
        var given = 0
        for tick in 0..<1000 {
            let now = Instant(nanoseconds: Int64(tick) * 10_000_000)
            while bucket.take(at: now) { given += 1 }
        }
        // 5 at the start and 10 a second for 9.99 s, less a rounding.
        #expect((103...105).contains(given))
        let never = bucket.wait(for: 6, at: .zero)
        #expect(never == nil)
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func backoffDoublesWithinItsCap(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var backoff = Backoff(first: .milliseconds(200), cap: .seconds(30))
        var step = Duration.milliseconds(200)
        for _ in 0..<20 {
            let wait = backoff.next(using: &random)
            #expect(wait >= step / 2 && wait <= step, "seed \(seed)")
            step = min(.seconds(30), step * 2)
        }
        backoff.reset()
        let wait = backoff.next(using: &random)
        #expect(wait <= .milliseconds(200))
    }
}
