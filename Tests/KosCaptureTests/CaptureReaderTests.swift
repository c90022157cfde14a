import KosCapture
import KosCore
import Testing

@Suite struct CaptureReaderTests {
    static let frames = [
        Octets.ethernet(Octets.ip(Octets.udp(Array("one".utf8)), protocol: 17)),
        Octets.ethernet(Octets.ip(Octets.udp(Array("three".utf8)), protocol: 17)),
    ]

    @Test(arguments: [0xA1B2_C3D4, 0xA1B2_3C4D, 0xA1B2_CD34], [false, true])
    func classic(magic: Int, isBig: Bool) {
        let file = Octets.pcap(CaptureReaderTests.frames, magic: magic, isBig: isBig)
        for step in [1, 7, Int.max] {
            let read = ReadCapture(file, step: step)
            #expect(read.octets == CaptureReaderTests.frames)
            #expect(read.damage == nil)
            #expect(read.packets.map(\.number) == [1, 2])
            let nanos: Int64 = magic == 0xA1B2_3C4D ? 5 : 5000
            #expect(read.packets.last?.time == 1_795_337_401_000_000_000 + nanos)
        }
    }

    @Test func blocksOfSeveralInterfaces() {
        // Two link types, two snapshot lengths, two resolutions (2^-10, ns), a custom block
        // between.
        let file =
            Octets.section
            + Octets.interface(link: 1, options: [9, 0, 1, 0, 0x8A, 0, 0, 0])
            + Octets.interface(link: 101, snapshot: 100, options: [9, 0, 1, 0, 9, 0, 0, 0])
            + Octets.block(0xBAD, [1, 2, 3, 4, 5])
            + Octets.enhanced(CaptureReaderTests.frames[0], ticks: 1024 + 512)
            + Octets.enhanced([0x45, 0, 0], interface: 1, ticks: 42)
            + Octets.block(3, Octets.le32(3) + [7, 8, 9])
        for step in [1, 5, Int.max] {
            let read = ReadCapture(file, step: step)
            #expect(read.damage == nil)
            #expect(read.packets.map(\.interface) == [0, 1, 0])
            #expect(read.packets.map(\.time) == [1_500_000_000, 42, nil])
            #expect(read.octets == [CaptureReaderTests.frames[0], [0x45, 0, 0], [7, 8, 9]])
            #expect(read.reader.interfaces.map(\.linkType) == [.ethernet, .raw])
        }
    }

    @Test(arguments: [0x80 | 127, 127, 40, 0x80 | 64] as [UInt8])
    func timesThatNoClockHas(resolution: UInt8) {
        let file =
            Octets.section
            + Octets.interface(link: 1, options: [9, 0, 1, 0, resolution, 0, 0, 0])
            + Octets.enhanced([1, 2], ticks: -1)
        let read = ReadCapture(file)
        #expect(read.damage == nil)
        #expect(read.packets.map(\.time) == [nil])
    }

    @Test func cutAnywhere() {
        let classic = Octets.pcap(CaptureReaderTests.frames)
        let blocks =
            Octets.section + Octets.interface(link: 1)
            + CaptureReaderTests.frames.map { Octets.enhanced($0, ticks: 9) }.joined()
        for file in [classic, blocks] {
            var counts: [Int] = []
            for length in 0..<file.count {
                let read = ReadCapture(Array(file[..<length]))
                counts.append(read.packets.count)
                #expect(read.octets == Array(CaptureReaderTests.frames.prefix(read.packets.count)))
            }
            #expect(Set(counts) == [0, 1])
            #expect(ReadCapture(Array(file[..<(file.count - 1)])).damage?.code == .truncated)
        }
    }

