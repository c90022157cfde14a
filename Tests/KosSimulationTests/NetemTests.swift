import KosCore
import KosSimulation
import Testing

private func arrivals(
    _ netem: Netem, frames: Int, every gap: Duration = .milliseconds(1), octets: Int = 100,
    seed: UInt64 = 5
) -> [(sent: Instant, passage: NetemLink.Passage)] {
    var link = NetemLink(netem, seed: seed)
    return (0..<frames).map { number in
        let now = Instant.zero + gap * number
        let passage = link.send(octets: octets, at: now)
        if case .arrives = passage { link.release() }
        return (now, passage)
    }
}

@Suite struct NetemTests {
    @Test func lossIsTheShareAsked() {
        let lost = arrivals(Netem(loss: 0.25), frames: 40_000).count { $0.passage == .lost }
        #expect((9_600...10_400).contains(lost))
    }

    @Test func burstsHaveTheMeanLengthOfTheModel() {
        let netem = Netem(bursts: .init(enter: 0.01, leave: 0.2))
        let run = arrivals(netem, frames: 200_000).map { $0.passage == .lost }
        let lost = run.count { $0 }
        let starts = zip(run, run.dropFirst()).count { !$0 && $1 }
        let mean = Double(lost) / Double(starts)
        #expect(abs(mean - 5) < 0.5)
        // Stationary share of the bad state: enter / (enter + leave).
        #expect(abs(Double(lost) / 200_000 - 0.01 / 0.21) < 0.005)
    }

    @Test func jitterStaysInsideItsBounds() {
        let netem = Netem(
            latency: .milliseconds(50), jitter: .milliseconds(10), keepsOrder: false)
        var delays: [Duration] = []
        for (sent, passage) in arrivals(netem, frames: 5_000) {
            if case .arrives(let time) = passage { delays.append(time - sent) }
        }
        #expect(delays.count == 5_000)
        #expect(delays.allSatisfy { (.milliseconds(40) ... .milliseconds(60)).contains($0) })
        #expect((delays.max() ?? .zero) - (delays.min() ?? .zero) > .milliseconds(19))
    }

    @Test func orderIsKeptWhereAsked() {
        func times(_ keepsOrder: Bool) -> [Instant] {
            let netem = Netem(
                latency: .milliseconds(50), jitter: .milliseconds(40), keepsOrder: keepsOrder)
            return arrivals(netem, frames: 1_000).compactMap {
                if case .arrives(let time) = $0.passage { time } else { nil }
            }
        }
        #expect(times(true) == times(true).sorted())
        #expect(times(false) != times(false).sorted())
    }

    @Test func reorderedFramesOvertake() {
        let netem = Netem(latency: .milliseconds(50), reordering: 0.25)
        let early = arrivals(netem, frames: 10_000).count {
            if case .arrives(let time) = $0.passage { time == $0.sent } else { false }
        }
        #expect((2_300...2_700).contains(early))
    }

    @Test func duplicatesAreTheShareAsked() {
        var link = NetemLink(Netem(duplication: 0.1), seed: 2)
        var twice = 0
        for _ in 0..<10_000 {
            if case .arrivesTwice = link.send(octets: 1, at: .zero) {
                twice += 1
                link.release()
            }
            link.release()
        }
        #expect((900...1_100).contains(twice))
        #expect(link.framesUnderWay == 0)
    }

    @Test func aRateSpacesFramesAndBoundsTheQueue() {
        // 1000 octets at 8000 bit/s take one second.
        let netem = Netem(latency: .zero, rate: 8_000, queueOctets: 3_000)
        let passages = arrivals(netem, frames: 5, every: .zero, octets: 1_000).map(\.passage)
        let arrivals: [NetemLink.Passage] = [1, 2, 3].map {
            .arrives(Instant(nanoseconds: $0 * 1_000_000_000))
        }
        #expect(passages == arrivals + [.queueFull, .queueFull])
    }

    @Test func framesUnderWayAreBounded() {
        var link = NetemLink(Netem(latency: .seconds(1), queueFrames: 10), seed: 1)
        let passages = (0..<20).map { _ in link.send(octets: 1, at: .zero) }
        #expect(passages.count { $0 == .queueFull } == 10)
    }
}

@Suite struct EventHeapTests {
    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func entriesComeOutByTimeThenByAge(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var heap = EventHeap()
        var expected: [(time: Int64, index: UInt32)] = []
        for index in 0..<2_000 as Range<UInt32> {
            let time = Int64.random(in: 0...100, using: &random)
            heap.push(Instant(nanoseconds: time), kind: 0, index: index)
            expected.append((time, index))
        }
        expected.sort { ($0.time, $0.index) < ($1.time, $1.index) }
        for (time, index) in expected {
            let entry = heap.pop(until: .distantFuture)
            #expect(entry?.time.nanoseconds == time, "seed \(seed)")
            #expect(entry?.index == index, "seed \(seed)")
        }
        #expect(heap.pop(until: .distantFuture) == nil)
    }

    @Test func nothingComesBeforeItsTime() {
        var heap = EventHeap()
        heap.push(Instant(nanoseconds: 10), kind: 0, index: 1)
        #expect(heap.pop(until: Instant(nanoseconds: 9)) == nil)
        #expect(heap.pop(until: Instant(nanoseconds: 10))?.index == 1)
    }
}
