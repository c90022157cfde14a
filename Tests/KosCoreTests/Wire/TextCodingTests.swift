import KosCore
import Testing

struct TextCodingTests {
    /// RFC 4648 §10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ])
    func base64(_ plain: String, _ coded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == coded)
        #expect(Base64.decode(coded) == Array(plain.utf8))
    }

    @Test(arguments: ["Zg=", "Z", "Zg==Zg==", "Z*==", "=", "Zm9vé"])
    func noBase64(_ text: String) {
        #expect(Base64.decode(text) == nil)
    }

    /// draft-msporny-base58 §5.
    @Test(arguments: [
        ("Hello World!", "2NEpo7TZRRrLZSi2U"),
        (
            "The quick brown fox jumps over the lazy dog.",
            "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z"
        ),
    ])
    func base58(_ plain: String, _ coded: String) {
        #expect(Base58.encode(Array(plain.utf8)) == coded)
        #expect(Base58.decode(coded) == Array(plain.utf8))
    }

    @Test func base58KeepsLeadingZeros() {
        let octets: [UInt8] = [0x00, 0x00, 0x28, 0x7F, 0xB4, 0xCD]
        #expect(Base58.encode(octets) == "11233QC4")
        #expect(Base58.decode("11233QC4") == octets)
        #expect(Base58.decode("0OIl") == nil)
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func roundTrips(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let octets = (0..<Int.random(in: 0...64, using: &random)).map { _ in
            UInt8.random(in: 0...255, using: &random)
        }
        #expect(Base64.decode(Base64.encode(octets)) == octets, "seed \(seed)")
        #expect(Base58.decode(Base58.encode(octets)) == octets, "seed \(seed)")
    }

    /// The searches eight octets at a time find what a search one at a time finds.
    @Test(arguments: 0..<200 as Range<UInt64>)
    func wordSearches(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let alphabet: [UInt8] = [0x00, 0x1F, 0x20, 0x22, 0x41, 0x5C, 0x7F, 0x80, 0xA2, 0xDC, 0xFF]
        let octets = (0..<Int.random(in: 0...100, using: &random)).map { _ in
            Int.random(in: 0..<9, using: &random) > 0
                ? 0x61 : alphabet.randomElement(using: &random) ?? 0
        }
        let span = octets.span
        for start in stride(from: 0, through: octets.count, by: 3) {
            let rest = octets[start...]
            let plain = rest.firstIndex { $0 == 0x22 || $0 == 0x5C || $0 < 0x20 } ?? octets.count
            #expect(span.endOfPlainText(from: start) == plain, "seed \(seed)")
            for octet in alphabet {
                #expect(
                    span.firstOffset(of: octet, from: start) == rest.firstIndex(of: octet),
                    "seed \(seed)")
            }
        }
        #expect(span.isASCII == octets.allSatisfy { $0 < 0x80 }, "seed \(seed)")
    }
}
