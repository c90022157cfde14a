import KosCore
import Testing

@Suite struct DiscoveryTests {
    let start = Timestamp(milliseconds: 1_795_337_400_000)

    func sighting(_ name: String, capabilities: [String] = []) throws -> Sighting {
        Sighting(
            source: Sighting.Source(.mdns, name), nodeId: try #require(NodeID(name)),
            addresses: [PeerAddress(type: .udp, address: "192.168.1.2", port: 47470)],
            capabilities: capabilities, trust: .opaque)
    }

    func run(
        _ options: Discovery.Options, _ inputs: [(Int64, Discovery.Input)]
    ) -> (peers: [PeerRecord], ending: Discovery.Ending?, at: Int64) {
        var discovery = Discovery(options, at: .zero, time: start)
        var outputs: [Discovery.Output] = []
        var peers: [PeerRecord] = []
        var result: (Discovery.Ending, Int64)?
        func take(_ now: Int64) {
            for output in outputs {
                switch output {
                case .peer(let record): peers.append(record)
                case .ended(let ending): result = (ending, now)
                }
            }
            outputs = []
        }
        for (time, input) in inputs {
            while let due = discovery.nextDeadline, due.nanoseconds < time * 1_000_000 {
                discovery.advance(to: due, into: &outputs)
                take(due.nanoseconds / 1_000_000)
            }
            discovery.handle(input, at: Instant(nanoseconds: time * 1_000_000), into: &outputs)
            take(time)
        }
        while result == nil, let due = discovery.nextDeadline {
            discovery.advance(to: due, into: &outputs)
            take(due.nanoseconds / 1_000_000)
        }
        return (peers, result?.0, result?.1 ?? -1)
    }

    func options() -> Discovery.Options {
        var options = Discovery.Options()
        options.methods = [.mdns, .static]
        options.deadline = Instant(nanoseconds: 3_000_000_000)
        return options
    }

    @Test func aOneShotEndsWhenEveryMethodIsComplete() throws {
        let result = run(
            options(),
            [
                (5, .complete(.static, at: start)),
                (10, .book(.seen(try sighting("bravo"), at: start))),
                (40, .complete(.mdns, at: start)),
            ])
        #expect(result.ending == .complete && result.at == 40)
        #expect(result.peers.map(\.nodeId.text) == ["bravo"])
    }

    @Test func aMethodThatNeverAnswersIsBoundedByTheDeadline() throws {
        let result = run(options(), [(10, .book(.seen(try sighting("bravo"), at: start)))])
        #expect(result.ending == .deadline && result.at == 3000 && result.peers.count == 1)
    }

    @Test func untilEndsWithTheFirstWordOfTheNode() throws {
        var options = options()
        options.until = "bravo"
        let result = run(
            options,
            [
                (10, .book(.seen(try sighting("alpha"), at: start))),
                (20, .book(.seen(try sighting("bravo"), at: start))),
            ])
        #expect(result.ending == .until && result.at == 20)
        #expect(result.peers.map(\.nodeId.text) == ["alpha", "bravo"])
    }

    @Test func countEndsWithSoManyWantedPeers() throws {
        var options = options()
        options.count = 1
        options.filter.capabilities = ["store"]
        let result = run(
            options,
            [
                (10, .book(.seen(try sighting("a", capabilities: ["relay"]), at: start))),
                (20, .book(.seen(try sighting("b", capabilities: ["relay", "store"]), at: start))),
                (20, .book(.seen(try sighting("c", capabilities: ["store"]), at: start))),
            ])
        #expect(result.ending == .count && result.peers.map(\.nodeId.text) == ["b"])
    }

    @Test func idleEndsAfterSilence() throws {
        var options = options()
        options.idle = .milliseconds(500)
        let result = run(
            options,
            [
                (400, .book(.seen(try sighting("a"), at: start))),
                (800, .book(.seen(try sighting("a"), at: start))),
            ])
        #expect(result.ending == .idle && result.at == 900)
    }

    @Test func aWatchFindsThenSeesJoining() throws {
        var options = options()
        options.isWatch = true
        options.deadline = nil
        let source = Sighting.Source(.mdns, "b")
        let result = run(
            options,
            [
                (0, .book(.seen(try sighting("a"), at: start))),
                (1, .complete(.static, at: start)), (2, .complete(.mdns, at: start)),
                (1000, .book(.seen(try sighting("b"), at: start))),
                (5000, .book(.lost(source, .unreachable, at: start))),
                (6000, .stop(at: start)),
            ])
        #expect(result.peers.map(\.event) == [.found, .joined, .left])
        #expect(result.ending == .stopped)
    }

    @Test func thisNodeItselfIsNotShownUnlessAskedFor() throws {
        var options = options()
        options.own = NodeID("me")
        let inputs: [(Int64, Discovery.Input)] = [(0, .book(.seen(try sighting("me"), at: start)))]
        #expect(run(options, inputs).peers.isEmpty)
        options.includesSelf = true
        #expect(run(options, inputs).peers.count == 1)
    }

    @Test(arguments: [
        ("*", "", true), ("*", "anything", true), ("a*c", "abc", true), ("a*c", "abd", false),
        ("a?c", "abc", true), ("a?c", "ac", false), ("[a-c]x", "bx", true),
        ("[!a-c]x", "bx", false),
        ("[]]", "]", true), ("[abc", "[abc", true), ("\\*", "*", true), ("\\*", "x", false),
        ("*a*b*c*", "xxaxxbxxcxx", true), ("", "", true), ("", "x", false),
        ("*************************b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
    ])
    func patterns(_ pattern: String, _ text: String, _ matches: Bool) {
        #expect(Glob.matches(pattern, text) == matches)
    }

    @Test func scopesNest() {
        typealias Scope = PeerFilter.Scope
        #expect(Scope(of: "127.0.0.1") == .local && Scope(of: "::1") == .local)
        #expect(Scope(of: "fe80::1%eth0") == .lan && Scope(of: "10.1.2.3") == .lan)
        #expect(Scope(of: "192.0.2.1") == .wan && Scope(of: "example.org") == .wan)
        #expect(Scope.local.isWithin(.wan) && !Scope.wan.isWithin(.lan))
    }
}
