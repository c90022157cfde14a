import KosCore
import Testing

/// Two links over a channel that loses frames, in virtual time.
struct Air {
    var links: [LoRaLink]
    var now = Instant(nanoseconds: 1)
    var delivered: [Packet] = []
    var outcome: [LoRaLink.Output] = []
    var frames = 0
    private var random: SplitMix64
    private let loss: Double
    private var queue: [(from: Int, frame: OutgoingFrame)] = []

    init(seed: UInt64, loss: Double, mtu: Int = 222) throws {
        let modulation = try LoRaModulation()
        links = (0..<2).map {
            LoRaLink(
                mtu: mtu, modulation: modulation, seed: seed &+ UInt64($0),
                at: Instant(nanoseconds: 1))
        }
        random = SplitMix64(seed: seed)
        self.loss = loss
    }

    mutating func send(_ packet: Packet) {
        act(0, .send(packet))
        settle()
    }

    private mutating func act(_ side: Int, _ input: LoRaLink.Input?) {
        var outputs: [LoRaLink.Output] = []
        if let input {
            links[side].handle(input, at: now, into: &outputs)
        } else {
            links[side].advance(to: now, into: &outputs)
        }
        for output in outputs {
            switch output {
            case .transmit(let frame): queue.append((side, frame))
            case .deliver(let packet, _): delivered.append(packet)
            case .finished, .failed: outcome.append(output)
            case .foreign, .rejected: break
            }
        }
    }

    private mutating func settle() {
        for _ in 0..<5000 where outcome.isEmpty || !queue.isEmpty {
            if !queue.isEmpty {
                let (side, frame) = queue.removeFirst()
                frames += 1
                now = now + .milliseconds(350)
                if random.unit() >= loss {
                    act(1 - side, .heard(ReceivedFrame(payload: frame.payload)))
                }
                act(side, .sent(frame.id))
            } else {
                guard let due = links.compactMap(\.nextDeadline).min() else { return }
                now = max(now, due)
                for side in links.indices { act(side, nil) }
            }
        }
    }
}

@Suite struct LoRaLinkTests {
    static func packet(_ octets: Int, to destination: String = "bob") throws -> Packet {
        var random = SplitMix64(seed: 9)
        var packet = Packet(
            id: PacketID(at: Timestamp(milliseconds: 1_795_337_450_400), using: &random),
            timestamp: Timestamp(milliseconds: 1_795_337_450_400),
            source: try #require(NodeID("alice")), destination: destination,
            payload: JSONValue(octets: (0..<octets).map { UInt8(truncatingIfNeeded: 128 &+ $0) }))
        packet.metadata.flags = ["ack"]
        packet.signature = Base64.encode([UInt8](repeating: 7, count: 64))
        return packet
    }

    @Test func aSmallPacketIsOneFrame() throws {
        var air = try Air(seed: 1, loss: 0)
        let packet = try LoRaLinkTests.packet(20)
        air.send(packet)
        #expect(air.delivered == [packet])
        #expect(air.frames == 1)
    }

    /// 4 KB with a tenth of the frames lost: all arrive, in at most 1.35 times the least frames on
    /// the average over the seeds.
    @Test func fragmentsArriveThroughLoss() throws {
        let packet = try LoRaLinkTests.packet(4000)
        var clean = try Air(seed: 0, loss: 0)
        clean.send(packet)
        var total = 0
        for seed in UInt64(1)...20 {
            var air = try Air(seed: seed, loss: 0.1)
            air.send(packet)
            #expect(air.delivered == [packet], "seed \(seed)")
            total += air.frames
        }
        #expect(Double(total) / 20 <= 1.35 * Double(clean.frames), "\(total) in 20 runs")
    }

    @Test func aThirdLostArrivesOrIsToldToBeMissing() throws {
        let packet = try LoRaLinkTests.packet(4000)
        var arrived = 0
        for seed in UInt64(100)..<150 {
            var air = try Air(seed: seed, loss: 0.3)
            air.send(packet)
            #expect(air.outcome.count == 1, "seed \(seed)")
            if air.delivered == [packet] { arrived += 1 }
            if case .failed(_, let why, _) = air.outcome.first {
                #expect(why.contains("fragments"), "seed \(seed)")
            }
        }
        #expect(arrived >= 48, "\(arrived) of 50")
    }

