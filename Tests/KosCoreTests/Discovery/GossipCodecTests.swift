import KosCore
import Testing

/// The wire of memberlist: MessagePack, LZW, envelopes.
@Suite struct GossipCodecTests {
    /// The example of Wikipedia's page on GIF, which Go's own tests have too.
    @Test func lzwReadsAndWritesTheKnownExample() {
        let plain: [UInt8] = [
            0x28, 0xFF, 0xFF, 0xFF, 0x28, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
            0xFF,
        ]
        let packed: [UInt8] = [
            0x00, 0x51, 0xFC, 0x1B, 0x28, 0x70, 0xA0, 0xC1, 0x83, 0x01, 0x01,
        ]
        #expect(LZW.decompress(packed, limit: 100) == plain)
        #expect(LZW.compress(plain) == packed)
        #expect(LZW.decompress(packed, limit: 14) == nil)
        #expect(LZW.decompress(packed.dropLast(), limit: 100) == nil)
    }

    @Test(arguments: 0..<100) func lzwThereAndBack(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        let alphabet = UInt8.random(in: 0...255, using: &random)
        let count = Int.random(in: 0...(seed < 20 ? 60_000 : 3000), using: &random)
        let plain = (0..<count).map { _ in UInt8.random(in: 0...alphabet, using: &random) }
        let packed = LZW.compress(plain)
        #expect(LZW.decompress(packed, limit: count) == plain, "seed \(seed)")
    }

    /// 4 KiB of zeros of codes can come to many octets: they stop at the limit.
    @Test func lzwBombsAreRefused() {
        let plain = [UInt8](repeating: 7, count: GossipEnvelope.maxDecompressed + 1)
        let packed = LZW.compress(plain)
        #expect(packed.count < 20_000)
        #expect(LZW.decompress(packed, limit: GossipEnvelope.maxDecompressed) == nil)
    }

    @Test(arguments: 0..<800) func noiseIsNoLZW(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        let octets = (0..<Int.random(in: 0...400, using: &random)).map { _ in
            UInt8.random(in: 0...255, using: &random)
        }
        #expect((LZW.decompress(octets, limit: 5000)?.count ?? 0) <= 5000, "seed \(seed)")
    }

    @Test func checksumIsIEEE() {
        #expect(GossipEnvelope.crc32(Array("123456789".utf8)) == 0xCBF4_3926)
    }

    @Test func integersOfAnyWidthAreRead() throws {
        for value: UInt64 in [0, 127, 128, 255, 256, 65535, 65536, 1 << 32, .max] {
            var octets: [UInt8] = []
            MessagePack.append(value, to: &octets)
            var reader = MessagePackReader(octets)
            #expect(try reader.integer() == value && reader.isAtEnd)
        }
        var reader = MessagePackReader([0xD1, 0x01, 0x00, 0xD0, 0xFF])
        #expect(try reader.integer() == 256)
        #expect(throws: MessagePackReader.Failure.malformed) { try reader.integer() }
    }

