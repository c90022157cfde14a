import KosCore
import KosCrypto
import Testing

/// Two agents and what lies between them, in virtual time.
private struct Wire {
    var agents: [ICEAgent]
    var now = Instant.zero
    /// Address as the other side sees it, by the address that sent.
    var translation: [ContactAddress: ContactAddress] = [:]
    var stunServer: ContactAddress?
    /// What is on its way: to whom, from where, to where.
    private var flying: [(octets: [UInt8], from: ContactAddress, to: ContactAddress)] = []
    var outputs: [[ICEAgent.Output]] = [[], []]
    /// Everything that was sent, for those who look on.
    var seen: [(octets: [UInt8], from: ContactAddress, to: ContactAddress)] = []

    init(_ agents: [ICEAgent]) { self.agents = agents }

    mutating func post(_ input: ICEAgent.Input, to agent: Int) {
        var told: [ICEAgent.Output] = []
        agents[agent].handle(input, at: now, into: &told)
        take(told, of: agent)
    }

    private mutating func take(_ told: [ICEAgent.Output], of agent: Int) {
        outputs[agent] += told
        for case .send(let octets, let path) in told {
            let from = agents[agent].bases[path.base].address
            flying.append((octets, translation[from] ?? from, path.remote))
        }
    }

    /// Runs until nothing is left to do before `end`.
    mutating func run(until end: Duration) {
        let end = Instant.zero + end
        while true {
            while !flying.isEmpty {
                let datagram = flying.removeFirst()
                seen.append(datagram)
                deliver(datagram.octets, datagram.from, datagram.to)
            }
            let next = agents.compactMap(\.nextDeadline).min() ?? end
            guard next < end else { break }
            now = max(now, next)
            for index in agents.indices {
                var told: [ICEAgent.Output] = []
                agents[index].advance(to: now, into: &told)
                take(told, of: index)
            }
        }
        now = end
    }

    mutating func deliver(_ octets: [UInt8], _ from: ContactAddress, _ to: ContactAddress) {
        if to == stunServer, let answer = STUN.answer(to: octets, from: from) {
            flying.append((answer, to, from))
            return
        }
        let inner = translation.first { $0.value == to }?.key ?? to
        for (index, agent) in agents.enumerated() {
            guard let base = agent.bases.firstIndex(where: { $0.address == inner }) else {
                continue
            }
            // Behind a translator nobody is reached at the inner address.
            if inner == to, translation[inner] != nil { continue }
            post(.datagram(octets, ICEAgent.Path(base: base, remote: from)), to: index)
        }
    }

    func selected(_ agent: Int) -> ICEAgent.Path? { agents[agent].selected }

    func refusals(_ agent: Int) -> [ICEAgent.Refusal] {
        outputs[agent].compactMap {
            if case .refused(let reason, _) = $0 { return reason }
            return nil
        }
    }

    func failures(_ agent: Int) -> [String] {
        outputs[agent].compactMap {
            if case .failed(let reason) = $0 { return reason }
            return nil
        }
    }
}