    @Test func nobodyThereIsToldWithWhatIsMissing() throws {
        var air = try Air(seed: 1, loss: 1)
        air.send(try LoRaLinkTests.packet(600))
        guard case .failed(_, let why, _) = try #require(air.outcome.first) else {
            Issue.record("\(air.outcome)")
            return
        }
        #expect(why == "fragments 0, 1, 2, 3 were never confirmed")
    }

    @Test func whatDoesNotFitIsRefused() throws {
        var air = try Air(seed: 1, loss: 0)
        air.send(try LoRaLinkTests.packet(8000))
        guard case .failed(_, let why, 0) = try #require(air.outcome.first) else {
            Issue.record("\(air.outcome)")
            return
        }
        #expect(why.contains("at most"))
    }

    @Test func nothingIsDeliveredTwice() throws {
        var link = LoRaLink(
            mtu: 222, modulation: try LoRaModulation(), seed: 1, at: .zero)
        let packet = try LoRaLinkTests.packet(20)
        let body = CompactPacket.encode(packet, ShortNames())
        var outputs: [LoRaLink.Output] = []
        for _ in 0..<3 {
            let frame = ReceivedFrame(payload: LoRaFrame.whole(body).bytes)
            link.handle(.heard(frame), at: .zero, into: &outputs)
        }
        let count = outputs.filter { if case .deliver = $0 { true } else { false } }.count
        #expect(count == 1)
    }

    @Test func aForwardedPacketHasCrossedOneMoreLink() throws {
        var link = LoRaLink(
            mtu: 222, modulation: try LoRaModulation(), forwarding: .managed, seed: 1, at: .zero)
        var packet = try LoRaLinkTests.packet(20)
        packet.metadata.ttl = 2
        let body = CompactPacket.encode(packet, ShortNames())
        var outputs: [LoRaLink.Output] = []
        let frame = ReceivedFrame(payload: LoRaFrame.whole(body).bytes, snrDb: -10)
        link.handle(.heard(frame), at: .zero, into: &outputs)
        let due = try #require(link.nextDeadline)
        link.advance(to: due, into: &outputs)
        let sent = outputs.compactMap {
            if case .transmit(let frame) = $0 { frame.payload } else { nil }
        }
        guard case .whole(let copy) = LoRaFrame(try #require(sent.first)) else {
            Issue.record("no whole frame")
            return
        }
        let read = try CompactPacket.decode(copy, ShortNames())
        #expect(read.metadata.ttl == 1)
        #expect(read.metadata.hops == packet.metadata.hops + 1)
        #expect(read.payload == packet.payload)
    }
}

@Suite struct CompactPacketTests {
    @Test func nodesWithKeysAreSixteenOctets() throws {
        let node = try #require(NodeID(publicKey: [UInt8](repeating: 3, count: 32)))
        let short: [UInt8] = Array(0..<16)
        var names = ShortNames()
        names.learn(node, short: short)
        var packet = try LoRaLinkTests.packet(100)
        packet.source = node
        packet.route = [node.text]
        packet.destination = Packet.broadcast
        let bytes = CompactPacket.encode(packet, names, own: node)
        #expect(try CompactPacket.decode(bytes, names) == packet)
        // Of others the whole key: not everybody has heard their announcements.
        let passedOn = CompactPacket.encode(packet, names)
        #expect(passedOn.count == bytes.count + 17)
        #expect(try CompactPacket.decode(passedOn, ShortNames()).source == node)
        // 100 octets of payload, a signature, a UUID and one short id: some 60 of frame.
        #expect(bytes.count <= 230)
        let stranger = try CompactPacket.decode(bytes, ShortNames())
        #expect(stranger.source.text == "000102030405060708090a0b0c0d0e0f")
    }

    @Test func anAnnouncementCarriesTheWholeKey() throws {
        let node = try #require(NodeID(publicKey: [UInt8](repeating: 3, count: 32)))
        var packet = try LoRaLinkTests.packet(10)
        packet.source = node
        packet.route = [node.text]
        packet.metadata.type = "discovery"
        let bytes = CompactPacket.encode(packet, ShortNames())
        #expect(try CompactPacket.decode(bytes, ShortNames()).source == node)
    }

    @Test func everyValueComesBack() throws {
        let values: [String] = [
            "null", "true", "false", "0", "23", "24", "255", "256", "65536", "4294967296", "-1",
            "-1000", "1.5", "0.1", "-2.25e-7", "9007199254740991", "\"é ₤\"", "[]", "[1,[2,\"x\"]]",
            "{}", "{\"b\":1,\"a\":{\"c\":null}}", "{\"base64\":\"wNs=\"}",
        ]
        for text in values {
            let value = try JSONValue(parsing: text)
            var bytes: [UInt8] = []
            CBOR.append(value, to: &bytes)
            var reader = CBORReader(bytes)
            #expect(try reader.value() == value, "\(text)")
            #expect(reader.isAtEnd)
        }
    }

