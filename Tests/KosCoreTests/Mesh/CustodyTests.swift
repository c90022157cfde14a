import KosCore
import Testing

/// A `Custody` as a reference, so that what changes it may stand in an expectation.
private final class CustodyBench {
    private var custody: Custody
    static let clock = Timestamp(milliseconds: 1_700_000_000_000)

    init(_ change: (inout Custody.Settings) -> Void = { _ in }) {
        var settings = Custody.Settings()
        change(&settings)
        custody = Custody(settings)
    }

    var count: Int { custody.count }
    var octets: Int { custody.octets }
    var nextDeadline: Instant? { custody.nextDeadline }
    func isDestination(_ node: String) -> Bool { custody.isDestination(node) }
    func keep(_ item: Custody.Item) -> Custody.Verdict {
        custody.keep(item, for: .init(back: []), at: .zero)
    }
    func take(_ answer: Custody.Answer) {
        custody.take(answer, at: .zero, clock: CustodyBench.clock)
    }
    func store(_ items: Custody.Item...) {
        for item in items {
            #expect(keep(item) == .kept)
            take(.stored([item.name]))
        }
    }
    func hand(isReachable: Bool = true, at now: Instant = .zero) -> [String] {
        custody.hand(to: "d", isReachable: isReachable, at: now).map(\.name.id)
    }
    func advance(to now: Instant) { custody.advance(to: now) }
    @discardableResult func release(_ id: String) -> Bool {
        custody.release(Custody.Name(id: id, source: "s"))
    }
    func takeRequests() -> [Custody.Request] { custody.takeRequests() }
    func takeStirred() -> [String] { custody.takeStirred() }
    /// Whether each packet of which its sender is to hear is stored.
    func takeWords() -> [Bool] { custody.takeWords().map(\.isStored) }
    func takeLosses() -> [String] {
        custody.takeLosses().map { "\($0.item.name.id) \($0.reason.rawValue)" }
    }
}

/// What is kept, for how long, what goes first, and when the next try is due.
@Suite struct CustodyTests {
    private static func item(
        _ id: String, from source: String = "s", priority: Int = 3, octets: Int = 100,
        lives: Duration = .seconds(86_400), wantsReceipt: Bool = true
    ) -> Custody.Item {
        Custody.Item(
            name: Custody.Name(id: id, source: source), destination: "d", priority: priority,
            expires: CustodyBench.clock + lives, wantsReceipt: wantsReceipt,
            octets: Array(repeating: 0x20, count: octets))
    }

    @Test func nothingIsSaidOrHandedOnBeforeTheJournalHasIt() {
        let bench = CustodyBench()
        let item = CustodyTests.item("a")
        #expect(bench.keep(item) == .kept)
        #expect(bench.takeRequests() == [.store(item)])
        #expect(bench.takeWords() == [] && bench.hand() == [])
        #expect(bench.keep(item) == .known(isStored: false))
        bench.take(.stored([item.name]))
        #expect(bench.takeWords() == [true])
        #expect(bench.keep(item) == .known(isStored: true))
        #expect(bench.hand() == ["a"])
        #expect(bench.takeRequests() == [])
        #expect(bench.release("a") && !bench.release("a"))
        #expect(bench.takeRequests() == [.remove(item.name)])
        #expect(bench.count == 0 && bench.octets == 0 && !bench.isDestination("d"))
    }

    @Test func whatCouldNotBeWrittenIsForgottenAndSaid() {
        let bench = CustodyBench()
        let item = CustodyTests.item("a")
        #expect(bench.keep(item) == .kept)
        bench.take(.failed([item.name]))
        #expect(bench.takeWords() == [false])
        #expect(bench.count == 0)
        #expect(bench.keep(item) == .kept)
    }

    @Test func aTryWithoutAReceiptIsRepeatedAfterGrowingWaits() {
        let bench = CustodyBench()
        bench.store(CustodyTests.item("a"))
        var now = Instant.zero
        var waits: [Duration] = []
        _ = bench.takeStirred()
        #expect(bench.hand() == ["a"])
        for _ in 0..<4 {
            let due = bench.nextDeadline ?? .zero
            waits.append(due - now)
            now = due
            bench.advance(to: now)
            #expect(bench.takeStirred() == ["d"])
            #expect(bench.hand(at: now) == ["a"])
        }
        #expect(waits == [.seconds(1), .seconds(2), .seconds(4), .seconds(4)])
    }

