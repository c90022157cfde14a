import KosCore
import Testing

/// RFC 6455 and RFC 7692 from the documents: their own examples, and every place at which a stream
/// may be cut.
@Suite struct WebSocketTests {
    private func reader(
        isServer: Bool = false, maxMessage: Int = 1 << 20, makesLines: Bool = false,
        deflate: DeflateAgreement? = nil
    ) -> WebSocketReader {
        WebSocketReader(
            isServer: isServer, maxMessage: maxMessage, makesLines: makesLines, deflate: deflate)
    }

    /// What a reader makes of octets that come in pieces of `step`.
    private func read(
        _ octets: [UInt8], step: Int, with reader: WebSocketReader
    ) -> (messages: [WebSocketReader.Message], controls: [WebSocketReader.Control], code: UInt16?) {
        var reader = reader
        var place = 0
        var messages: [WebSocketReader.Message] = []
        var controls: [WebSocketReader.Control] = []
        while place < octets.count {
            let end = min(octets.count, place + step)
            do throws(WebSocketReader.Violation) {
                try reader.read(octets.span.extracting(place..<end))
            } catch {
                return (
                    messages + reader.takeMessages(), controls + reader.takeControls(), error.code
                )
            }
            messages += reader.takeMessages()
            controls += reader.takeControls()
            place = end
        }
        return (messages, controls, nil)
    }

    private func text(_ string: String) -> WebSocketReader.Message {
        WebSocketReader.Message(isText: true, octets: Array(string.utf8))
    }

