import KosCore
import Testing

/// `Attachments` as a reference, so that what changes it may stand in an expectation.
private final class AttachmentsBench {
    var value: Attachments
    init(of relay: NodeID) { value = Attachments(of: relay) }

    func isHere(_ node: String) -> Bool { value.isHere(node) }
    func isYielded(_ node: String) -> Bool { value.isYielded(node) }
    func place(of node: String) -> Attachments.Place? { value.place(of: node) }
    func attach(_ node: String, milliseconds: Int) -> Attachments.Claim {
        value.attach(node, milliseconds: milliseconds)
    }
    func detach(_ node: String) -> Attachments.Claim? { value.detach(node) }
    func hear(_ relay: NodeID) -> Bool { value.hear(relay, keeps: true, at: .zero) }
    func take(_ claim: Attachments.Claim, of relay: NodeID) -> Attachments.Change {
        value.take(claim, of: relay)
    }
    func withdraw(_ claim: Attachments.Claim, of relay: NodeID) -> Bool {
        value.withdraw(claim, of: relay)
    }
    func forget(_ relay: NodeID) -> [String] { value.forget(relay) }
}

/// Who is where: the higher epoch wins, and what is gone is gone.
@Suite struct AttachmentsTests {
    typealias Claim = Attachments.Claim
    let relays: [NodeID]
    private let here: AttachmentsBench

    init() throws {
        relays = try ["a", "b", "c"].map { try #require(NodeID($0)) }
        here = AttachmentsBench(of: relays[1])
    }

    private func hear(_ relay: NodeID, _ node: String, _ epoch: Int) -> Attachments.Change {
        guard here.hear(relay) else { return .none }
        return here.take(Claim(node: node, epoch: epoch), of: relay)
    }

    @Test func aNodeIsWhereItWasClaimedLast() {
        let (a, c) = (relays[0], relays[2])
        let claim = here.attach("x", milliseconds: 100)
        #expect(claim == Claim(node: "x", epoch: 100) && here.isHere("x"))
        #expect(hear(a, "x", 99) == .none)
        #expect(here.isHere("x"))
        #expect(hear(a, "x", 101) == .yielded)
        #expect(!here.isHere("x") && here.isYielded("x"))
        #expect(here.place(of: "x")?.relay == a)
        // An older claim of a third changes nothing; a newer one does.
        #expect(hear(c, "x", 50) == .none)
        #expect(here.place(of: "x")?.relay == a)
        #expect(hear(c, "x", 200) == .moved)
        // Its connection here ends: nobody has to be told.
        #expect(here.detach("x") == nil)
        // It comes back while the clock here is far behind: the claim outbids all the same.
        #expect(here.attach("x", milliseconds: 7).epoch == 201)
    }

    @Test func ofOneEpochTheHigherRelayHasIt() {
        let (a, c) = (relays[0], relays[2])
        _ = here.attach("x", milliseconds: 100)
        #expect(hear(a, "x", 100) == .none)
        #expect(here.isHere("x"))
        #expect(hear(c, "x", 100) == .yielded)
    }

    @Test func withdrawalsNeverTakeBackANewerClaim() {
        let a = relays[0]
        _ = hear(a, "x", 100)
        #expect(!here.withdraw(Claim(node: "x", epoch: 99), of: a))
        #expect(here.place(of: "x")?.relay == a)
        #expect(here.withdraw(Claim(node: "x", epoch: 100), of: a))
        #expect(here.place(of: "x") == nil)
    }

    @Test func whatARelaySaidGoesWithIt() {
        let (a, c) = (relays[0], relays[2])
        _ = hear(a, "x", 100)
        _ = hear(c, "x", 90)
        _ = hear(a, "y", 10)
        #expect(here.forget(a) == ["x", "y"])
        #expect(here.place(of: "x")?.relay == c && here.place(of: "y") == nil)
        #expect(here.value.silent(at: .zero + Attachments.lifetime) == [c])
    }

    /// The sum tells whether two relays mean the same, in whatever order they heard it.
    @Test func sumsAgree() throws {
        var random = SplitMix64(seed: 1)
        let relay = try #require(NodeID("z"))
        var own = Attachments(of: relay)
        var other = here.value
        let isHeard = other.hear(relay, keeps: false, at: .zero)
        #expect(isHeard)
        var claims: [String: Claim] = [:]
        for step in 1...2000 {
            let node = "n\(Int.random(in: 0..<50, using: &random))"
            if Bool.random(using: &random) {
                let claim = own.attach(node, milliseconds: step)
                claims[node] = claim
                _ = other.take(claim, of: relay)
            } else if let claim = own.detach(node) {
                claims[node] = nil
                _ = other.withdraw(claim, of: relay)
            }
            #expect(own.digest == other.digest(of: relay))
        }
        #expect(own.claims == claims.values.sorted { $0.node < $1.node })
        other.clear(relay)
        #expect(other.digest(of: relay) == 0)
        for claim in own.claims.reversed() { _ = other.take(claim, of: relay) }
        #expect(own.digest == other.digest(of: relay))
    }

    @Test func tablesAreBounded() throws {
        for number in 0..<Attachments.maxRelays {
            #expect(here.hear(try #require(NodeID("r\(number)"))))
        }
        #expect(!here.hear(try #require(NodeID("one too many"))))
        let relay = try #require(NodeID("r0"))
        for number in 0...Attachments.maxNodes {
            _ = here.take(Claim(node: "n\(number)", epoch: 1), of: relay)
        }
        #expect(here.value.relays.first { $0.relay == relay }?.count == Attachments.maxNodes)
    }

    /// The key of RFC 8032's first test vector, as PyPI's nkeys writes it.
    @Test func keysAsNATSWritesThem() throws {
        let octets = try #require(
            Hexadecimal.decode("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"))
        #expect(NKey.user(octets) == "UDLVVGABQKYQVN6VJP7NHSLEA45A5YLS6PNKMIZFV4BBU2HXA5IRUVAL")
    }
}