    @Test func damageKeepsWhatCameBefore() {
        let good =
            Octets.section + Octets.interface(link: 1)
            + Octets.enhanced(CaptureReaderTests.frames[0], ticks: 9)
        let bad: [[UInt8]] = [
            Octets.enhanced([1], interface: 7, ticks: 1),
            Octets.le32(6) + Octets.le32(0) + Octets.le32(0),
            Octets.le32(6) + Octets.le32(33) + Octets.le32(0),
            Octets.le32(6) + Octets.le32(0xFFFF_FFFC) + Octets.le32(0),
            Octets.le32(6) + Octets.le32(12) + Octets.le32(13),
            Octets.block(
                6,
                Octets.le32(0) + Octets.le32(0) + Octets.le32(0) + Octets.le32(-1)
                    + Octets.le32(4) + [1, 2, 3, 4]),
        ]
        for tail in bad {
            let read = ReadCapture(good + tail + good)
            #expect(read.packets.count == 1)
            #expect(read.damage?.code == .damaged)
            #expect(read.damage?.offset == good.count)
        }
        let huge =
            Octets.pcap([]) + Octets.le32(1) + Octets.le32(1) + Octets.le32(-1) + Octets.le32(9)
        #expect(ReadCapture(huge).damage?.code == .damaged)
        for text in ["", "abc", "no capture at all, but text"] {
            #expect(ReadCapture(Array(text.utf8)).damage?.code == .notACapture)
        }
    }

    @Test func hugeBlockIsSteppedOver() {
        let huge = Octets.block(0xBAD, [UInt8](repeating: 1, count: 3 << 20))
        let file =
            Octets.section + Octets.interface(link: 1) + huge
            + Octets.enhanced([1, 2, 3, 4], ticks: 1)
        let read = ReadCapture(file, step: 65_536)
        #expect(read.damage == nil)
        #expect(read.octets == [[1, 2, 3, 4]])
        #expect(read.reader.window.count <= 2 << 20)
    }

    @Test(arguments: [CaptureFormat.pcap, .pcapng])
    func writtenIsReadAgain(format: CaptureFormat) throws {
        let source = ReadCapture(Octets.pcap(CaptureReaderTests.frames, magic: 0xA1B2_3C4D))
        var writer = CaptureWriter(format: format, application: "test")
        writer.add(CaptureInterface(linkType: .ethernet, snapshotLength: 99, name: "eth0"))
        for (packet, octets) in zip(source.packets, source.octets) {
            var packet = packet
            packet.range = 0..<octets.count
            writer.add(packet, on: 0, octets.span)
        }
        writer.addStatistics(interface: 0, time: 1, received: 12, dropped: 3)
        let read = ReadCapture(writer.bytes)
        #expect(read.damage == nil)
        #expect(read.octets == source.octets)
        #expect(read.packets.map(\.time) == source.packets.map(\.time))
        guard format == .pcapng else { return }
        #expect(read.reader.interfaces.first?.name == "eth0")
        #expect(read.reader.interfaces.first?.dropped == 3)
    }

    /// Any octets: no trap, bounded memory, every record valid JSON.
    @Test(arguments: 0..<40)
    func mutated(seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        let blocks =
            Octets.section + Octets.interface(link: 1) + Octets.interface(link: 113)
            + CaptureReaderTests.frames.map { Octets.enhanced($0, ticks: 9) }.joined()
        let files = [blocks, Octets.pcap(CaptureReaderTests.frames)]
        for round in 0..<100 {
            var file = files[round % 2]
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let place = Int.random(in: 0..<file.count, using: &random)
                file[place] = UInt8.random(in: 0...255, using: &random)
            }
            let read = ReadCapture(file, step: 1 + round % 50)
            #expect(read.reader.window.count <= 3 << 20, "seed \(seed) round \(round)")
            for frame in read.frames {
                var text = FrameText()
                text.open(frame, interface: FrameText.quoted("a\u{1B}b"))
                let line = FrameRecord(text: text.bytes).line.dropLast()
                #expect((try? JSONObject(parsing: Array(line).span)) != nil, "seed \(seed)")
            }
        }
    }
}
