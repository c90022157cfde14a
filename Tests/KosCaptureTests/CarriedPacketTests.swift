import KosCapture
import KosCore
import Testing

@Suite struct CarriedPacketTests {
    private static let one = Octets.packet("p1", from: "a", to: "b", route: ["a"], hops: 0)
    private static let two = Octets.packet("p2", from: "a", to: "b", route: ["a"], hops: 0)

    /// The packets found in segments (offset into the stream, octets) of one direction.
    private func found(
        _ segments: [(Int, [UInt8])], opened: Bool = true
    ) -> [CarriedPacket] {
        var frames: [[UInt8]] = []
        if opened {
            frames.append(
                Octets.ethernet(
                    Octets.ip(Octets.tcp([], sequence: 0xFFFF_FFF0, flags: 2), protocol: 6)))
        }
        for (offset, octets) in segments {
            let sequence = (0xFFFF_FFF1 + offset) & 0xFFFF_FFFF
            frames.append(
                Octets.ethernet(
                    Octets.ip(Octets.tcp(octets, sequence: sequence), protocol: 6)))
        }
        var streams = StreamTable()
        var packets: [CarriedPacket] = []
        let capture = ReadCapture(Octets.pcap(frames))
        for (frame, octets) in zip(capture.frames, capture.octets) {
            // The frame's offsets are those of the reader's window; here each has its own array.
            var frame = frame
            let shift = frame.payloadEnd - octets.count
            frame.payloadStart -= shift
            frame.payloadEnd -= shift
            streams.read(frame, octets.span) { packets.append($0) }
        }
        return packets
    }

    @Test func linesInAnyOrder() {
        let stream = CarriedPacketTests.one + [0x0A] + CarriedPacketTests.two + [0x0D, 0x0A]
        var random = SplitMix64(seed: 5)
        for _ in 0..<50 {
            var cuts = Set((0..<6).map { _ in Int.random(in: 1..<stream.count, using: &random) })
            cuts.formUnion([0, stream.count])
            let places = cuts.sorted()
            var segments = zip(places, places.dropFirst()).map { ($0, Array(stream[$0..<$1])) }
            segments.shuffle(using: &random)
            segments.append(segments[0])
            #expect(
                found(segments).map(\.octets) == [CarriedPacketTests.one, CarriedPacketTests.two])
        }
    }

    @Test func aHoleThatStaysCostsOneLine() {
        let line = CarriedPacketTests.one + [0x0A]
        let filler = [UInt8](repeating: 0x20, count: 1400)
        var segments = [(0, Array(line[..<20]))]
        // The rest of the line never comes; 70 KiB later the stream is taken up again.
        var at = line.count
        for _ in 0..<60 {
            segments.append((at, filler))
            at += filler.count
        }
        segments.append((at, [0x0A] + CarriedPacketTests.two + [0x0A]))
        #expect(found(segments).map(\.octets) == [CarriedPacketTests.two])
    }

    @Test func startedInTheMiddle() {
        let tail = Array("rest of a line\"}\n".utf8) + CarriedPacketTests.two + [0x0A]
        #expect(found([(0, tail)], opened: false).map(\.octets) == [CarriedPacketTests.two])
    }

    @Test func webSocketAndHTTP() {
        let head = Array("GET / HTTP/1.1\r\nUpgrade: WebSocket\r\n\r\n".utf8)
        let mask: [UInt8] = [1, 2, 3, 4]
        func frame(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] {
            [first, 0x80 | 126] + Octets.be16(payload.count) + mask
                + payload.enumerated().map { $1 ^ mask[$0 % 4] }
        }
        let whole = CarriedPacketTests.one
        // A fragmented message with a ping between its frames, then a whole one.
        let stream =
            head + frame(1, Array(whole[..<50])) + [0x89, 0x80] + mask
            + frame(0x80, Array(whole[50...])) + frame(0x81, CarriedPacketTests.two)
        for step in [1, 3, 1000] {
            let pieces = stride(from: 0, to: stream.count, by: step).map {
                ($0, Array(stream[$0..<min(stream.count, $0 + step)]))
            }
            let packets = found(pieces)
            #expect(packets.map(\.octets) == [whole, CarriedPacketTests.two])
            #expect(packets.allSatisfy { $0.transport == .ws })
        }
        let chunk = String(whole.count, radix: 16)
        let post =
            Array(
                ("POST /p HTTP/1.1\r\nContent-Type: application/json\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n")
                    .utf8) + Array("\(chunk);x=1\r\n".utf8) + whole + Array("\r\n0\r\n\r\n".utf8)
        #expect(found([(0, post + post)]).map(\.octets) == [whole, whole])
        #expect(found([(0, post)]).first?.transport == .http)
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n\u{1}\u{7F}\u{7F}\u{7F}\u{7F}",
        "POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
    ])
    func hostileStreamsGiveNothing(text: String) {
        #expect(found([(0, Array(text.utf8))]).isEmpty)
    }

    @Test func recordIsOneCleanLine() throws {
        let raw = Array(
            """
            {"id":"x",
             "source":"a\u{202E}b","destination":"c","capture":1,"payload":{}}
            """.utf8)
        var reader = JSONReader()
        var writer = JSONWriter()
        let head = try #require(PacketHead(raw.span, using: &reader))
        FoundPacket(head: head, octets: raw, transport: .ws, finding: nil)
            .write(CapturedFrame(), interface: Array("null".utf8), to: &writer)
        #expect(head.id == "x")
        let line = String(decoding: writer.bytes, as: UTF8.self)
        #expect(line.filter { $0 == "\n" }.count == 1)
        #expect(line.contains("a\\u202eb"))
        let object = try JSONObject(parsing: Array(writer.bytes.dropLast()).span)
        #expect(object["capture"]?.object?["transport"]?.string == "ws")
        for bad in ["{\"id\":\"x\"", "{\"id\":1,\"source\":\"a\"}", "[]", "{\"id\":\"\u{7}\"}"] {
            #expect(PacketHead(Array(bad.utf8).span, using: &reader) == nil)
        }
    }
}
