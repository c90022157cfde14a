import KosCore
import KosCrypto
import Testing

/// RFC 5769: what others have written down of STUN messages with integrity and fingerprint.
@Suite struct STUNVectorTests {
    private static let key = Array("VOkJxbRl1RmTxUk/WvJxBt".utf8)
    private static let request = Hex.octets(
        """
        00010058 2112a442 b7e7a701 bc34d686 fa87dfae 80220010 5354554e 20746573 7420636c 69656e74
        00240004 6e0001ff 80290008 932ff9b1 51263b36 00060009 6576746a 3a683676 59202020 00080014
        9aeaa70c bfd8cb56 781ef2b5 b2d3f249 c1b571a2 80280004 e57a3bcf
        """)
    private static let response = Hex.octets(
        """
        0101003c 2112a442 b7e7a701 bc34d686 fa87dfae 8022000b 74657374 20766563 746f7220 00200008
        0001a147 e112a643 00080014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7 80280004 c07d4c96
        """)
    private static let wideResponse = Hex.octets(
        """
        01010048 2112a442 b7e7a701 bc34d686 fa87dfae 8022000b 74657374 20766563 746f7220 00200014
        0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9 00080014 a382954e 4be67bf1 1784c97c 8292c275
        bfe3ed41 80280004 c8fb0b4c
        """)

    @Test func requestIsRead() throws {
        let message = try #require(STUNMessage(Self.request))
        #expect(message.kind == .request)
        #expect(message.method == STUNMessage.binding)
        #expect(message[STUNMessage.Name.username] == Array("evtj:h6vY".utf8))
        #expect(message.number32(STUNMessage.Name.priority) == 0x6E00_01FF)
        #expect(message.number64(STUNMessage.Name.iceControlled) == 0x932F_F9B1_5126_3B36)
        #expect(message.hasFingerprint)
        #expect(message.isIntact(key: Self.key, STUNHash()))
        #expect(!message.isIntact(key: Self.key + [1], STUNHash()))
    }

    @Test(arguments: [
        (response, "192.0.2.1"), (wideResponse, "2001:db8:1234:5678:11:2233:4455:6677"),
    ])
    func responsesAreRead(_ octets: [UInt8], _ address: String) throws {
        let message = try #require(STUNMessage(octets))
        #expect(message.kind == .success)
        #expect(message.hasFingerprint)
        #expect(message.isIntact(key: Self.key, STUNHash()))
        let ip = try #require(IPAddress(address))
        #expect(message.mappedAddress == ContactAddress(ip: ip, port: 32853))
    }

    @Test func oneOctetChangedIsNoticed() throws {
        for place in 20..<Self.request.count {
            var octets = Self.request
            octets[place] ^= 1
            guard let message = STUNMessage(octets) else { continue }
            let isWhole = message.hasFingerprint && message.isIntact(key: Self.key, STUNHash())
            #expect(!isWhole, "octet \(place)")
        }
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        let id = Array(Self.request[8..<20])
        let octets = STUNMessage.encode(
            .request, transaction: id,
            [
                STUNMessage.Attribute(STUNMessage.Name.username, Array("evtj:h6vY".utf8)),
                STUNMessage.number(STUNMessage.Name.priority, UInt32(0x6E00_01FF)),
            ], integrity: (Self.key, STUNHash()))
        let message = try #require(STUNMessage(octets))
        #expect(message.transaction == id)
        #expect(message.hasFingerprint)
        #expect(message.isIntact(key: Self.key, STUNHash()))
        #expect(message.number32(STUNMessage.Name.priority) == 0x6E00_01FF)
    }
}
