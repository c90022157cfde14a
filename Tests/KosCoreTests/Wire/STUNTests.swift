import KosCore
import Testing

@Suite struct STUNTests {
    /// RFC 5769 §2.2 and §2.3: the addresses and the transaction of the test vectors.
    private static let transaction: [UInt8] = [
        0xB7, 0xE7, 0xA7, 0x01, 0xBC, 0x34, 0xD6, 0x86, 0xFA, 0x87, 0xDF, 0xAE,
    ]
    private static let request: [UInt8] = [0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42] + transaction

    @Test func mappedAddressesAreThoseOfTheVectors() throws {
        let host = try #require(IPAddress("192.0.2.1"))
        let answer = STUN.answer(
            to: Self.request, from: ContactAddress(ip: host, port: 32853))
        let attribute: [UInt8] = [0, 0x20, 0, 8, 0, 1, 0xA1, 0x47, 0xE1, 0x12, 0xA6, 0x43]
        #expect(answer == [1, 1, 0, 12] + Self.request[4...] + attribute)

        let wide = try #require(IPAddress("2001:db8:1234:5678:11:2233:4455:6677"))
        let other = STUN.answer(
            to: Self.request, from: ContactAddress(ip: wide, port: 32853))
        let value: [UInt8] = [
            0, 2, 0xA1, 0x47, 0x01, 0x13, 0xA9, 0xFA, 0xA5, 0xD3, 0xF1, 0x79, 0xBC, 0x25, 0xF4,
            0xB5,
            0xBE, 0xD2, 0xB9, 0xD9,
        ]
        #expect(other == [1, 1, 0, 24] + Self.request[4...] + [0, 0x20, 0, 20] + value)
    }

    @Test func noiseHasNoAnswer() throws {
        let host = try #require(IPAddress("192.0.2.1"))
        var random = SplitMix64(seed: 3)
        for round in 0..<20_000 {
            var octets = Self.request
            octets[3] = UInt8.random(in: 0...40, using: &random) & ~3
            octets += (0..<Int.random(in: 0...44, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            octets[Int.random(in: 0..<octets.count, using: &random)] ^= UInt8(1 << (round & 7))
            let answer = STUN.answer(to: octets, from: ContactAddress(ip: host, port: 9))
            #expect(answer.map { $0.count <= 100 && $0[0] == 1 } ?? true, "round \(round)")
        }
        let cut = Array(Self.request.dropLast())
        #expect(STUN.answer(to: cut, from: ContactAddress(ip: host, port: 9)) == nil)
    }
}
