import KosCore
import KosSimulation
import Testing

/// Sends a numbered frame on each of its links every period, and answers each number once.
private struct Pinger: Engine {
    enum Input: Sendable, Equatable {
        case up(Int), down(Int), frame([UInt8], on: Int), burst(Int)
    }
    enum Output: Sendable, Equatable { case transmit([UInt8], on: Int), heard([UInt8]), up, down }

    var period: Duration
    var links: [Int] = []
    var sent: UInt8 = 0
    var nextDeadline: Instant?

    init(period: Duration, first: Instant = Instant(nanoseconds: 1)) {
        self.period = period
        nextDeadline = first
    }

    mutating func handle(_ input: Input, at now: Instant, into outputs: inout [Output]) {
        switch input {
        case .up(let link):
            links.append(link)
            outputs.append(.up)
        case .down(let link):
            links.removeAll { $0 == link }
            outputs.append(.down)
        case .frame(let bytes, on: _): outputs.append(.heard(bytes))
        case .burst(let count):
            for number in 0..<count {
                for link in links { outputs.append(.transmit([UInt8(number & 255)], on: link)) }
            }
        }
    }

    mutating func advance(to now: Instant, into outputs: inout [Output]) {
        sent &+= 1
        for link in links { outputs.append(.transmit([sent], on: link)) }
        nextDeadline = now + period
    }
}

private func wiring() -> Wiring<Pinger> {
    Wiring(
        transmission: {
            if case .transmit(let bytes, on: let link) = $0 { .init(bytes, on: link) } else { nil }
        },
        received: { .frame($0, on: $1) }, linkUp: { link, _, _ in .up(link) },
        linkDown: { link, _, _ in .down(link) })
}

private struct Log: Equatable {
    var lines: [String] = []
    var heard: [Int: [[UInt8]]] = [:]
}

private func pair(
    by netem: Netem, seed: UInt64 = 1, period: Duration = .seconds(1)
) -> Simulator<Pinger> {
    var simulator = Simulator<Pinger>(seed: seed, wiring: wiring())
    simulator.add(Pinger(period: period))
    simulator.add(Pinger(period: .seconds(1_000_000), first: Instant.zero + .seconds(1_000_000)))
    simulator.connect(0, 1, by: netem)
    return simulator
}

private func run(_ simulator: inout Simulator<Pinger>, for duration: Duration) -> Log {
    var log = Log()
    simulator.run(for: duration) { _, node, time, output in
        log.lines.append("\(time.nanoseconds) \(node) \(output)")
        if case .heard(let bytes) = output { log.heard[node, default: []].append(bytes) }
    }
    return log
}

@Suite struct SimulatorTests {
    @Test func framesArriveAfterTheLatencyInOrder() {
        var simulator = pair(by: Netem(latency: .milliseconds(5)))
        let log = run(&simulator, for: .milliseconds(3_500))
        #expect(log.heard[1] == [[1], [2], [3], [4]])
        #expect(log.lines.contains("5000001 1 heard([1])"))
        #expect(log.lines.contains("3005000001 1 heard([4])"))
        #expect(simulator.now == Instant.zero + .milliseconds(3_500))
    }

    @Test func equalSeedsGiveEqualRunsAndOthersDoNot() {
        let netem = Netem(
            latency: .milliseconds(20), jitter: .milliseconds(20), loss: 0.2,
            bursts: .init(enter: 0.05, leave: 0.3), duplication: 0.1, reordering: 0.1,
            rate: 64_000, keepsOrder: false)
        func trace(_ seed: UInt64) -> (Log, Fingerprint, SimulatorCounts) {
            var simulator = pair(by: netem, seed: seed, period: .milliseconds(7))
            let log = run(&simulator, for: .seconds(20))
            return (log, simulator.trace, simulator.counts)
        }
        let first = trace(7)
        let second = trace(7)
        let other = trace(8)
        #expect(first.0 == second.0)
        #expect(first.1 == second.1)
        #expect(first.2 == second.2)
        #expect(first.1 != other.1)
        #expect(first.0 != other.0)
    }

