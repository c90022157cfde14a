import KosCore
import Testing

@Suite struct DHTTests {
    @Test(arguments: [
        "i0e", "i-3e", "4:spam", "le", "l4:spami42ee", "d3:cow3:moo4:spam4:eggse", "de", "0:",
    ])
    func bencodeThereAndBack(_ text: String) {
        #expect(Bencode(Array(text.utf8))?.encoded == Array(text.utf8))
    }

    @Test(arguments: [
        "", "i-0e", "i01e", "ie", "i1", "5:spam", "-1:x", "l", "d1:ae", "di1ei2ee",
        "d1:a1:b1:a1:ce", "i1ei2e",
        "i99999999999999999999e", "99999999999999999999:x", "x",
    ])
    func noBencode(_ text: String) { #expect(Bencode(Array(text.utf8)) == nil) }

    @Test func deepNestingIsRefused() {
        let deep = [UInt8](repeating: 0x6C, count: 5000) + [UInt8](repeating: 0x65, count: 5000)
        #expect(Bencode(deep) == nil)
    }

    /// The examples of BEP 42.
    @Test(arguments: [
        ("124.31.75.21", UInt8(1), [UInt8(0x5F), 0xBF, 0xBF]),
        ("21.75.31.124", 86, [0x5A, 0x3C, 0xE9]),
        ("65.23.51.170", 22, [0xA5, 0xD4, 0x32]), ("84.124.73.14", 65, [0x1B, 0x03, 0x21]),
        ("43.213.53.83", 90, [0xE5, 0x6F, 0x6C]),
    ])
    func idsFollowFromAddresses(_ text: String, _ r: UInt8, _ prefix: [UInt8]) throws {
        let address = try #require(IPAddress(text))
        var octets = [UInt8](repeating: 0, count: 20)
        octets.replaceSubrange(0..<3, with: prefix)
        octets[19] = r
        let key = try #require(DHTKey(octets))
        #expect(DHTIdentity.isValid(key, at: address))
        octets[0] ^= 0x10
        let wrong = try #require(DHTKey(octets))
        #expect(!DHTIdentity.isValid(wrong, at: address))
        var random = SplitMix64(seed: 1)
        let made = DHTIdentity.key(at: address, using: &random)
        #expect(DHTIdentity.isValid(made, at: address))
    }

    /// BEP 44's test vectors: what is signed, without and with salt.
    @Test func signedOctetsOfItems() {
        let value = Bencode.text("Hello World!")
        #expect(
            DHTItem.signedOctets(salt: [], sequence: 1, value: value)
                == Array("3:seqi1e1:v12:Hello World!".utf8))
        #expect(
            DHTItem.signedOctets(salt: Array("foobar".utf8), sequence: 1, value: value)
                == Array("4:salt6:foobar3:seqi1e1:v12:Hello World!".utf8))
    }

    @Test func queriesOfBEP5ReadAndWrite() throws {
        let ping = "d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe"
        let message = try #require(KRPC(Array(ping.utf8)))
        #expect(message.encoded == Array(ping.utf8))
        let announce =
            "d1:ad2:id20:abcdefghij012345678912:implied_porti1e9:info_hash20:mnopqrstuvwxyz123456"
            + "4:porti6881e5:token8:aoeusnthe1:q13:announce_peer1:t2:aa1:y1:qe"
        #expect(KRPC(Array(announce.utf8))?.encoded == Array(announce.utf8))
    }

    @Test(arguments: 0..<3000) func hostileMessagesDoNoHarm(seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        var engine = node(1, seed: UInt64(seed))
        var outputs: [Kademlia.Output] = []
        let sender = ContactAddress(ip: try #require(IPAddress("10.0.0.7")), port: 1)
        var octets = Array(
            "d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz1234565:token8:aoeusnth4:porti1ee1:q9:get_peers1:t2:aa1:y1:qe"
                .utf8)
        for _ in 0..<Int.random(in: 1...8, using: &random) {
            let at = Int.random(in: 0..<octets.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: octets[at] = UInt8.random(in: 0...255, using: &random)
            case 1: octets.remove(at: at)
            default: octets.insert(UInt8.random(in: 0x20...0x7A, using: &random), at: at)
            }
        }
        engine.handle(.datagram(octets, from: sender), at: .zero, into: &outputs)
        #expect(outputs.count <= 1, "seed \(seed)")
    }

    @Test func aBucketTakesTwoOfANetwork() throws {
        var table = KBuckets(own: DHTKey(high: 0, middle: 0, low: 0))
        for index in 1...250 {
            let ip = try #require(IPAddress("10.0.0.\(index)"))
            let key = DHTKey(high: 0x8000_0000_0000_0000 | UInt64(index), middle: 0, low: 0)
            table.heard(
                DHTNode(id: key, address: ContactAddress(ip: ip, port: 1)), hasAnswered: true,
                at: .zero)
        }
        #expect(table.count == KBuckets.maxNearby)
    }

    func node(_ number: Int, seed: UInt64) -> Kademlia {
        Kademlia(
            own: nil, settings: Kademlia.Settings(),
            ports: Kademlia.Ports(sha1: TestKeys.hash, verifier: TestKeys(1)), seed: seed, at: .zero
        )
    }

    @Test func tokensGuardAnnouncementsAndItems() throws {
        var engine = node(1, seed: 1)
        let sender = ContactAddress(ip: try #require(IPAddress("10.0.0.7")), port: 9)
        let asker = DHTKey(high: 1, middle: 2, low: 3)
        func ask(_ query: KRPC.Query) throws -> KRPC {
            var outputs: [Kademlia.Output] = []
            let message = KRPC(transaction: [1, 2], body: .query(query, from: asker))
            engine.handle(.datagram(message.encoded, from: sender), at: .zero, into: &outputs)
            guard case .send(let octets, _)? = outputs.first else { throw Missing() }
            return try #require(KRPC(octets))
        }
        func code(_ message: KRPC) -> Int? {
            if case .error(let code, _) = message.body { code } else { nil }
        }
        let hash = DHTKey(high: 9, middle: 9, low: 9)
        #expect(code(try ask(.announcePeer(hash, port: 1, isImplied: false, token: [0]))) == 203)
        guard case .reply(let reply, _) = try ask(.getPeers(hash)).body else { throw Missing() }
        let token = try #require(reply.token)
        #expect(code(try ask(.announcePeer(hash, port: 77, isImplied: false, token: token))) == nil)
        guard case .reply(let second, _) = try ask(.getPeers(hash)).body else { throw Missing() }
        #expect(second.peers == [ContactAddress(ip: sender.ip, port: 77)])

        let keys = TestKeys(3)
        func item(_ sequence: Int64, _ text: String) -> DHTItem {
            DHTItem(salt: [1], sequence: sequence, value: .text(text), signer: keys)
        }
        #expect(code(try ask(.put(item(5, "a"), token: token, cas: nil))) == nil)
        #expect(code(try ask(.put(item(4, "b"), token: token, cas: nil))) == 302)
        #expect(code(try ask(.put(item(6, "b"), token: token, cas: 4))) == 301)
        var forged = item(7, "c")
        forged.value = .text("d")
        #expect(code(try ask(.put(forged, token: token, cas: nil))) == 206)
        let long = String(repeating: "x", count: 1000)
        #expect(code(try ask(.put(item(8, long), token: token, cas: nil))) == 205)
        let key = try #require(keys.node.publicKey)
        let target = try #require(DHTKey(TestKeys.hash(key + [1])))
        guard case .reply(let found, _) = try ask(.get(target, sequence: nil)).body else {
            throw Missing()
        }
        #expect(found.item?.sequence == 5 && found.item?.value == .text("a"))
        guard case .reply(let same, _) = try ask(.get(target, sequence: 5)).body else {
            throw Missing()
        }
        #expect(same.item == nil && same.sequence == 5)
        #expect(code(try ask(.other("vote"))) == 204)
    }

    /// BEP 5: a token is good for the time of two secrets, then no more.
    @Test func tokensRunOut() throws {
        var engine = node(1, seed: 2)
        let sender = ContactAddress(ip: try #require(IPAddress("10.0.0.7")), port: 9)
        let hash = DHTKey(high: 9, middle: 9, low: 9)
        func ask(_ query: KRPC.Query, at time: Instant) throws -> KRPC {
            var outputs: [Kademlia.Output] = []
            while let next = engine.nextDeadline, next <= time {
                engine.advance(to: next, into: &outputs)
            }
            outputs = []
            let message = KRPC(transaction: [1, 2], body: .query(query, from: hash))
            engine.handle(.datagram(message.encoded, from: sender), at: time, into: &outputs)
            guard case .send(let octets, _)? = outputs.first else { throw Missing() }
            return try #require(KRPC(octets))
        }
        let start = Instant.zero + .seconds(1)
        guard case .reply(let reply, _) = try ask(.getPeers(hash), at: start).body else {
            throw Missing()
        }
        let word = KRPC.Query.announcePeer(
            hash, port: 7, isImplied: false, token: try #require(reply.token))
        for (minutes, isGood) in [(4, true), (9, true), (11, false)] as [(Int64, Bool)] {
            let answer = try ask(word, at: start + .seconds(60 * minutes))
            if case .error(let code, _) = answer.body {
                #expect(!isGood && code == 203)
            } else {
                #expect(isGood, "\(minutes) minutes")
            }
        }
        #expect(engine.drops[.badToken] == 1)
    }

    /// BEP 51: which hashes a node keeps; and however many ask at once, it answers only so many.
    @Test func hashesAreSampledAndAnswersBounded() throws {
        var engine = node(1, seed: 3)
        let sender = ContactAddress(ip: try #require(IPAddress("10.0.0.7")), port: 9)
        let asker = DHTKey(high: 1, middle: 2, low: 3)
        func ask(_ query: KRPC.Query) throws -> KRPC? {
            var outputs: [Kademlia.Output] = []
            let message = KRPC(transaction: [1, 2], body: .query(query, from: asker))
            engine.handle(.datagram(message.encoded, from: sender), at: .zero, into: &outputs)
            guard case .send(let octets, _)? = outputs.first else { return nil }
            return KRPC(octets)
        }
        let hash = DHTKey(high: 9, middle: 9, low: 9)
        guard case .reply(let reply, _)? = try ask(.getPeers(hash))?.body else { throw Missing() }
        let token = try #require(reply.token)
        _ = try ask(.announcePeer(hash, port: 7, isImplied: false, token: token))
        guard case .reply(let sample, _)? = try ask(.sampleInfohashes(asker))?.body else {
            throw Missing()
        }
        #expect(sample.samples == [hash] && sample.sampleCount == 1)
        var answers = 0
        for _ in 0..<1000 where try ask(.ping) != nil { answers += 1 }
        #expect(answers < 200 && engine.drops[.tooMany] == 1000 - answers)
    }

    /// BEP 43: who only looks says so and answers nobody, and is not remembered by others.
    @Test func whoOnlyLooksIsNotRemembered() throws {
        var settings = Kademlia.Settings()
        settings.isReadOnly = true
        let ports = Kademlia.Ports(sha1: TestKeys.hash, verifier: TestKeys(1))
        var looking = Kademlia(own: nil, settings: settings, ports: ports, seed: 7, at: .zero)
        var other = node(1, seed: 8)
        let there = ContactAddress(ip: try #require(IPAddress("10.0.0.7")), port: 9)
        let here = ContactAddress(ip: try #require(IPAddress("10.0.0.8")), port: 9)
        var outputs: [Kademlia.Output] = []
        looking.handle(.bootstrap([there]), at: .zero, into: &outputs)
        guard case .send(let question, _)? = outputs.first else { throw Missing() }
        outputs = []
        other.handle(.datagram(question, from: here), at: .zero, into: &outputs)
        #expect(outputs.count == 1 && other.nodeCount == 0)
        outputs = []
        let ping = KRPC(transaction: [1, 2], body: .query(.ping, from: other.own))
        looking.handle(.datagram(ping.encoded, from: there), at: .zero, into: &outputs)
        #expect(outputs.isEmpty)
    }

    /// BEP 42: what three networks say of our address gives us an id that fits it; one liar moves
    /// nothing.
    @Test func ourIdFollowsFromTheAddressThatOthersSee() throws {
        var engine = node(1, seed: 5)
        var random = SplitMix64(seed: 6)
        let first = engine.own
        let routers = try (1...5).map {
            ContactAddress(ip: try #require(IPAddress("203.\($0).113.9")), port: 6881)
        }
        let mine = ContactAddress(ip: try #require(IPAddress("198.51.100.7")), port: 1)
        let wrong = ContactAddress(ip: try #require(IPAddress("192.0.2.1")), port: 1)
        var outputs: [Kademlia.Output] = []
        engine.handle(.bootstrap(routers), at: .zero, into: &outputs)
        var ids: [DHTKey] = []
        for (number, router) in routers.enumerated() {
            let sent = outputs.lazy.compactMap { output -> KRPC? in
                guard case .send(let octets, to: router) = output else { return nil }
                return KRPC(octets)
            }
            let question = try #require(sent.first)
            let id = DHTIdentity.key(at: router.ip, using: &random)
            var answer = KRPC(
                transaction: question.transaction, body: .reply(KRPC.Reply(), from: id))
            answer.ownAddress = number == 0 ? wrong : mine
            var next: [Kademlia.Output] = []
            engine.handle(.datagram(answer.encoded, from: router), at: .zero, into: &next)
            ids.append(engine.own)
        }
        #expect(ids[..<3].allSatisfy { $0 == first })
        #expect(DHTIdentity.isValid(ids[3], at: mine.ip) && ids[3] != first && ids[4] == ids[3])
        #expect(engine.nodeCount == 5)
    }

    struct Missing: Error {}
}
