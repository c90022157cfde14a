import KosCore
import Testing

@Suite struct SessionDescriptionTests {
    /// As Chromium writes an offer for one data channel (shortened to what it says), and a line of
    /// video in front of it.
    private static let browser = """
        v=0\r
        o=- 4611731400430051336 2 IN IP4 127.0.0.1\r
        s=-\r
        t=0 0\r
        a=group:BUNDLE 0 1\r
        a=extmap-allow-mixed\r
        a=msid-semantic: WMS\r
        m=video 9 UDP/TLS/RTP/SAVPF 96\r
        c=IN IP4 0.0.0.0\r
        a=mid:0\r
        a=ice-ufrag:vvvv\r
        a=ice-pwd:VideoVideoVideoVideoVideo\r
        m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r
        c=IN IP4 0.0.0.0\r
        a=candidate:1 1 udp 2113937151 6b1f0c1e-1111.local 51472 typ host generation 0\r
        a=candidate:2 1 udp 2113937151 192.0.2.7 51473 typ host generation 0 network-cost 999\r
        a=candidate:3 1 tcp 1518280447 192.0.2.7 9 typ host tcptype active\r
        a=ice-ufrag:9+kU\r
        a=ice-pwd:tj5jA7kKCmGfSTRuJqqGv4Oe\r
        a=ice-options:trickle\r
        a=fingerprint:sha-256 \
        4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:\
        19:E5:7C:AB:3B:5C:6D:7E:8F:90:A1:B2:C3:D4:E5:F6\r
        a=setup:actpass\r
        a=mid:1\r
        a=sctp-port:5000\r
        a=max-message-size:262144\r

        """

    @Test func aBrowsersOfferIsRead() throws {
        let offer = try SessionDescription(Self.browser)
        #expect(offer.credentials.fragment == "9+kU")
        #expect(offer.setup == .actpass)
        #expect(offer.maxMessage == 262144)
        #expect(offer.mid == "1")
        #expect(offer.fingerprint.octets.count == 32)
        // Names in place of addresses, and TCP, are left out.
        #expect(offer.candidates.map { "\($0.address)" } == ["192.0.2.7:51473"])
    }

    @Test func theAnswerRefusesWhatItDoesNotCarry() throws {
        let offer = try SessionDescription(Self.browser)
        let credentials = ICECredentials(secret: Array(0..<32))
        let ip = try #require(IPAddress("2001:db8::1"))
        let own = ICECandidate(local: .host, ContactAddress(ip: ip, port: 47470), rank: 0)
        for isLite in [true, false] {
            let answer = offer.answer(
                credentials: credentials, fingerprint: offer.fingerprint, candidates: [own],
                isLite: isLite)
            #expect(answer.setup == (isLite ? .passive : .active))
            let lines = answer.text.split(separator: "\r\n")
            let media = lines.filter { $0.hasPrefix("m=") }
            #expect(
                media == [
                    "m=video 0 UDP/TLS/RTP/SAVPF 96",
                    "m=application 47470 UDP/DTLS/SCTP webrtc-datachannel",
                ])
            #expect(lines.contains("a=group:BUNDLE 1"))
            #expect(lines.contains("a=ice-lite") == isLite)
            let again = try SessionDescription(answer.text)
            #expect(again.credentials == credentials)
            #expect(again.candidates.map(\.address) == [own.address])
            #expect(again.isLite == isLite)
            #expect(again.setup == answer.setup)
        }
    }

    @Test(arguments: [
        ("v=0", "v=1", SessionDescription.Flaw.notOne),
        ("m=application", "m=audio", .noChannel),
        ("a=ice-pwd:tj5jA7kKCmGfSTRuJqqGv4Oe", "a=ice-pwd:short", .noCredentials),
        ("sha-256 ", "sha-1 ", .noFingerprint), (":E5:F6", ":E5", .noFingerprint),
        ("a=setup:actpass", "a=setup:holdconn", .badSetup),
    ])
    func whatCannotBeAnsweredIsSaid(
        _ from: String, _ to: String, _ flaw: SessionDescription.Flaw
    ) {
        let text = Self.browser.replacing(from, with: to)
        #expect(text != Self.browser)
        #expect(throws: flaw) { try SessionDescription(text) }
    }

    @Test func longOnesAreRefusedAndBrokenOnesHarmless() {
        let long = Self.browser + String(repeating: "a=x\r\n", count: 20_000)
        #expect(throws: SessionDescription.Flaw.tooLong) { try SessionDescription(long) }
        var random = SplitMix64(seed: 11)
        let octets = Array(Self.browser.utf8)
        var accepted = 0
        for _ in 0..<2000 {
            var broken = octets
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let at = Int.random(in: 0..<broken.count, using: &random)
                broken[at] = UInt8.random(in: 0...127, using: &random)
            }
            if Bool.random(using: &random) {
                broken.removeLast(Int.random(in: 1..<broken.count, using: &random))
            }
            let read = try? SessionDescription(String(decoding: broken, as: UTF8.self))
            guard let read else { continue }
            accepted += 1
            #expect(read.candidates.count <= SessionDescription.maxCandidates)
        }
        #expect(accepted > 100)
    }

    @Test func candidatesThatComeLaterBelongToTheirSession() throws {
        let offer = try SessionDescription(Self.browser)
        let line =
            "a=candidate:7 1 UDP 1694498815 198.51.100.3 700 typ srflx raddr 10.0.0.1 rport 9\r\n"
        let good = SessionDescription.candidates(
            fragment: "a=ice-ufrag:9+kU\r\n" + line, of: offer.credentials)
        #expect(good?.map(\.kind) == [.serverReflexive])
        let other = SessionDescription.candidates(
            fragment: "a=ice-ufrag:else\r\n" + line, of: offer.credentials)
        #expect(other == nil)
    }

    @Test func candidatesAreWrittenAsTheyAreRead() throws {
        let ip = try #require(IPAddress("10.0.0.1"))
        let base = ContactAddress(ip: ip, port: 5)
        for kind in [ICECandidate.Kind.host, .serverReflexive] {
            let candidate = ICECandidate(local: kind, base, rank: 1, base: base)
            let again = try #require(ICECandidate("candidate:" + candidate.text))
            #expect(again.address == base && again.kind == kind)
            #expect(again.priority == candidate.priority)
        }
        // RFC 8445 §5.1.2.1 for a host candidate of the highest preference.
        #expect(ICECandidate.priority(.host, rank: 0) == 2_130_706_431)
    }
}