@Suite struct ICEAgentTests {
    private static func address(_ text: String, _ port: UInt16) throws -> ContactAddress {
        ContactAddress(ip: try #require(IPAddress(text)), port: port)
    }

    private static func agent(
        _ number: UInt8, _ hosts: [ContactAddress], isLite: Bool = false, controls: Bool = false,
        tieBreaker: UInt64? = nil
    ) -> ICEAgent {
        var settings = ICEAgent.Settings(
            local: ICECredentials(secret: (0..<32).map { $0 &* 7 &+ number }),
            tieBreaker: tieBreaker ?? UInt64(number), secret: [number], authenticator: STUNHash())
        settings.isLite = isLite
        settings.isControlling = controls
        return ICEAgent(
            settings,
            bases: hosts.enumerated().map { ICECandidate(local: .host, $1, rank: $0) }, at: .zero)
    }

    private static func introduce(_ wire: inout Wire, without: Set<Int> = []) {
        for (index, other) in [(0, 1), (1, 0)] where !without.contains(index) {
            let agent = wire.agents[other]
            wire.post(
                .remote(agent.local, agent.bases, isLite: agent.bases.isEmpty), to: index)
        }
    }

    @Test func twoHostsFindEachOther() throws {
        var wire = Wire([
            Self.agent(1, [try Self.address("10.0.0.1", 1000)], controls: true),
            Self.agent(2, [try Self.address("10.0.0.2", 2000)]),
        ])
        Self.introduce(&wire)
        wire.run(until: .milliseconds(30))
        #expect(wire.selected(0)?.remote == (try Self.address("10.0.0.2", 2000)))
        #expect(wire.selected(1)?.remote == (try Self.address("10.0.0.1", 1000)))
    }

    @Test func aCheckThatComesBeforeTheDescriptionIsNotLost() throws {
        var wire = Wire([
            Self.agent(1, [try Self.address("10.0.0.1", 1000)], controls: true),
            Self.agent(2, [try Self.address("10.0.0.2", 2000)]),
        ])
        Self.introduce(&wire, without: [0])
        wire.run(until: .milliseconds(200))
        #expect(wire.selected(0) == nil)
        // Nothing is due until the answer comes: only the end of all patience.
        #expect(wire.agents[0].nextDeadline == .zero + .seconds(15))
        // The answer names no candidate: the one that has shown itself is enough.
        wire.post(.remote(wire.agents[1].local, [], isLite: false), to: 0)
        wire.run(until: .milliseconds(800))
        #expect(wire.selected(0)?.remote == (try Self.address("10.0.0.2", 2000)))
        #expect(wire.selected(1)?.remote == (try Self.address("10.0.0.1", 1000)))
    }

    @Test func theBestPairIsChosen() throws {
        let far = [try Self.address("10.0.0.1", 1000), try Self.address("192.168.0.1", 1001)]
        let near = [try Self.address("192.168.0.2", 2001), try Self.address("10.0.0.2", 2000)]
        var wire = Wire([Self.agent(1, far, controls: true), Self.agent(2, near)])
        Self.introduce(&wire)
        wire.run(until: .seconds(2))
        let path = try #require(wire.selected(0))
        // Both bases reach both addresses here; the first of each side has the higher priority.
        #expect(path == ICEAgent.Path(base: 0, remote: near[0]))
        #expect(wire.selected(1)?.remote == far[0])
    }

    @Test func aLiteAgentAnswersAndNeverAsks() throws {
        var wire = Wire([
            Self.agent(1, [try Self.address("10.0.0.1", 1000)], controls: true),
            Self.agent(2, [try Self.address("10.0.0.2", 2000)], isLite: true),
        ])
        wire.post(.remote(wire.agents[1].local, wire.agents[1].bases, isLite: true), to: 0)
        wire.post(.remote(wire.agents[0].local, wire.agents[0].bases, isLite: false), to: 1)
        wire.run(until: .milliseconds(30))
        #expect(wire.selected(0) != nil)
        #expect(wire.selected(1)?.remote == (try Self.address("10.0.0.1", 1000)))
        let lite = try Self.address("10.0.0.2", 2000)
        for datagram in wire.seen where datagram.from == lite {
            #expect(STUNMessage(datagram.octets)?.kind == .success)
        }
        // Three times what came in, and not an octet more.
        let out = wire.seen.filter { $0.from == lite }.reduce(0) { $0 + $1.octets.count }
        let into = wire.seen.filter { $0.to == lite }.reduce(0) { $0 + $1.octets.count }
        #expect(out <= AmplificationLimit.factor * into)
    }

    @Test func consentKeepsAPairAndItsAbsenceEndsIt() throws {
        var wire = Wire([
            Self.agent(1, [try Self.address("10.0.0.1", 1000)], controls: true),
            Self.agent(2, [try Self.address("10.0.0.2", 2000)]),
        ])
        Self.introduce(&wire)
        wire.run(until: .seconds(300))
        #expect(wire.failures(0).isEmpty && wire.failures(1).isEmpty)
        // The other one is gone: within the half minute of RFC 7675 it is noticed.
        wire.agents[1] = Self.agent(9, [])
        wire.run(until: .seconds(340))
        #expect(wire.failures(0) == ["the other end has not been heard for a while"])
    }

    @Test func bothBehindTranslatorsMeetByWhatAServerSees() throws {
        let one = try Self.address("192.168.1.2", 1000)
        let two = try Self.address("192.168.2.2", 2000)
        var wire = Wire([Self.agent(1, [one], controls: true), Self.agent(2, [two])])
        wire.translation = [
            one: try Self.address("198.51.100.1", 4001), two: try Self.address("203.0.113.1", 4002),
        ]
        let server = try Self.address("192.0.2.9", 3478)
        wire.stunServer = server
        for index in 0..<2 { wire.post(.gather([server]), to: index) }
        wire.run(until: .seconds(2))
        let found = wire.outputs.map { told in
            told.compactMap { output -> ICECandidate? in
                if case .gathered(let candidate) = output { return candidate }
                return nil
            }
        }
        let outside = [one, two].compactMap { wire.translation[$0] }
        #expect(found.map { $0.map(\.address) } == outside.map { [$0] })
        #expect(wire.outputs[0].contains(.gatheringDone))
        for (index, other) in [(0, 1), (1, 0)] {
            let agent = wire.agents[other]
            wire.post(.remote(agent.local, agent.bases + found[other], isLite: false), to: index)
        }
        wire.run(until: .seconds(6))
        #expect(wire.selected(0)?.remote == wire.translation[two])
        #expect(wire.selected(1)?.remote == wire.translation[one])
    }

    @Test(arguments: [(1, 2), (2, 1)] as [(UInt64, UInt64)])
    func whoControlsIsSettled(_ ours: UInt64, _ theirs: UInt64) throws {
        var wire = Wire([
            Self.agent(1, [try Self.address("10.0.0.1", 1000)], controls: true, tieBreaker: ours),
            Self.agent(2, [try Self.address("10.0.0.2", 2000)], controls: true, tieBreaker: theirs),
        ])
        Self.introduce(&wire)
        wire.run(until: .seconds(3))
        #expect(wire.selected(0) != nil && wire.selected(1) != nil)
        #expect(wire.agents[0].isControlling == (ours > theirs))
        #expect(wire.agents[1].isControlling == (theirs > ours))
    }

    @Test func strangersAreRefused() throws {
        let home = try Self.address("10.0.0.2", 2000)
        let away = try Self.address("10.0.0.1", 1000)
        let spy = try Self.address("10.6.6.6", 666)
        var wire = Wire([
            Self.agent(1, [away], controls: true), Self.agent(2, [home], isLite: true),
        ])
        wire.post(.remote(wire.agents[1].local, wire.agents[1].bases, isLite: true), to: 0)
        wire.post(.remote(wire.agents[0].local, wire.agents[0].bases, isLite: false), to: 1)
        wire.run(until: .milliseconds(30))
        let good = try #require(wire.seen.last { $0.to == home })
        let chosen = wire.selected(1)

        func refusal(_ octets: [UInt8], from: ContactAddress) -> ICEAgent.Refusal? {
            var copy = wire
            copy.outputs = [[], []]
            copy.deliver(octets, from, home)
            #expect(copy.selected(1) == chosen)
            // Nothing at all goes back.
            #expect(copy.outputs[1].count == 1)
            return copy.refusals(1).first
        }
        // A request that somebody has recorded, sent again from elsewhere.
        #expect(refusal(good.octets, from: spy) == .replayed)

        let local = wire.agents[1].local
        func request(_ name: String, _ password: String) -> [UInt8] {
            STUNMessage.encode(
                .request, transaction: [UInt8](repeating: 7, count: 12),
                [
                    STUNMessage.Attribute(STUNMessage.Name.username, Array(name.utf8)),
                    STUNMessage.Attribute(STUNMessage.Name.useCandidate, []),
                ], integrity: (Array(password.utf8), STUNHash()))
        }
        let remote = wire.agents[0].local
        #expect(
            refusal(request("wrong:\(remote.fragment)", local.password), from: spy) == .wrongName)
        #expect(
            refusal(request("\(local.fragment):wrong", local.password), from: spy) == .wrongName)
        #expect(
            refusal(request("\(local.fragment):\(remote.fragment)", remote.password), from: spy)
                == .wrongIntegrity)
        #expect(refusal(Array(good.octets.dropLast(8)), from: spy) == .malformed)
        let answer = STUNMessage.encode(
            .success, transaction: [UInt8](repeating: 7, count: 12), [],
            integrity: (Array(local.password.utf8), STUNHash()))
        #expect(refusal(answer, from: spy) == .unknownTransaction)
    }

    @Test func nobodyThereEndsInTime() throws {
        var wire = Wire([
            Self.agent(1, [try Self.address("10.0.0.1", 1000)], controls: true),
            Self.agent(2, [try Self.address("10.0.0.2", 2000)]),
        ])
        wire.post(
            .remote(
                wire.agents[1].local,
                [ICECandidate(local: .host, try Self.address("10.9.9.9", 9), rank: 0)],
                isLite: false),
            to: 0)
        wire.run(until: .seconds(20))
        #expect(wire.failures(0) == ["no pair of addresses works"])
        // 15 s of checks, each repeated half a dozen times at most.
        #expect(wire.seen.count <= ICEAgentTests.maxChecks)
    }
    private static let maxChecks = 8

    @Test func noiseNeitherCrashesNorGrows() throws {
        let home = try Self.address("10.0.0.2", 2000)
        let base = Self.agent(2, [home])
        var random = SplitMix64(seed: 5)
        var agent = base
        agent.handleQuietly(.remote(base.local, [], isLite: false))
        for _ in 0..<20_000 {
            var octets = STUNMessage.encode(
                [.request, .success, .failure, .indication].randomElement(using: &random)
                    ?? .request,
                transaction: (0..<12).map { _ in UInt8.random(in: 0...255, using: &random) },
                [
                    STUNMessage.Attribute(
                        STUNMessage.Name.username,
                        Array("\(base.local.fragment):\(base.local.fragment)".utf8))
                ], integrity: (Array(base.local.password.utf8), STUNHash()))
            if Bool.random(using: &random) {
                octets[Int.random(in: 0..<octets.count, using: &random)] ^= 1
            }
            let from = ContactAddress(
                ip: IPAddress(ipv4: UInt32.random(in: 1...0xDFFF_FFFF, using: &random)), port: 9)
            agent.handleQuietly(.datagram(octets, ICEAgent.Path(base: 0, remote: from)))
        }
        #expect(agent.pairCount <= 100)
    }
}

extension ICEAgent {
    fileprivate mutating func handleQuietly(_ input: Input) {
        var told: [Output] = []
        handle(input, at: .zero, into: &told)
    }
}
