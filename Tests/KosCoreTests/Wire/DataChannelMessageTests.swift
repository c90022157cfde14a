import KosCore
import Testing

@Suite struct DataChannelMessageTests {
    /// RFC 8832 §5.1, by hand: reliable, label "kos", protocol "kos.v1".
    private static let open: [UInt8] =
        [3, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 6] + Array("koskos.v1".utf8)

    @Test func openIsWrittenAndRead() throws {
        let message = DataChannelMessage.Open(label: "kos", subprotocol: "kos.v1")
        #expect(message.octets == Self.open)
        #expect(DataChannelMessage.open(Self.open) == message)
        #expect(DataChannelMessage.isAcknowledgement([2]))
    }

    @Test func unreliableOnesAreTold() throws {
        // RFC 8832 §5.1: partial reliability in the low bits, unordered in the highest.
        for kind: UInt8 in [0x01, 0x02, 0x80, 0x81, 0x82] {
            var octets = Self.open
            octets[1] = kind
            #expect(DataChannelMessage.open(octets)?.isReliable == false)
        }
    }

    @Test func brokenOnesAreNone() {
        for size in 0..<Self.open.count {
            #expect(DataChannelMessage.open(Array(Self.open[..<size])) == nil)
        }
        #expect(DataChannelMessage.open(Self.open + [0]) == nil)
        #expect(DataChannelMessage.open([2] + Self.open.dropFirst()) == nil)
        var long = Self.open
        (long[8], long[9]) = (0xFF, 0xFF)
        #expect(DataChannelMessage.open(long) == nil)
    }
}
