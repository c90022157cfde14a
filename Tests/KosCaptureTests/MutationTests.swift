import KosCapture
import KosCore
import Testing

/// What Tests/Fuzz looks for at length, in short: frames of every link type and protocol, with
/// octets changed from a seed, end in valid records, whatever the analysis made of them before.
@Suite("Frames with changed octets") struct MutationTests {
    private static let links: [UInt16] = [
        0, 1, 9, 101, 104, 105, 113, 127, 147, 149, 187, 192, 195, 201, 215, 228, 229, 230, 239,
        251,
        254, 256, 270, 276, 283,
    ]
    private static let ports = [
        53, 67, 123, 161, 654, 698, 2152, 3544, 4242, 4789, 5353, 6081, 6696, 6881, 7946, 47470,
    ]
    private static let bodies: [[UInt8]] = [
        Array("{\"id\":\"x\",\"source\":\"a\",\"destination\":\"b\",\"payload\":1}".utf8),
        Array("d1:ad2:id20:AAAAAAAAAAAAAAAAAAAAe1:q4:ping1:t2:aa1:y1:qe".utf8),
        [0, 28, 0, 11, 1, 5, 0, 24, 10, 0, 0, 1, 1, 0, 0, 7, 0, 0, 7, 3, 6, 0, 0, 8, 10, 0, 0, 2],
        [42, 2, 0, 8, 4, 6, 0, 0, 0, 1, 1, 0x90],
        [0xE0, 0x11, 0, 1, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18],
        [0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 97, 0, 0, 1, 0, 1, 0xC0, 12, 0, 1, 0, 1],
    ]

    @Test(arguments: [UInt64(1), 2, 3, 4]) func everyLineIsARecord(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var fragments = FragmentTable()
        var report = Report(scopes: [.total, .flow, .node, .link, .interval])
        var topology = Topography()
        var frame = CapturedFrame()
        var text = FrameText()
        for number in 1...1500 {
            let octets = MutationTests.frame(&random)
            let type = MutationTests.links[Int(random.next() % UInt64(MutationTests.links.count))]
            let interface = CaptureInterface(
                linkType: LinkType(rawValue: random.next() % 2 == 0 ? 1 : type), snapshotLength: 0)
            let packet = CapturedPacket(
                number: number, interface: 0, time: Int64(number) * 1_000_000,
                lengthBytes: octets.count + Int(random.next() % 3), range: 0..<octets.count)
            let isWhole = fragments.dissect(
                packet, of: interface, in: octets.span, into: &frame)
            let bytes = isWhole ? fragments.datagram : octets
            text.open(frame, interface: FrameText.quoted("x"))
            var line = JSONWriter()
            line.append(text.bytes.span)
            FrameDetails.write(frame, bytes.span, to: &line)
            line.endRecord()
            try MutationTests.expectRecord(line.bytes, "seed \(seed), frame \(number): \(octets)")
            report.add(frame, bytes.span) { _ in }
            topology.add(frame, bytes.span)
        }
        try report.finish(file: "x") {
            try MutationTests.expectRecord($0.line, "seed \(seed), a flow")
        } _: {
            try MutationTests.expectRecord($0.line, "seed \(seed), a report")
        }
        topology.finish()
        for link in topology.mesh.linkRecords(at: 0) {
            try MutationTests.expectRecord(link.line, "seed \(seed), a link")
        }
    }

    private static func frame(_ random: inout SplitMix64) -> [UInt8] {
        let body = bodies[Int(random.next() % UInt64(bodies.count))]
        let port = ports[Int(random.next() % UInt64(ports.count))]
        let flags = random.next() % 4 == 0 ? Int(random.next() & 0x3FFF) : 0
        var octets = Octets.ethernet(
            Octets.ip(Octets.udp(body, from: port, to: port), protocol: 17, fragment: flags))
        if random.next() % 3 == 0 { octets = Array(octets.dropFirst(14)) }
        if random.next() % 3 == 0 { octets = body }
        for _ in 0..<(random.next() % 6) {
            octets[Int(random.next() % UInt64(octets.count))] = UInt8(
                truncatingIfNeeded: random.next())
        }
        if random.next() % 4 == 0 {
            octets.removeLast(Int(random.next() % UInt64(octets.count)))
        }
        return octets
    }

    private static func expectRecord(_ line: [UInt8], _ what: String) throws {
        let record = try? JSONObject(parsing: line.span.extracting(..<(line.count - 1)))
        try #require(record != nil, "\(what)")
        #expect(line.dropLast().allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "\(what)")
    }
}