    @Test func aCutLinkIsNoticedAndLosesWhatIsUnderWay() {
        var simulator = pair(by: Netem(latency: .milliseconds(500)), period: .seconds(1))
        simulator.script(at: Instant.zero + .milliseconds(1_200)) { $0.setLink(0, isUp: false) }
        simulator.script(at: Instant.zero + .milliseconds(2_600)) { $0.setLink(0, isUp: true) }
        let log = run(&simulator, for: .milliseconds(3_600))
        // 1 arrives, 2 is under way when the link goes, 3 falls into the gap, 4 crosses the new
        // link.
        #expect(log.heard[1] == [[1], [4]])
        #expect(log.lines.filter { $0.hasSuffix("down") }.count == 2)
        #expect(simulator.counts.framesToDownLink == 1)
    }

    @Test func aPartitionIsSilentAndHeals() {
        var simulator = pair(by: Netem(latency: .milliseconds(1)))
        simulator.script(at: Instant.zero + .milliseconds(500)) { $0.partition([[0], [1]]) }
        simulator.script(at: Instant.zero + .milliseconds(2_500)) { $0.heal() }
        let log = run(&simulator, for: .milliseconds(3_500))
        #expect(log.heard[1] == [[1], [4]])
        #expect(!log.lines.contains { $0.hasSuffix("down") })
        #expect(simulator.counts.framesToDownLink == 2)
    }

    @Test func aLinkCanBeOneWay() {
        var simulator = Simulator<Pinger>(seed: 1, wiring: wiring())
        simulator.add(Pinger(period: .seconds(1)))
        simulator.add(Pinger(period: .seconds(1)))
        simulator.connect(0, 1, by: .ideal)
        simulator.block(0, from: 1)
        let log = run(&simulator, for: .milliseconds(2_500))
        #expect(log.heard[1]?.count == 3)
        #expect(log.heard[0] == nil)
    }

    @Test func aCrashForgetsAndARestartBeginsAnew() {
        var simulator = pair(by: Netem(latency: .milliseconds(1)))
        simulator.script(at: Instant.zero + .milliseconds(1_500)) { $0.crash(0) }
        simulator.script(at: Instant.zero + .milliseconds(3_500)) {
            $0.restart(0, with: Pinger(period: .seconds(1), first: $0.now))
        }
        let log = run(&simulator, for: .milliseconds(4_600))
        #expect(log.heard[1] == [[1], [2], [2]])
        #expect(simulator[0]?.sent == 2)
    }

    @Test func anUnnoticedCrashOnlyGoesSilent() {
        var simulator = pair(by: Netem(latency: .milliseconds(1)), period: .seconds(1))
        simulator.script(at: Instant.zero + .milliseconds(1_500)) {
            $0.crash(1, isNoticed: false)
        }
        let log = run(&simulator, for: .milliseconds(3_500))
        #expect(log.heard[1]?.count == 2)
        #expect(!log.lines.contains { $0.hasSuffix("down") })
        #expect(simulator.counts.framesToDownNode == 2)
        #expect(simulator[1] == nil)
    }

    @Test func everyFrameIsAccountedFor() {
        let netem = Netem(loss: 0.1, duplication: 0.05, rate: 8_000, queueOctets: 40)
        var simulator = pair(by: netem, seed: 3, period: .milliseconds(50))
        for step in 0..<50 {
            simulator.schedule(.burst(100), to: 0, at: Instant.zero + .milliseconds(step * 20 + 1))
        }
        _ = run(&simulator, for: .milliseconds(10_045))
        let counts = simulator.counts
        #expect(counts.framesToFullQueue > 1_000)
        #expect(
            counts.framesSent + counts.framesDuplicated
                == counts.framesDelivered + counts.framesDropped)
    }

    @Test func theHeapIsBounded() {
        var simulator = pair(by: Netem(latency: .seconds(9), queueFrames: 1_000_000))
        simulator.maxPending = 100
        simulator.schedule(.burst(1_000), to: 0, at: .zero)
        _ = run(&simulator, for: .seconds(1))
        #expect(simulator.counts.framesBeyondHeap >= 900)
    }

    @Test func framesOnForeignOrUnknownLinksAreCounted() {
        var simulator = pair(by: .ideal)
        simulator.schedule(.up(99), to: 0, at: .zero)
        _ = run(&simulator, for: .milliseconds(1_500))
        #expect(simulator.counts.framesToUnknownLink == 2)
    }
}
