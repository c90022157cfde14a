import KosCore
import Testing

/// The short way of scanning packets, judged by the long one, over packets and damage from a seed.
struct PacketShapeTests {
    private static func packet(_ dice: inout SplitMix64) -> String {
        func text(_ length: Int) -> String {
            let letters = Array("abc XYZ019-_{}[]:,")
            return String((0..<length).map { _ in letters.randomElement(using: &dice) ?? "a" })
        }
        let special = ["", "", "", "", "é", #"\n"#, #"\""#, "\u{1F600}"]
        let payload = text(Int.random(in: 0...300, using: &dice))
        let more = special.randomElement(using: &dice) ?? ""
        let route = (0...Int.random(in: 0...2, using: &dice)).map { #""node\#($0)""# }
        let hops = [0, 1, 9, 10, 99, 255, 256].randomElement(using: &dice) ?? 0
        let ttl = [0, 7, 8, 32, 255].randomElement(using: &dice) ?? 0
        let id = text(Int.random(in: 0...80, using: &dice)).filter { $0 != " " }
        let time = Int.random(in: 10000...99999, using: &dice)
        let target = Int.random(in: 0...200, using: &dice)
        return #"{"id":"\#(id)","version":1,"timestamp":17953374\#(time),"#
            + #""source":"z\#(text(4))","destination":"n\#(target)","#
            + #""payload":"\#(payload)\#(more)","options":{"a":["\#(text(3))",1]},"#
            + #""route":[\#(route.joined(separator: ","))],"#
            + #""metadata":{"hops":\#(hops),"ttl":\#(ttl),"priority":3,"type":"data","#
            + #""flags":["ack"]},"signature":"\#(text(20))"}"#
    }

    /// All that forwarding knows of a packet, and what it makes of it.
    private static func figures(_ scan: PacketScan, _ text: borrowing Span<UInt8>) -> [String] {
        var line: [UInt8] = []
        scan.forward(text, appending: Array(#""here""#.utf8), into: &line)
        return [
            scan.id.string(in: text), scan.source.string(in: text),
            scan.destination.string(in: text), scan.type.string(in: text),
            "\(scan.hops) \(scan.ttl) \(scan.priority) \(scan.routeCount)",
            "\(scan.isSourceRouted) \(scan.wantsReceipt) \(scan.isSigned)",
            "\(scan.route(text) ?? [])", String(decoding: line, as: UTF8.self),
        ]
    }

    @Test func findsWhatTheLongWayFinds() throws {
        var dice = SplitMix64(seed: 11)
        var scanner = PacketScanner()
        var reader = JSONReader()
        var matched = 0
        for _ in 0..<20_000 {
            var octets = Array((PacketShapeTests.packet(&dice) + "\n").utf8)
            if Int.random(in: 0...3, using: &dice) == 0 {
                octets[Int.random(in: 0..<octets.count, using: &dice)] = UInt8.random(
                    in: 0...255, using: &dice)
            }
            let run = octets.span
            let end = run.firstOffset(of: 0x0A, from: 0) ?? octets.count
            let line = run.extracting(0..<end)
            let judged = try? PacketScan(line, using: &reader)
            if let (scan, range) = scanner.next(run, from: 0) {
                matched += 1
                #expect(range == 0..<end)
                let judge = try #require(judged, "taken, and is no packet")
                let figures = PacketShapeTests.figures(judge, line)
                #expect(PacketShapeTests.figures(scan, line) == figures)
            } else {
                let scan = try? scanner.scan(line)
                #expect((scan == nil) == (judged == nil))
            }
        }
        #expect(matched > 1_000)
    }

    @Test func takesNothingBehindTheEnd() throws {
        var dice = SplitMix64(seed: 12)
        var scanner = PacketScanner()
        for _ in 0..<200 {
            let octets = Array(PacketShapeTests.packet(&dice).utf8)
            _ = try? scanner.scan(octets.span)
            for length in 0...octets.count {
                #expect(scanner.next(octets.span.extracting(0..<length), from: 0) == nil)
            }
        }
    }
}
