import KosCore
import Testing

@Suite struct DiscoveryScheduleTests {
    private func seconds(_ value: Double) -> Instant {
        Instant(nanoseconds: Int64(value * 1e9))
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>) func pausesDoubleWithoutNews(seed: UInt64) {
        var schedule = DiscoverySchedule(seed: seed)
        var now = Instant.zero
        var pauses: [Double] = []
        for _ in 0..<8 {
            var due: [DiscoveryMethodName] = []
            schedule.handle(.ended(.dht, hasNews: false), at: now, into: &due)
            #expect(due.isEmpty, "seed \(seed)")
            guard let next = schedule.nextDeadline else { break }
            pauses.append((next - now).seconds)
            now = next
            schedule.advance(to: now, into: &due)
            #expect(due == [.dht], "seed \(seed)")
        }
        for (index, pause) in pauses.enumerated() {
            let step = min(600, 60 * Double(1 << index))
            #expect((step / 2...step).contains(pause), "seed \(seed): \(pauses)")
        }
        var due: [DiscoveryMethodName] = []
        schedule.handle(.ended(.dht, hasNews: true), at: now, into: &due)
        #expect((schedule.nextDeadline.map { ($0 - now).seconds } ?? 0) <= 60)
    }

    @Test func aDisturbanceAsksSoonButNotMoreOftenThanEveryFiveSeconds() {
        var schedule = DiscoverySchedule(seed: 7)
        var due: [DiscoveryMethodName] = []
        schedule.handle(.ended(.dht, hasNews: false), at: seconds(0), into: &due)
        var asked: [Double] = []
        // An interface that flaps ten times a second for a minute.
        for tick in 1...600 {
            let now = seconds(Double(tick) / 10)
            schedule.handle(.disturbed, at: now, into: &due)
            due = []
            schedule.advance(to: now, into: &due)
            for method in due {
                asked.append(Double(tick) / 10)
                schedule.handle(.ended(method, hasNews: false), at: now, into: &due)
            }
        }
        #expect((8...12).contains(asked.count), "\(asked)")
        #expect(zip(asked, asked.dropFirst()).allSatisfy { $1 - $0 >= 5 }, "\(asked)")
    }

    @Test func linksCountWhenTheyGoUpOrDownAndAddressesAlways() {
        var changes = NetworkChanges()
        let told1 = changes.take(link(3, isRunning: true))
        #expect(!told1)
        let told2 = changes.take(link(3, isRunning: true))
        #expect(!told2)
        let told3 = changes.take(link(3, isRunning: false))
        #expect(told3)
        let told4 = changes.take(message(20, Array(repeating: 0, count: 8)))
        #expect(told4)
        let told5 = changes.take(link(3, isRunning: false) + message(21, []))
        #expect(told5)
        let told6 = changes.take(message(3, []))
        #expect(!told6)
        for end in 0..<32 {
            var cut = NetworkChanges()
            _ = cut.take(Array(link(3, isRunning: false).prefix(end)))
        }
        var random = SplitMix64(seed: 9)
        for _ in 0..<2000 {
            _ = changes.take((0..<40).map { _ in UInt8.random(in: 0...255, using: &random) })
        }
    }

    @Test func sleepIsWhatOneClockCountsAndTheOtherDoesNot() {
        var sleep = SleepDetector()
        let told7 = sleep.hasSlept(awake: seconds(100), seconds(500))
        #expect(!told7)
        let told8 = sleep.hasSlept(awake: seconds(160), seconds(560.2))
        #expect(!told8)
        let told9 = sleep.hasSlept(awake: seconds(161), seconds(600))
        #expect(told9)
        let told10 = sleep.hasSlept(awake: seconds(200), seconds(639))
        #expect(!told10)
    }

    private func link(_ index: UInt8, isRunning: Bool) -> [UInt8] {
        message(16, [0, 0, 1, 0, index, 0, 0, 0, isRunning ? 0x41 : 1, 0, 0, 0, 0, 0, 0, 0])
    }

    /// A netlink message in the byte order of this host, which is little-endian.
    private func message(_ type: UInt8, _ body: [UInt8]) -> [UInt8] {
        [UInt8(16 + body.count), 0, 0, 0, type, 0, 0, 0] + Array(repeating: 0, count: 8) + body
    }
}
