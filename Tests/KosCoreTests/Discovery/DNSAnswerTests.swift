import KosCore
import Testing

@Suite struct DNSAnswerTests {
    /// An answer to `_kos._tcp.example.org`: two SRV and a TXT record, all names by pointers.
    private var message: [UInt8] {
        var octets: [UInt8] = [0x12, 0x34, 0x81, 0x80, 0, 1, 0, 3, 0, 0, 0, 0]
        octets += name("_kos", "_tcp", "example", "org") + [0, 33, 0, 1]
        let fixed: [UInt8] = [0xC0, 12]
        // Priority 20 first in the message, tried last.
        octets += fixed + [0, 33, 0, 1, 0, 0, 0, 60, 0, 12]
        octets += [0, 20, 0, 5, 0xB9, 0x6E, 3] + Array("far".utf8) + [0xC0, 22]
        octets += fixed + [0, 33, 0, 1, 0, 0, 0, 60, 0, 13]
        octets += [0, 10, 0, 5, 0xB9, 0x6F, 4] + Array("near".utf8) + [0xC0, 22]
        let text = "endpoints=ws://relay.example.org:47480/"
        octets += fixed + [0, 16, 0, 1, 0, 0, 0, 60, 0, UInt8(text.utf8.count + 1)]
        return octets + [UInt8(text.utf8.count)] + Array(text.utf8)
    }

    private func name(_ labels: String...) -> [UInt8] {
        labels.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
    }

    @Test func endpointsComeFromTextsThenFromServicesByPriority() throws {
        let answer = try #require(DNSAnswer(message))
        #expect(answer.services.map(\.target) == ["near.example.org", "far.example.org"])
        #expect(
            answer.endpoints.map(\.description) == [
                "ws://relay.example.org:47480/", "tcp://near.example.org:47471",
                "tcp://far.example.org:47470",
            ])
    }

    @Test func cutAndTwistedAnswersAreNoAnswersOrShorterOnes() throws {
        for end in 0..<message.count { #expect(DNSAnswer(Array(message.prefix(end))) == nil) }
        var loop = message
        loop[12] = 0xC0
        loop[13] = 12
        #expect(DNSAnswer(loop) == nil)
        var random = SplitMix64(seed: 11)
        for _ in 0..<20_000 {
            var broken = message
            for _ in 0..<3 {
                let at = Int.random(in: 0..<broken.count, using: &random)
                broken[at] = UInt8.random(in: 0...255, using: &random)
            }
            if let answer = DNSAnswer(broken) { #expect(answer.endpoints.count <= 64 * 17) }
        }
    }
}
