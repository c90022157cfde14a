import KosCore
import Testing

struct ValueTests {
    @Test(
        arguments: [
            ("250ms", 250_000_000), ("5s", 5_000_000_000), ("2m", 120_000_000_000),
            ("1h", 3_600_000_000_000), ("1.5s", 1_500_000_000), ("7", 7_000_000_000), ("0", 0),
            ("1d", 86_400_000_000_000),
        ] as [(String, Int64)])
    func durations(_ text: String, _ nanoseconds: Int64) {
        #expect(Duration(text: text)?.nanoseconds == nanoseconds)
    }

    @Test(arguments: [
        "", "s", "-1s", "1 s", "1e3", "5x", "nan", "inf", "0x10", "1,5s", "400d", "ms",
    ])
    func noDurations(_ text: String) {
        #expect(Duration(text: text) == nil)
    }

    @Test func nodeIDs() {
        #expect(NodeID("") == nil)
        #expect(NodeID("a\u{1B}b") == nil)
        #expect(NodeID("did:key:z6Mkabc")?.text == "z6Mkabc")
        #expect(NodeID(String(repeating: "é", count: 128)) != nil)
        #expect(NodeID(String(repeating: "é", count: 129)) == nil)
        #expect(NodeID("z6MkhaXgBZDvotDkL5257")?.brief == "z6MkhaXgBZDv…")
    }

    /// RFC 9562 §5.7: version 7, variant 10, and the order of time.
    @Test(arguments: 0..<50 as Range<UInt64>)
    func packetIDs(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let early = PacketID(at: Timestamp(milliseconds: 1_795_337_400_412), using: &random)
        let late = PacketID(at: Timestamp(milliseconds: 1_795_337_400_413), using: &random)
        let text = Array(early.description)
        #expect(text.count == 36)
        #expect(text[14] == "7")
        #expect("89ab".contains(text[19]))
        #expect([8, 13, 18, 23].allSatisfy { text[$0] == "-" })
        #expect(early.description.hasPrefix("01a20272-b05c-7"))
        #expect(early.description < late.description, "seed \(seed)")
    }

    /// Reference outputs of SplitMix64 for the seed 1234567.
    @Test func splitMix() {
        var random = SplitMix64(seed: 1_234_567)
        #expect(
            (0..<3).map { _ in random.next() } == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
            ])
        for _ in 0..<1000 {
            let unit = random.unit()
            #expect(unit >= 0 && unit < 1)
        }
    }

    @Test func timesDoNotOverflow() {
        #expect(Instant.distantFuture + .seconds(1) == .distantFuture)
        #expect(Duration.seconds(Int64.max).nanoseconds == .max)
        #expect(Duration.seconds(-Int64.max).nanoseconds == .min)
    }

    @Test(arguments: [
        (PeerAddress(type: .udp, address: "10.0.0.1", port: 47470), "udp://10.0.0.1:47470"),
        (PeerAddress(type: .ws, address: "h", port: 80), "ws://h:80/"),
        (PeerAddress(type: .tcp, address: "::1", port: 1), "tcp://[::1]:1"),
        (
            PeerAddress(type: .udp, address: "fe80::1", port: 1, interface: "eth0"),
            "udp://[fe80::1%25eth0]:1"
        ),
        (PeerAddress(type: .lora, address: "!a1b2c3d4"), "lora:!a1b2c3d4"),
    ])
    func addresses(_ address: PeerAddress, _ uri: String) {
        #expect(address.uri == uri)
    }
}