    @Test func aNewWayIsTriedAtOnce() {
        let bench = CustodyBench()
        bench.store(CustodyTests.item("a"))
        #expect(bench.hand() == ["a"])
        #expect(bench.hand() == [])
        #expect(bench.hand(isReachable: false) == [])
        #expect(bench.hand() == ["a"])
    }

    @Test func theUrgentGoesFirstAndOnlyAWindowOfIt() {
        let bench = CustodyBench { $0.window = 4 }
        for number in 0..<12 { bench.store(CustodyTests.item("\(number)", priority: number % 3)) }
        var order: [String] = []
        for _ in 0..<3 {
            let ids = bench.hand()
            #expect(ids.count == 4)
            order += ids
            for id in ids { bench.release(id) }
        }
        #expect(order == ["0", "3", "6", "9", "1", "4", "7", "10", "2", "5", "8", "11"])
        #expect(bench.hand() == [])
    }

    @Test func aSourceHasAQuota() {
        let bench = CustodyBench { $0.quota = 2 }
        bench.store(CustodyTests.item("a"), CustodyTests.item("b"))
        #expect(bench.keep(CustodyTests.item("c")) == .refused(.quota))
        #expect(bench.keep(CustodyTests.item("c", from: "t")) == .kept)
        bench.release("a")
        #expect(bench.keep(CustodyTests.item("c")) == .kept)
    }

    @Test func whereRoomIsShortTheOldestOfTheLeastUrgentGoes() {
        let bench = CustodyBench { $0.maxPackets = 3 }
        bench.store(
            CustodyTests.item("a", priority: 5), CustodyTests.item("b", priority: 7),
            CustodyTests.item("c", priority: 7))
        // Nothing is given up for what is no more urgent.
        #expect(bench.keep(CustodyTests.item("x", priority: 7)) == .refused(.custodyFull))
        for (id, loss) in [("d", "b evicted"), ("e", "c evicted"), ("f", "a evicted")] {
            #expect(bench.keep(CustodyTests.item(id, priority: 2)) == .kept)
            #expect(bench.takeLosses() == [loss])
        }
        let large = CustodyTests.item("g", priority: 0, octets: (64 << 20) + 1)
        #expect(bench.keep(large) == .refused(.custodyFull))
    }

    @Test func timesAreOfTheMonotonicClockAndAnEarlierLifeCounts() {
        let bench = CustodyBench { $0.lifetime = .seconds(100) }
        let old = CustodyTests.item("old", lives: .seconds(10))
        let odd = CustodyTests.item("odd", lives: .seconds(5000))
        bench.take(.recovered([old, odd]))
        #expect(bench.count == 2)
        bench.advance(to: .zero + .seconds(10))
        #expect(bench.takeLosses() == ["old expired"])
        // A clock that was set back does not prolong a life.
        bench.advance(to: .zero + .seconds(100))
        #expect(bench.takeLosses() == ["odd expired"])
        #expect(bench.takeRequests() == [.remove(old.name), .remove(odd.name)])
    }

    @Test func whatNobodyAsksForIsHandedOnOnce() {
        let bench = CustodyBench()
        bench.store(CustodyTests.item("a", wantsReceipt: false))
        #expect(bench.hand() == ["a"])
        #expect(bench.count == 0)
    }

    @Test func aQueueForgetsWhatIsGone() {
        var queue = PriorityQueue<Int>()
        for number in 0..<1000 { queue.append(number, number % 8) }
        for number in 0..<900 { queue.removed { $0 > number } }
        var left: [Int] = []
        while let number = queue.popMostUrgent(where: { $0 >= 900 }) { left.append(number) }
        #expect(left.count == 100 && Set(left) == Set(900..<1000))
        let nothing = queue.popLeastUrgent(below: -1) { _ in true }
        #expect(nothing == nil)
    }
}
