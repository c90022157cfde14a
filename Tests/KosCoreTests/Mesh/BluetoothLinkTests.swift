import KosCore
import Testing

/// Two ends of a Bluetooth channel: packets cross in their short form, whatever the MTU, also where
/// the channel drops units.
@Suite struct BluetoothLinkTests {
    private struct Pair {
        var ends: [BluetoothLink]
        var dice: SplitMix64
        var loss: Double
        var now = Instant.zero
        var flying: [(to: Int, octets: [UInt8])] = []
        var arrived: [[String]] = [[], []]
        var taken = [0, 0]
        var dropped: [BluetoothLink.Drop] = []
        var largest = 0
        var octets = 0

        init(mtu: Int, loss: Double = 0, seed: UInt64 = 1) {
            dice = SplitMix64(seed: seed)
            self.loss = loss
            ends = [BluetoothLinkTests.alpha, BluetoothLinkTests.bravo].map {
                BluetoothLink(own: $0, mtu: mtu, seed: 7, short: BluetoothLinkTests.short)
            }
        }

        mutating func act(
            _ end: Int, _ body: (inout BluetoothLink, Instant, inout [BluetoothLink.Output]) -> Void
        ) {
            var outputs: [BluetoothLink.Output] = []
            body(&ends[end], now, &outputs)
            for output in outputs {
                switch output {
                case .unit(let unit):
                    largest = max(largest, unit.count)
                    octets += unit.count
                    guard Double.random(in: 0..<1, using: &dice) >= loss else { continue }
                    flying.append((1 - end, unit))
                case .lines(let lines):
                    for line in lines.split(separator: 0x0A) {
                        arrived[end].append(String(decoding: line, as: UTF8.self))
                    }
                case .taken(let count): taken[end] += count
                case .dropped(let drop): dropped.append(drop)
                }
            }
        }

        mutating func run(for time: Duration) {
            let end = now + time
            while now < end {
                let units = flying
                flying = []
                for unit in units {
                    act(unit.to) { $0.handle(.unit(unit.octets), at: $1, into: &$2) }
                }
                now = now + .milliseconds(1)
                for end in 0..<2 where ends[end].nextDeadline.map({ $0 <= now }) ?? false {
                    act(end) { $0.advance(to: $1, into: &$2) }
                }
            }
        }
    }
    private static let nodes = [UInt8(1), 2].compactMap {
        NodeID(publicKey: Array(repeating: $0, count: 32))
    }
    private static let alpha = nodes[0]
    private static let bravo = nodes[1]

    @Sendable private static func short(_ node: NodeID) -> [UInt8]? {
        node.publicKey.map { Array($0.prefix(16)) }
    }

    private static func line(_ number: Int, size: Int, seed: UInt64 = 3) -> String {
        var dice = SplitMix64(seed: seed &+ UInt64(number))
        var packet = Packet(
            id: PacketID(at: Timestamp(milliseconds: 1_795_337_400_412), using: &dice),
            timestamp: Timestamp(milliseconds: 1_795_337_400_412), source: alpha,
            destination: bravo.text, payload: .string(String(repeating: "k", count: size)))
        packet.signature = Base64.encode(Array(repeating: UInt8(number & 0xFF), count: 64))
        return String(decoding: packet.wire, as: UTF8.self)
    }

    private static func info(_ node: NodeID) -> [UInt8] {
        var dice = SplitMix64(seed: 9)
        var packet = Packet(
            id: PacketID(at: Timestamp(milliseconds: 1), using: &dice),
            timestamp: Timestamp(milliseconds: 1), source: node, destination: Packet.broadcast,
            payload: .object(["kind": .string(Packet.Control.nodeInfo.rawValue)]))
        packet.metadata.type = Packet.Kind.discovery
        return packet.wire + [0x0A]
    }

    /// Both ends say who they are; what follows may name either by its short id.
    private static func greet(_ pair: inout Pair) {
        for end in 0..<2 {
            pair.act(end) {
                $0.handle(.lines(info(end == 0 ? alpha : bravo)), at: $1, into: &$2)
            }
        }
        pair.run(for: .seconds(40))
        pair.arrived = [[], []]
    }

    @Test(arguments: [64, 672, 4096], [0.0, 0.05])
    func packetsArriveAsTheyWere(_ mtu: Int, _ loss: Double) {
        var pair = Pair(mtu: mtu, loss: loss)
        BluetoothLinkTests.greet(&pair)
        let lines = (0..<60).map { BluetoothLinkTests.line($0, size: $0 * 40) }
        for line in lines {
            pair.act(0) { $0.handle(.lines(Array(line.utf8) + [0x0A]), at: $1, into: &$2) }
        }
        pair.run(for: .seconds(120))
        #expect(pair.arrived[1].sorted() == lines.sorted())
        if loss == 0 { #expect(pair.arrived[1] == lines) }
        #expect(pair.largest <= mtu)
        #expect(pair.dropped.isEmpty)
        #expect(pair.ends[0].waiting == 0)
        let sent = lines.reduce(0) { $0 + $1.utf8.count + 1 }
        #expect(pair.taken[0] == sent + BluetoothLinkTests.info(BluetoothLinkTests.alpha).count)
    }

    /// A signed packet of 1 KB takes less than three quarters of what its JSON takes.
    @Test func shortIdsSaveOctets() {
        var pair = Pair(mtu: 672)
        BluetoothLinkTests.greet(&pair)
        let line = BluetoothLinkTests.line(1, size: 100)
        pair.octets = 0
        pair.act(0) { $0.handle(.lines(Array(line.utf8) + [0x0A]), at: $1, into: &$2) }
        #expect(pair.octets * 4 < line.utf8.count * 3)
    }

    @Test func whatWaitsIsBounded() {
        var pair = Pair(mtu: 672, loss: 1)
        let line = Array(BluetoothLinkTests.line(1, size: 1000).utf8) + [0x0A]
        var given = 0
        for _ in 0..<400 {
            given += line.count
            pair.act(0) { $0.handle(.lines(line), at: $1, into: &$2) }
        }
        // What the window does not take is not taken from the sender.
        #expect(pair.taken[0] < 128 << 10)
        #expect(pair.ends[0].waiting >= given / 2)
    }

    @Test func noiseIsCountedAndNoMore() {
        var pair = Pair(mtu: 672)
        BluetoothLinkTests.greet(&pair)
        let frame = DatagramFrame.fragment(transfer: 1, index: 0, count: 1, [1, 2, 3, 4, 5]).octets
        for unit in [[], [0x7B], [0xE0, 0xFF], frame, frame.dropLast(3)] as [[UInt8]] {
            pair.act(1) { $0.handle(.unit(Array(unit)), at: $1, into: &$2) }
        }
        #expect(pair.dropped.count >= 3)
        #expect(pair.arrived[1].isEmpty)
        pair.act(0) { $0.handle(.lines(Array("no packet\n".utf8)), at: $1, into: &$2) }
        #expect(pair.dropped.last == .unsendable)
    }

    @Test func unitsOfAStreamAreParted() {
        let units: [[UInt8]] = [[1], [], [2, 3], Array(repeating: 9, count: 700)]
        let octets = units.flatMap { UnitStream.framed($0) }
        for size in [1, 2, 3, 701, octets.count] {
            var stream = UnitStream()
            var parted: [[UInt8]] = []
            for start in stride(from: 0, to: octets.count, by: size) {
                parted += stream.take(Array(octets[start..<min(octets.count, start + size)]))
            }
            #expect(parted == units)
        }
    }
}
