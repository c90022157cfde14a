import KosCore
import Testing

/// Two ends of a datagram link, and a network that loses, doubles and reorders.
@Suite struct DatagramLinkTests {
    private struct Pair {
        var ends: [DatagramLink]
        var dice: SplitMix64
        var loss: Double
        var now = Instant.zero
        var flying: [(at: Instant, to: Int, octets: [UInt8])] = []
        var arrived: [[UInt8]] = [[], []]
        var dropped: [DatagramLink.DatagramDrop] = []
        var largest = 0

        init(seed: UInt64, loss: Double, proven: Bool = true) {
            dice = SplitMix64(seed: seed)
            self.loss = loss
            ends = [
                DatagramLink(isOutgoing: true, first: .max - 3),
                DatagramLink(isOutgoing: false, first: 7),
            ]
            if proven { for end in 0..<2 { ends[end].prove(takesFragments: true) } }
        }

        mutating func act(
            _ end: Int, _ body: (inout DatagramLink, inout [DatagramLink.Output]) -> Void
        ) {
            var outputs: [DatagramLink.Output] = []
            body(&ends[end], &outputs)
            for output in outputs {
                switch output {
                case .datagram(let octets):
                    largest = max(largest, octets.count)
                    for _ in 0..<(Double.random(in: 0..<1, using: &dice) < 0.02 ? 2 : 1) {
                        guard Double.random(in: 0..<1, using: &dice) >= loss else { continue }
                        let delay = Int.random(in: 2...12, using: &dice)
                        flying.append((now + .milliseconds(delay), 1 - end, octets))
                    }
                case .lines(let run): arrived[end] += run
                case .dropped(let reason): dropped.append(reason)
                }
            }
        }

        mutating func run(for time: Duration) {
            let end = now + time
            while true {
                let due = [
                    flying.map(\.at).min(), ends[0].nextDeadline, ends[1].nextDeadline,
                ].compactMap { $0 }.min()
                guard let due, due <= end else { break }
                now = max(now, due)
                while let place = flying.firstIndex(where: { $0.at <= now }) {
                    let (_, to, octets) = flying.remove(at: place)
                    let time = now
                    act(to) { $0.receive(octets, at: time, into: &$1) }
                }
                let time = now
                for end in 0..<2 { act(end) { $0.advance(to: time, into: &$1) } }
            }
            now = end
        }
    }

    private static func line(_ number: Int, _ length: Int) -> [UInt8] {
        let text = Array("{\"n\":\(number)".utf8)
        return text + [UInt8](repeating: 0x20, count: max(0, length - text.count - 1)) + [
            0x7D, 0x0A,
        ]
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func everythingArrivesOnceThroughALossOfThirtyPerCentEachWay(seed: UInt64) {
        var pair = Pair(seed: seed, loss: 0.3)
        for number in 0..<300 {
            let line = DatagramLinkTests.line(number, 60 + number * 37 % 3000)
            let time = pair.now
            pair.act(number % 3 == 0 ? 1 : 0) { $0.send(line, at: time, into: &$1) }
            pair.run(for: .milliseconds(10))
        }
        pair.run(for: .seconds(20))
        var seen: [Int: Int] = [:]
        for end in 0..<2 {
            for line in pair.arrived[end].split(separator: 0x0A) {
                let digits = line.dropFirst(5).prefix { (0x30...0x39).contains($0) }
                seen[Int(String(decoding: digits, as: UTF8.self)) ?? -1, default: 0] += 1
            }
        }
        #expect(seen.count == 300, "seed \(seed)")
        #expect(seen.values.allSatisfy { $0 == 1 }, "seed \(seed)")
        #expect(pair.largest <= DatagramLink.mtu)
        #expect(pair.dropped.isEmpty && pair.ends.allSatisfy { $0.waiting == 0 })
    }

    @Test func aPacketOfAMebibyteArrivesWhole() {
        var pair = Pair(seed: 9, loss: 0.05)
        let line = DatagramLinkTests.line(1, 1 << 20)
        pair.act(0) { $0.send(line, at: .zero, into: &$1) }
        #expect(pair.ends[0].isBusy)
        pair.run(for: .seconds(60))
        #expect(pair.arrived[1] == line)
        #expect(!pair.ends[0].isBusy)
        pair.act(0) { $0.send(DatagramLinkTests.line(2, 2 << 20), at: .zero, into: &$1) }
        #expect(pair.dropped == [.tooLong])
    }

    @Test func aLostEndIsGivenUp() {
        var pair = Pair(seed: 9, loss: 1)
        let line = DatagramLinkTests.line(1, 100)
        pair.act(0) { $0.send(line, at: .zero, into: &$1) }
        pair.run(for: .seconds(60))
        // The line and the four octets that a body's checksum takes.
        #expect(pair.dropped == [.lost(line.count + 4)])
        #expect(pair.ends[0].nextDeadline == nil)
    }

    /// RFC 9000 §8.1, for whatever comes from an address and whatever is to go there.
    @Test func anUnprovenAddressGetsThreeTimesWhatItSentAtMost() {
        var pair = Pair(seed: 11, loss: 0, proven: false)
        var dice = SplitMix64(seed: 3)
        var (received, sent) = (0, 0)
        for _ in 0..<2000 {
            if Bool.random(using: &dice) {
                let octets = [UInt8](
                    repeating: 0x7B, count: Int.random(in: 1...400, using: &dice))
                received += octets.count
                pair.act(1) { $0.receive(octets, at: .zero, into: &$1) }
            } else {
                let line = DatagramLinkTests.line(1, Int.random(in: 20...1400, using: &dice))
                if Bool.random(using: &dice) {
                    pair.act(1) { $0.say(line, into: &$1) }
                } else {
                    pair.act(1) { $0.send(line, at: .zero, into: &$1) }
                }
            }
            sent = pair.flying.reduce(0) { $0 + $1.octets.count }
            #expect(sent <= 3 * received)
        }
        #expect(sent > received, "the test shows nothing where nothing is sent")
    }

    @Test func framesOfAnUnprovenAddressAreRefused() {
        var pair = Pair(seed: 1, loss: 0, proven: false)
        let frame = DatagramFrame.fragment(transfer: 1, index: 0, count: 1, [1, 2, 3, 4, 5])
        pair.act(1) { $0.receive(frame.octets, at: .zero, into: &$1) }
        #expect(pair.dropped == [.unproven])
        #expect(pair.arrived[1].isEmpty)
    }

    @Test func noFrameHurts() {
        var pair = Pair(seed: 1, loss: 1)
        var dice = SplitMix64(seed: 77)
        for _ in 0..<20_000 {
            var octets = (0..<Int.random(in: 1...40, using: &dice)).map { _ in
                UInt8.random(in: 0...255, using: &dice)
            }
            octets[0] = DatagramFrame.marker
            if octets.count > 1 { octets[1] = Bool.random(using: &dice) ? 0x21 : 0x23 }
            if octets.count > 8 { (octets[6], octets[8]) = (octets[6] & 3, octets[8] & 3) }
            pair.act(1) { $0.receive(octets, at: .zero, into: &$1) }
        }
        #expect(pair.arrived[1].isEmpty)
    }
}
