import KosCore
import KosSimulation
import Testing

/// The engine of gossip alone, and clusters of it in virtual time.
@Suite struct GossipTests {
    typealias Mask = GossipCodecTests.Mask

    func engine(_ name: String, seed: UInt64 = 1) -> Gossip {
        Gossip(
            GossipNode(
                name: name, address: ContactAddress(ip: IPAddress(ipv4: 0x0A00_0001), port: 7946)),
            tags: [:], settings: .lan, envelope: GossipEnvelope(open: Mask()), seed: seed, at: .zero
        )
    }

    /// The values of memberlist's own tests, and of its formulas by hand.
    @Test func formulas() {
        let lan = GossipSettings.lan
        #expect(
            [0, 1, 9, 10, 99, 100, 5000].map { lan.retransmits($0) } == [0, 4, 4, 8, 8, 12, 16])
        #expect(lan.minSuspicion(5) == .seconds(4))
        #expect(abs(lan.minSuspicion(100).seconds - 8) < 1e-9)
        #expect(abs(lan.minSuspicion(500).seconds - 10.796) < 1e-3)
        #expect(lan.maxSuspicion(5) == .seconds(24))
        #expect([1, 3, 4, 5000].map { lan.confirmations($0) } == [0, 0, 2, 2])
        // memberlist's suspicion tests: k 3, 2 s to 30 s.
        let left = (0...3).map {
            GossipSettings.suspicion(min: .seconds(2), max: .seconds(30), confirmed: $0, wanted: 3)
                .seconds
        }
        for (value, expected) in zip(left, [30, 16, 7.81, 2]) {
            #expect(abs(value - expected) < 0.01)
        }
        #expect(
            [2, 32, 33, 64, 65, 128, 5000].map { lan.pushPullPause($0).seconds / 30 } == [
                1, 1, 2, 2, 3, 3, 9,
            ])
    }

    @Test func aPingIsAnsweredByWhomItNames() throws {
        var node = engine("a")
        let sender = ContactAddress(ip: IPAddress(ipv4: 0x0A00_0002), port: 9)
        let envelope = GossipEnvelope(open: Mask())
        func ask(_ name: String) throws -> [GossipMessage] {
            var outputs: [Gossip.Output] = []
            let ping = GossipMessage.ping(GossipMessage.Ping(sequence: 9, node: name))
            node.handle(.datagram(ping.encoded, from: sender), at: .zero, into: &outputs)
            var bad = 0
            return try outputs.flatMap { output in
                guard case .send(let octets, sender) = output else { return [GossipMessage]() }
                return try envelope.messages(of: octets, bad: &bad)
            }
        }
        #expect(try ask("a") == [.ack(sequence: 9)])
        #expect(try ask("b") == [])
        #expect(node.drops == [.notForUs: 1])
    }

    /// Nothing that comes in harms, grows tables beyond their bounds or answers much.
    @Test(arguments: 0..<1500) func noiseDoesNoHarm(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        var node = engine("a", seed: UInt64(seed))
        let sender = ContactAddress(ip: IPAddress(ipv4: 0x0A00_0007), port: 1)
        var outputs: [Gossip.Output] = []
        let entry = GossipPushPull.Entry(
            node: GossipCodecTests.node, incarnation: 1, state: .alive)
        let state = GossipPushPull(
            entries: [entry], isJoin: true,
            userState: SerfState(
                time: 1, eventTime: 1, queryTime: 1, statusTimes: ["b": 3], left: ["b"]
            ).encoded
        ).encoded
        var octets: [UInt8] =
            switch seed % 4 {
            case 0:
                GossipEnvelope(open: Mask()).packet(
                    GossipCodecTests.all.map(\.encoded), hasChecksum: false)
            case 1: GossipEnvelope.compressed(GossipCodecTests.all[6].encoded)
            case 2: [UInt8(8)] + SerfMessage.join(time: 8, node: "b").encoded
            default: state
            }
        for _ in 0..<Int.random(in: 1...8, using: &random) where !octets.isEmpty {
            let at = Int.random(in: 0..<octets.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: octets[at] = UInt8.random(in: 0...255, using: &random)
            case 1: octets.remove(at: at)
            default: octets.insert(UInt8.random(in: 0...255, using: &random), at: at)
            }
        }
        node.handle(.datagram(octets, from: sender), at: .zero, into: &outputs)
        node.handle(.request(1, octets, from: sender), at: .zero, into: &outputs)
        var reader = GossipStreamReader()
        _ = reader.append(octets)
        #expect(outputs.count <= 8, "seed \(seed)")
        #expect(node.memberCount <= 3, "seed \(seed)")
    }

    /// Whoever sends thousands of names fills the table up to its bound and no further.
    @Test func theTableIsBounded() {
        var settings = GossipSettings.lan
        settings.maxMembers = 100
        var node = Gossip(
            GossipWorld.node(0), tags: [:], settings: settings,
            envelope: GossipEnvelope(open: Mask()), seed: 1, at: .zero)
        var outputs: [Gossip.Output] = []
        for index in 1...1000 {
            let message = GossipMessage.alive(GossipWorld.node(index), incarnation: 1)
            node.handle(
                .datagram(message.encoded, from: GossipWorld.node(1).address), at: .zero,
                into: &outputs)
        }
        #expect(node.memberCount == 100 && node.drops[.tooMany] == 901)
    }

    /// What is told of an earlier self is refuted; what is told of another one by our name is not.
    @Test func refutation() {
        var node = engine("a")
        var outputs: [Gossip.Output] = []
        let other = ContactAddress(ip: IPAddress(ipv4: 0x0A00_0002), port: 9)
        func hear(_ message: GossipMessage) {
            node.handle(.datagram(message.encoded, from: other), at: .zero, into: &outputs)
        }
        hear(.dead(GossipMessage.Accusation(incarnation: 41, node: "a", from: "b")))
        #expect(node.status(of: "a") == .alive && node.awareness == 1)
        hear(.suspect(GossipMessage.Accusation(incarnation: .max, node: "a", from: "b")))
        hear(.suspect(GossipMessage.Accusation(incarnation: .max, node: "a", from: "b")))
        #expect(node.status(of: "a") == .alive)
        hear(.alive(GossipNode(name: "a", address: other), incarnation: .max))
        #expect(node.drops == [.conflict: 1])
    }

    func names(_ world: GossipWorld, _ index: Int) -> [String] {
        world.nodes[index].members.filter { $0.status == .alive }.map(\.node.name)
    }

    /// Nodes that join one another all know each other within seconds.
    @Test(arguments: 1...10) func joining(seed: Int) {
        var world = GossipWorld(cipher: Mask(), seed: UInt64(seed))
        for index in 0..<12 {
            world.add()
            if index > 0 { world.join(index, index - 1) }
            world.run(for: .milliseconds(100))
        }
        world.run(for: .seconds(5))
        for index in 0..<12 { #expect(names(world, index).count == 12, "seed \(seed)") }
        #expect(world.falsePositives == 0)
    }

    /// Nothing fails, nobody is suspected.
    @Test(arguments: 1...100) func noFalsePositivesWithoutFaults(seed: Int) {
        var world = GossipWorld(cipher: Mask(), seed: UInt64(seed))
        world.addAcquainted(12)
        world.run(for: .seconds(30))
        #expect(world.falsePositives == 0, "seed \(seed)")
        #expect(world.nodes.allSatisfy { $0.memberCount == 12 && $0.awareness == 0 })
    }

    /// One that dies is known to be dead within the bound, with one packet in twenty lost.
    @Test(arguments: 1...4) func deathsAreKnown(seed: Int) {
        var world = GossipWorld(loss: 0.05, cipher: Mask(), seed: UInt64(seed))
        world.addAcquainted(60)
        world.run(for: .seconds(5))
        world.kill(17)
        let bound = GossipSettings.lan.maxSuspicion(60)
        world.run(for: bound)
        let death = world.deaths[17]
        #expect(death?.widelyKnown != nil, "seed \(seed)")
        #expect(world.falsePositives == 0, "seed \(seed)")
    }

    @Test(arguments: 1...10) func whoeverLeavesHasLeft(seed: Int) {
        var world = GossipWorld(cipher: Mask(), seed: UInt64(seed))
        world.addAcquainted(9)
        world.run(for: .seconds(2))
        world.leave(4)
        world.run(for: .seconds(12))
        #expect(!world.isAlive[4])
        for index in 0..<9 where index != 4 {
            #expect(world.nodes[index].status(of: "n4") == .left, "seed \(seed)")
        }
        #expect(world.falsePositives == 0)
    }

    /// Nodes are killed and started again by chance; at the end all see the same.
    @Test(arguments: 1...3) func viewsAgreeAfterKills(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        var world = GossipWorld(loss: 0.02, cipher: Mask(), seed: UInt64(seed))
        world.addAcquainted(6)
        for _ in 0..<20 {
            let victim = Int.random(in: 0..<6, using: &random)
            world.kill(victim)
            world.run(for: .milliseconds(Int.random(in: 200...9000, using: &random)))
            world.revive(victim, asking: (victim + 1) % 6)
            world.run(for: .milliseconds(Int.random(in: 200...9000, using: &random)))
        }
        world.run(for: .seconds(70))
        for index in 0..<6 { #expect(names(world, index).count == 6, "seed \(seed)") }
    }

    @Test func eventsReachAllOnce() {
        var world = GossipWorld(cipher: Mask(), seed: 1)
        world.addAcquainted(5)
        world.run(for: .seconds(1))
        let before = world.packets
        world.feed(0, .event(name: "deploy", payload: [1]))
        world.run(for: .seconds(2))
        #expect(world.packets > before)
        #expect(world.events == [1: 1, 2: 1, 3: 1, 4: 1])
    }
}