    /// RFC 6455 §5.7.
    @Test(arguments: 1...12) func examplesOfTheStandard(step: Int) {
        let unmasked: [UInt8] = [0x81, 5, 0x48, 0x65, 0x6C, 0x6C, 0x6F]
        #expect(read(unmasked, step: step, with: reader()).messages == [text("Hello")])
        let masked: [UInt8] = [
            0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58,
        ]
        #expect(
            read(masked, step: step, with: reader(isServer: true)).messages == [text("Hello")])
        let fragments: [UInt8] = [1, 3, 0x48, 0x65, 0x6C, 0x89, 1, 0x21, 0x80, 2, 0x6C, 0x6F]
        let result = read(fragments, step: step, with: reader())
        #expect(result.messages == [text("Hello")])
        #expect(result.controls == [.ping([0x21])])
    }

    /// RFC 7692 §7.2.3: one block, two blocks in fragments, the window kept, a last block, stored.
    @Test(arguments: 1...16) func compressedExamplesOfTheStandard(step: Int) throws {
        let agreement = try #require(DeflateAgreement(offers: ["permessage-deflate"]))
        let octets: [UInt8] =
            [0xC1, 7, 0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]
            + [0x41, 3, 0xF2, 0x48, 0xCD, 0x80, 4, 0xC9, 0xC9, 0x07, 0x00]
            + [0xC1, 5, 0xF2, 0x00, 0x11, 0x00, 0x00]
            + [0xC1, 11, 0, 5, 0, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0]
            + [0xC1, 8, 0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00]
        let result = read(octets, step: step, with: reader(deflate: agreement))
        #expect(result.code == nil)
        #expect(result.messages == Array(repeating: text("Hello"), count: 5))
    }

    @Test(
        arguments: [
            ([0x91, 0], 1002), ([0xC1, 0], 1002), ([0x83, 0], 1002), ([0x8B, 0], 1002),
            ([0x80, 0], 1002), ([0x09, 0], 1002), ([0x89, 126, 0, 126], 1002),
            ([0x01, 0, 0x81, 0], 1002), ([0x81, 0x80, 0, 0, 0, 0], 1002),
            ([0x81, 126, 0, 5], 1002), ([0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 0], 1002),
            ([0x81, 127, 0x10, 0, 0, 0, 0, 0, 0, 0], 1009), ([0x88, 1, 3], 1002),
            ([0x88, 2, 0x03, 0xEC], 1002), ([0x88, 2, 0x03, 0xE7], 1002),
            ([0x88, 3, 0x03, 0xE8, 0xFF], 1007), ([0x81, 1, 0xC0], 1007), ([0x81, 1, 0xE2], 1007),
            ([0x81, 3, 0xED, 0xA0, 0x80], 1007), ([0x81, 4, 0xF4, 0x90, 0x80, 0x80], 1007),
            ([0x01, 2, 0xE2, 0x82, 0x80, 1, 0x41], 1007),
        ] as [([UInt8], UInt16)])
    func whatBreaksARuleEndsWithItsCode(octets: [UInt8], code: UInt16) {
        for step in [1, 2, octets.count] {
            #expect(read(octets, step: step, with: reader()).code == code)
        }
    }

    @Test func invalidTextIsRefusedBeforeItsEnd() {
        // 100 octets are promised; the third is wrong.
        #expect(read([0x81, 100, 0x41, 0xC3, 0x41], step: 1, with: reader()).code == 1007)
    }

    @Test func fragmentsCountTogether() {
        let frame: [UInt8] = [0x00, 100] + [UInt8](repeating: 0x61, count: 100)
        var octets: [UInt8] = [0x01, 0]
        for _ in 0..<11 { octets += frame }
        #expect(read(octets, step: 7, with: reader(maxMessage: 1099)).code == 1009)
        #expect(read(octets, step: 7, with: reader(maxMessage: 1100)).code == nil)
    }

    @Test func inflationIsBounded() throws {
        let agreement = try #require(DeflateAgreement(offers: ["permessage-deflate"]))
        var writer = WebSocketWriter(isClient: false, deflate: agreement)
        var frames: [UInt8] = []
        var dice = SplitMix64(seed: 1)
        writer.write(
            .binary, [UInt8](repeating: 0, count: 100_000).span, into: &frames, using: &dice)
        #expect(frames.count < 1000)
        let strict = reader(maxMessage: 99_999, deflate: agreement)
        #expect(read(frames, step: 100, with: strict).code == 1009)
        let exact = read(frames, step: 100, with: reader(maxMessage: 100_000, deflate: agreement))
        #expect(exact.messages.first?.octets.count == 100_000)
    }

    @Test func linesHaveNoNewlineInside() throws {
        var subject = reader(makesLines: true)
        try subject.read(([0x81, 4] + Array("a\nb\n".utf8)).span)
        #expect(subject.takeLines() == Array("a b \n".utf8))
        // A message that is not whole stays until it is.
        try subject.read(([0x81, 1, 0x63, 0x81, 2, 0x64] as [UInt8]).span)
        #expect(subject.takeLines() == Array("c\n".utf8))
        try subject.read(([0x65] as [UInt8]).span)
        #expect(subject.takeLines() == Array("de\n".utf8))
    }

    /// Whatever is written is read again: sizes at each border of the length field, both sides,
    /// every agreement, cut anywhere.
    @Test func whatIsWrittenIsReadAgain() throws {
        var dice = SplitMix64(seed: 20_261_122)
        let offers = [
            nil, "permessage-deflate", "permessage-deflate; server_no_context_takeover",
            "permessage-deflate; client_no_context_takeover; server_max_window_bits=9",
        ]
        for offer in offers {
            let agreement = offer.flatMap { DeflateAgreement(offers: [$0]) }
            #expect((agreement == nil) == (offer == nil))
            for isClient in [true, false] {
                var writer = WebSocketWriter(isClient: isClient, deflate: agreement)
                var frames: [UInt8] = []
                var sent: [WebSocketReader.Message] = []
                for size in [0, 1, 31, 32, 125, 126, 127, 600, 65_535, 65_536, 70_000, 600, 600] {
                    let isNoise = Bool.random(using: &dice)
                    let octets = (0..<size).map { place in
                        isNoise
                            ? UInt8.random(in: 0...255, using: &dice)
                            : UInt8(truncatingIfNeeded: place % 61 &* 7)
                    }
                    writer.write(.binary, octets.span, into: &frames, using: &dice)
                    sent.append(WebSocketReader.Message(isText: false, octets: octets))
                }
                for step in [1 + Int.random(in: 0..<40, using: &dice), 4096, frames.count] {
                    let result = read(
                        frames, step: step, with: reader(isServer: isClient, deflate: agreement))
                    #expect(result.code == nil, "\(offer ?? "") \(isClient) \(step)")
                    #expect(result.messages == sent, "\(offer ?? "") \(isClient) \(step)")
                }
            }
        }
    }

    @Test(arguments: [
        ("permessage-deflate", "permessage-deflate"),
        ("foo, permessage-deflate; client_max_window_bits", "permessage-deflate"),
        (
            "permessage-deflate; server_max_window_bits=10",
            "permessage-deflate; server_max_window_bits=10"
        ),
        (
            "permessage-deflate; server_max_window_bits=7, permessage-deflate; client_no_context_takeover",
            "permessage-deflate; client_no_context_takeover"
        ),
    ]) func offersAreAnswered(offer: String, answer: String) {
        #expect(DeflateAgreement(offers: [offer])?.answer == answer)
    }

    @Test(arguments: [
        "", "x-webkit-deflate-frame", "permessage-deflate; unknown",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=010",
        "permessage-deflate; client_max_window_bits=7",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
    ]) func badOffersAreDeclined(offer: String) {
        #expect(DeflateAgreement(offers: [offer]) == nil)
    }

    /// A seeded storm of octets and of damaged frames: a violation or messages, never a trap, and
    /// never more held than a message may have.
    @Test func noiseIsRefused() throws {
        var dice = SplitMix64(seed: 7)
        let agreement = try #require(DeflateAgreement(offers: ["permessage-deflate"]))
        var refused = 0
        for round in 0..<2000 {
            var writer = WebSocketWriter(isClient: true, deflate: round % 2 == 0 ? agreement : nil)
            var frames: [UInt8] = []
            for _ in 0..<3 {
                let octets = Array(
                    repeating: UInt8(0x61), count: Int.random(in: 0...200, using: &dice))
                writer.write(.text, octets.span, into: &frames, using: &dice)
            }
            for _ in 0..<Int.random(in: 1...4, using: &dice) {
                frames[Int.random(in: 0..<frames.count, using: &dice)] = UInt8.random(
                    in: 0...255, using: &dice)
            }
            let result = read(
                frames, step: 13,
                with: reader(isServer: true, maxMessage: 4096, deflate: agreement))
            if result.code != nil { refused += 1 }
        }
        #expect(refused > 500)
    }
}