    /// Raw of the old dialect, and str 8 and bin 8 of the new one.
    @Test func bothDialectsAreRead() throws {
        var reader = MessagePackReader([
            0xA1, 0x61, 0xD9, 1, 0x62, 0xC4, 1, 0x63, 0xDA, 0, 1, 0x64,
        ])
        for letter in ["a", "b", "c", "d"] { #expect(try reader.text() == letter) }
        #expect(throws: MessagePackReader.Failure.short) { try reader.text() }
    }

    @Test func countsThatLieAreRefused() {
        var deep = MessagePackReader([UInt8](repeating: 0x91, count: 100))
        #expect(throws: MessagePackReader.Failure.malformed) { try deep.skip() }
        var long = MessagePackReader([0xDD, 0xFF, 0xFF, 0xFF, 0xFF])
        #expect(throws: MessagePackReader.Failure.short) { try long.skip() }
        var raw = MessagePackReader([0xDB, 0xFF, 0xFF, 0xFF, 0xFF, 1])
        #expect(throws: MessagePackReader.Failure.short) { try raw.raw() }
    }

    static let node = GossipNode(
        name: "s1", address: ContactAddress(ip: IPAddress(ipv4: 0x7F00_000B), port: 7946),
        meta: SerfTags.meta(["role": "relay"]))
    static let all: [GossipMessage] = [
        .ping(GossipMessage.Ping(sequence: 7, node: "s1")),
        .indirectPing(
            GossipMessage.IndirectPing(
                sequence: 70000, target: node.address, node: "s1", wantsNack: true)),
        .ack(sequence: 7), .nack(sequence: .max),
        .suspect(GossipMessage.Accusation(incarnation: 3, node: "s1", from: "s2")),
        .dead(GossipMessage.Accusation(incarnation: 3, node: "s1", from: "s1")),
        .alive(node, incarnation: 300), .user([0, 1, 2]),
    ]

    @Test(arguments: all) func messagesThereAndBack(_ message: GossipMessage) {
        #expect(GossipMessage(message.encoded[...]) == message)
    }

    @Test func tagsThereAndBack() {
        let tags = ["role": "relay", "name": "Käthe", "": "x"]
        #expect(SerfTags.tags(of: SerfTags.meta(tags)) == tags)
        #expect(SerfTags.tags(of: Array("web".utf8)) == ["role": "web"])
        #expect(SerfTags.tags(of: [0xFF, 0x82, 0xA1, 0x61]) == [:])
    }

    @Test(arguments: [
        SerfMessage.leave(time: 7, node: "a"), .join(time: 1 << 40, node: "b"),
        .event(SerfEvent(time: 3, name: "deploy", payload: [1, 2, 3])),
    ])
    func serfMessagesThereAndBack(_ message: SerfMessage) {
        #expect(SerfMessage(message.encoded) == message)
    }

    @Test func statesThereAndBack() throws {
        let state = SerfState(
            time: 9, eventTime: 2, queryTime: 3, statusTimes: ["a": 1, "b": 9], left: ["b"])
        #expect(SerfState(state.encoded) == state)
        let entry = GossipPushPull.Entry(node: GossipCodecTests.node, incarnation: 4, state: .left)
        let whole = GossipPushPull(entries: [entry], isJoin: true, userState: state.encoded)
        #expect(GossipPushPull(whole.encoded) == whole)
        #expect(GossipPushPull(whole.encoded.dropLast()) == nil)
    }

    /// A stream is whole exactly when its last octet is there, however it is cut.
    @Test func streamsSayWhenTheyAreWhole() throws {
        let entry = GossipPushPull.Entry(node: GossipCodecTests.node, incarnation: 4, state: .alive)
        let state = GossipPushPull(
            entries: [entry, entry, entry], isJoin: true, userState: [2, 0x80]
        ).encoded
        let sealed = try #require(
            GossipEnvelope(label: "", keys: [[UInt8](repeating: 1, count: 16)], cipher: Mask()))
        let labelled = try #require(GossipEnvelope(label: "lab", keys: [], cipher: Mask()))
        let user: [UInt8] = [8, 0x81, 0xAA] + Array("UserMsgLen".utf8) + [3, 1, 2, 3]
        for stream in [
            state, GossipEnvelope.compressed(state), sealed.stream(state), labelled.stream(state),
            GossipMessage.ping(GossipMessage.Ping(sequence: 7, node: "s1")).encoded, user,
        ] {
            var reader = GossipStreamReader()
            for octet in stream.dropLast() { #expect(reader.append([octet]) == .more) }
            #expect(reader.append(stream.suffix(1)) == .whole)
        }
        var bad = GossipStreamReader()
        #expect(bad.append([99, 1]) == .malformed)
        var endless = GossipStreamReader()
        #expect(endless.append([10, 0x7F, 0xFF, 0xFF, 0xFF]) == .malformed)
    }

    @Test func envelopesThereAndBack() throws {
        let keys: [[UInt8]] = [
            [UInt8](repeating: 1, count: 32), [UInt8](repeating: 2, count: 16),
        ]
        for label in ["", "east"] {
            for ring in [[], keys] {
                let envelope = try #require(
                    GossipEnvelope(label: label, keys: ring, cipher: Mask()))
                for hasChecksum in [true, false] {
                    let packet = envelope.packet(
                        GossipCodecTests.all.map(\.encoded), hasChecksum: hasChecksum)
                    var bad = 0
                    #expect(try envelope.messages(of: packet, bad: &bad) == GossipCodecTests.all)
                    #expect(bad == 0)
                }
                let body = GossipMessage.ack(sequence: 5).encoded
                #expect(try envelope.message(ofStream: envelope.stream(body)) == body)
                let packed = envelope.stream(GossipEnvelope.compressed(body))
                #expect(try envelope.message(ofStream: packed) == body)
            }
        }
    }

    @Test func whatIsNotForThisClusterIsDropped() throws {
        let key = [UInt8](repeating: 1, count: 32)
        let ours = try #require(GossipEnvelope(label: "a", keys: [key], cipher: Mask()))
        func reason(_ other: GossipEnvelope?) throws -> GossipEnvelope.Drop? {
            let other = try #require(other)
            var bad = 0
            do throws(GossipEnvelope.Failure) {
                _ = try ours.messages(
                    of: other.packet(GossipCodecTests.all.map(\.encoded), hasChecksum: true),
                    bad: &bad)
                return nil
            } catch {
                return error.drop
            }
        }
        let strange = [UInt8](repeating: 9, count: 32)
        #expect(try reason(ours) == nil)
        #expect(
            try reason(GossipEnvelope(label: "b", keys: [key], cipher: Mask())) == .wrongLabel)
        #expect(try reason(GossipEnvelope(label: "", keys: [key], cipher: Mask())) == .wrongLabel)
        #expect(
            try reason(GossipEnvelope(label: "a", keys: [strange], cipher: Mask()))
                == .undecipherable)
        #expect(try reason(GossipEnvelope(label: "a", keys: [], cipher: Mask())) == .unencrypted)
    }

    /// A cipher for tests: no secret, but bound to its key and what it authenticates.
    struct Mask: PacketCipher {
        func seal(_ plain: [UInt8], key: [UInt8], authenticating: [UInt8]) -> [UInt8]? {
            let body = plain.map { $0 ^ key[0] }
            return [UInt8](repeating: 0, count: 12) + body
                + TestKeys.sum(key + authenticating, body).prefix(16)
        }
        func open(_ sealed: [UInt8], key: [UInt8], authenticating: [UInt8]) -> [UInt8]? {
            guard sealed.count >= 28 else { return nil }
            let plain = sealed.dropFirst(12).dropLast(16).map { $0 ^ key[0] }
            return seal(plain, key: key, authenticating: authenticating) == sealed ? plain : nil
        }
    }
}
