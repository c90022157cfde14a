import KosCapture
import KosCore
import Testing

@Suite struct MeshViewTests {
    private static let places: [String: [UInt8]] = [
        "a": [10, 0, 0, 1], "b": [10, 0, 0, 2], "c": [10, 0, 0, 3],
    ]

    /// A frame in which `from` hands the packet `id` to `to`, at `time` ms.
    private func hop(
        _ id: String, _ from: String, _ to: String, route: [String], destination: String = "c"
    ) -> [UInt8] {
        let packet = Octets.packet(
            id, from: route[0], to: destination, route: route, hops: route.count)
        return Octets.ethernet(
            Octets.ip(
                Octets.udp(packet, from: 47470), protocol: 17,
                from: MeshViewTests.places[from] ?? [],
                to: MeshViewTests.places[to] ?? []))
    }

    private func report(_ frames: [[UInt8]]) -> [ReportRecord] {
        var report = Report(scopes: [.total, .node])
        let capture = ReadCapture(Octets.pcap(frames))
        for (frame, octets) in zip(capture.frames, capture.octets) {
            var frame = frame
            let shift = frame.payloadEnd - octets.count
            frame.payloadStart -= shift
            frame.payloadEnd -= shift
            report.add(frame, octets.span) { _ in }
        }
        var records: [ReportRecord] = []
        report.finish(file: nil, flow: { _ in }) { records.append($0) }
        return records
    }

    @Test func fatesOfPackets() throws {
        let records = report([
            hop("1", "a", "b", route: ["a"]), hop("1", "b", "c", route: ["a", "b"]),
            hop("2", "a", "b", route: ["a"]), hop("2", "a", "b", route: ["a"]),
            hop("3", "c", "b", route: ["c"], destination: "b"),
            hop("4", "a", "b", route: ["a"]), hop("4", "b", "c", route: ["a", "b"]),
        ])
        let total = try #require(records.first)
        #expect(total.packets == 7)
        #expect(total.figures["messages"]?.integer == 4)
        #expect(total.figures["delivered"]?.integer == 3)
        #expect(total.figures["lost"]?.integer == 1)
        #expect(total.figures["lossRatio"]?.number == 0.25)
        #expect(total.figures["duplicates"]?.integer == 1)
        #expect(total.figures["latencyMs"]?.object?["p50"]?.number == 1000)
        let relay = try #require(records.first { $0.subject["nodeId"]?.string == "b" })
        #expect(relay.figures["forwarded"]?.integer == 2)
        #expect(relay.figures["dropped"]?.integer == 1)
    }

    @Test func percentilesAreWithinOnePercent() {
        var histogram = Histogram()
        var random = SplitMix64(seed: 11)
        var values = (0..<5000).map { _ in Int64.random(in: 0...1 << 40, using: &random) }
        values.append(Int64.max)
        values.removeLast()
        for value in values { histogram.add(value) }
        values.sort()
        for share in [0.01, 0.5, 0.95, 0.99, 1] {
            let exact = Double(values[min(4999, Int((share * 5000).rounded(.up)) - 1)])
            let given = histogram.percentile(share) ?? 0
            #expect(abs(given - exact) <= exact * 0.008 + 1, "share \(share)")
        }
        histogram.add(.max)
        #expect(histogram.max == .max)
    }

    @Test func differences() throws {
        var diff = CaptureDiff(key: .id)
        func add(_ frames: [[UInt8]], _ side: CaptureDiff.Side) {
            let capture = ReadCapture(Octets.pcap(frames))
            for (frame, octets) in zip(capture.frames, capture.octets) {
                var frame = frame
                let shift = frame.payloadEnd - octets.count
                frame.payloadStart -= shift
                frame.payloadEnd -= shift
                diff.add(frame, octets.span, to: side)
            }
        }
        add(["1", "2", "3", "4"].map { hop($0, "a", "b", route: ["a"]) }, .first)
        add(["2", "1", "4", "4", "5"].map { hop($0, "b", "c", route: ["a", "b"]) }, .second)
        let result = DiffResult(diff, offset: 0)
        #expect(result.compared == 4)
        #expect(result.matched == 3)
        #expect(result.counts == [.lost: 1, .extra: 1, .duplicated: 1, .reordered: 1])
        #expect(!result.isEqual)
    }
}
