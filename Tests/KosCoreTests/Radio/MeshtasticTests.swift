import KosCore
import Testing

@Suite struct MeshtasticTests {
    /// The vector of the mesh's own decoder: Data of a text, and its fields.
    @Test func knownMessages() throws {
        let plain = try #require(Hexadecimal.decode("0801120968656c6c6f206b6f73"))
        let data = try #require(ProtobufMessage(plain))
        #expect(data.unsigned(1) == 1 && data.text(2) == "hello kos")
        #expect(data.bytes == plain)
        // Varints of the format's own page, a negative int32 and a float.
        let page = try #require(ProtobufMessage([0x08, 0x96, 0x01]))
        #expect(page.unsigned(1) == 150)
        let negative = ProtobufMessage().with(12, .varint(UInt64(bitPattern: -97)))
        #expect(ProtobufMessage(negative.bytes)?.signed(12) == -97)
        let float = ProtobufMessage().with(8, .fixed32(Float(6.25).bitPattern))
        #expect(ProtobufMessage(float.bytes)?.float(8) == 6.25)
    }

    @Test(
        arguments: [
            [0x08], [0x08, 0x80], [0x12, 0x05, 0x01], [0x0D, 1, 2, 3], [0x09, 1], [0x0B],
            [0x00, 1],
            [0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1],
        ] as [[UInt8]]) func noMessages(octets: [UInt8])
    {
        #expect(ProtobufMessage(octets) == nil)
    }

    /// Frequencies that devices show: US slot 20 of 104, Europe's only slot.
    @Test func channelsLieWhereDevicesSay() throws {
        let us = try #require(MeshtasticPreset.longFast.frequency(in: .named("US915")))
        #expect(us == 906_875_000)
        #expect(MeshtasticPreset.longFast.frequency(in: .eu868) == 869_525_000)
        let names = ["ShortTurbo", "longslow", "LongMod", "longModerate"]
        #expect(names.allSatisfy { MeshtasticPreset(named: $0) != nil })
        #expect(MeshtasticPreset(named: "Fastest") == nil)
    }

    @Test func framesAmongConsoleText() {
        var framing = MeshtasticFraming()
        let frame = MeshtasticFraming.frame([1, 2, 3])
        let text = Array("INFO \u{14}\r\n".utf8) + [0x94, 0x94, 0xC3, 0xFF, 0xFF]
        var frames: [[UInt8]] = []
        for octet in text + frame + Array("boot".utf8) + frame { frames += framing.push([octet]) }
        #expect(frames == [[1, 2, 3], [1, 2, 3]])
    }

    @Test func theUsualPresetHoldsWhereNothingIsSaid() throws {
        let defaults = RadioAddress.Defaults(modulation: try LoRaModulation())
        let address = try RadioAddress("lora:tcp://h?driver=meshtastic", defaults)
        #expect(address.settings.modulation.spreadingFactor == 11)
        #expect(address.settings.frequencyHz == 869_525_000)
        #expect(address.settings.syncWord == 0x2B)
        #expect(address.line == .tcp(host: "h", port: 4403))
        let short = try RadioAddress(
            "lora:/dev/x?driver=rnode&preset=ShortFast&region=US915", defaults)
        #expect(short.settings.modulation.spreadingFactor == 7)
        #expect(short.settings.modulation.bandwidthHz == 250_000)
    }
}