    /// RFC 8949 appendix A.
    @Test func knownEncodings() throws {
        let known: [(String, [UInt8])] = [
            ("10", [0x0A]), ("100", [0x18, 0x64]), ("1000", [0x19, 0x03, 0xE8]),
            ("-100", [0x38, 0x63]),
            ("1.1", [0xFB, 0x3F, 0xF1, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9A]),
            ("[1,2,3]", [0x83, 1, 2, 3]), ("\"IETF\"", [0x64, 0x49, 0x45, 0x54, 0x46]),
            ("{\"a\":1,\"b\":[2,3]}", [0xA2, 0x61, 0x61, 1, 0x61, 0x62, 0x82, 2, 3]),
        ]
        for (text, octets) in known {
            var bytes: [UInt8] = []
            CBOR.append(try JSONValue(parsing: text), to: &bytes)
            #expect(bytes == octets, "\(text)")
        }
    }
}

/// Every parser that reads from the air or a line, with noise and with damaged good input.
@Suite struct RadioFuzzTests {
    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func nothingTraps(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let packet = try LoRaLinkTests.packet(60)
        let good: [[UInt8]] = [
            CompactPacket.encode(packet, ShortNames()),
            LoRaFrame.whole(CompactPacket.encode(packet, ShortNames())).bytes,
            LoRaFrame.acknowledgement(transfer: 3, count: 4, received: 5).bytes,
            Array("+RCV=50,5,hello,-99,40\r\n+EVT:RXP2P:-60:8:C0DB\r\nradio_rx  4869\r\n".utf8),
            [0xC0, 0x23, 60, 0xC0, 0x00, 1, 0xDB, 0xDC, 0xC0],
            MeshtasticFraming.frame([0x12, 6, 0x22, 4, 0x08, 1, 0x12, 0]),
            CompactPacket.encode(packet, ShortNames(), own: packet.source),
            Array(
                "\u{2}\u{0}\u{1}\u{0}12345678{\"rxpk\":[{\"data\":\"aGk=\",\"freq\":868.1}]}".utf8),
        ]
        let settings = try Radios.settings()
        var engines: [any Modem] = [
            RNodeModem(settings), KISSModem(settings, dialect: .meshcore), EbyteModem(settings),
            GWMPServer(settings, seed: seed),
            SimulatedModem(settings, site: SimulatedModem.Site(), seed: seed),
            MeshtasticModem(settings, seed: seed),
        ]
        engines += ATDialect.allCases.map { ATModem(settings, dialect: $0) as any Modem }
        var link = LoRaLink(mtu: 222, modulation: try LoRaModulation(), seed: seed, at: .zero)
        var now = Instant(nanoseconds: 0)
        var outputs: [ModemOutput] = []
        for index in engines.indices { engines[index].handle(.opened, at: now, into: &outputs) }
        for round in 0..<600 {
            var octets = good[Int.random(in: good.indices, using: &random)]
            for _ in 0..<Int.random(in: 0...4, using: &random) where !octets.isEmpty {
                let place = Int.random(in: octets.indices, using: &random)
                octets[place] = UInt8.random(in: 0...255, using: &random)
            }
            if round % 5 == 0 { octets = octets.dropLast(Int(random.next() % 9)) }
            if round % 3 == 0 {
                octets = (0..<Int.random(in: 0...300, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
            }
            now = now + .milliseconds(Int64.random(in: 0...400, using: &random))
            for index in engines.indices {
                engines[index].handle(.bytes(octets), at: now, into: &outputs)
                engines[index].handle(
                    .datagram(octets, from: DatagramPeer(octets: [1])), at: now, into: &outputs)
                engines[index].advance(to: now, into: &outputs)
            }
            var linked: [LoRaLink.Output] = []
            link.handle(.heard(ReceivedFrame(payload: octets)), at: now, into: &linked)
            link.advance(to: now, into: &linked)
            outputs.removeAll(keepingCapacity: true)
            _ = GWMPBody.received(octets)
            _ = GWMPBody.order(octets)
            _ = ProtobufMessage(octets)
            _ = Transmission(line: octets.span)
        }
        #expect(engines.count == 10)
    }
}
