/// Who is attached to which relay: the nodes at this one, and what the others tell of theirs.
///
/// Each time that a node comes to a relay the relay claims it with an epoch above every one that it
/// has heard of for that node, and the higher epoch wins: a node that moves is where it was claimed
/// last, also while the relay that it has left still believes to have it.
package struct Attachments: Sendable {
    /// A relay tells this often how its claims stand, so that what was missed is asked for.
    package static let refresh = Duration.seconds(15)
    /// A relay that has not told for so long has nobody.
    package static let lifetime = Duration.seconds(45)
    package static let maxRelays = 64
    /// Nodes of one relay.
    package static let maxNodes = 65_536

    /// A relay has the node since the epoch (ms since 1970 as its clock said, or one more than the
    /// epoch that it outbids).
    package struct Claim: Hashable, Sendable {
        package let node: String
        package let epoch: Int

        package init(node: String, epoch: Int) {
            self.node = node
            self.epoch = epoch
        }

        /// FNV-1a over the node and the epoch. The sum over all claims tells whether two relays
        /// mean the same.
        var digest: UInt64 {
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325
            for octet in "\(node) \(epoch)".utf8 {
                hash = (hash ^ UInt64(octet)) &* 0x100_0000_01B3
            }
            return hash
        }
    }

    /// Where a node is that is not here.
    package struct Place: Hashable, Sendable {
        package let relay: NodeID
        package let epoch: Int

        /// Of two claims of one epoch the relay with the higher id has the node.
        func outbids(_ epoch: Int, of other: NodeID) -> Bool {
            (self.epoch, relay) > (epoch, other)
        }
    }

    package enum Change: Hashable, Sendable {
        case none
        /// The node is there now, or at another relay than before.
        case moved
        /// It was here until now.
        case yielded
    }

    private struct Own: Sendable {
        var epoch: Int
        /// Another relay has it, though its connection here is not over yet.
        var isYielded = false
    }
    private struct Remote: Sendable {
        var sequence = 0
        var digest: UInt64 = 0
        var nodes: [String: Int] = [:]
        /// Whether it keeps packets for nodes that are away.
        var keeps = false
        var heardAt: Instant
    }

    private let relay: NodeID
    private var own: [String: Own] = [:]
    private var remotes: [NodeID: Remote] = [:]
    private var places: [String: Place] = [:]
    /// The sum over the claims of this relay.
    package private(set) var digest: UInt64 = 0

    package init(of relay: NodeID) { self.relay = relay }

    // MARK: This relay's nodes

    /// A node has come here, by a clock that says `milliseconds` since 1970.
    package mutating func attach(_ node: String, milliseconds: Int) -> Claim {
        let known = max(own[node]?.epoch ?? 0, places[node]?.epoch ?? 0)
        let claim = Claim(node: node, epoch: max(milliseconds, known + 1))
        disown(node)
        own[node] = Own(epoch: claim.epoch)
        digest &+= claim.digest
        return claim
    }

    /// A node has gone from here; nil where it was elsewhere already.
    package mutating func detach(_ node: String) -> Claim? {
        guard let entry = own[node] else { return nil }
        disown(node)
        own[node] = nil
        return entry.isYielded ? nil : Claim(node: node, epoch: entry.epoch)
    }

    private mutating func disown(_ node: String) {
        guard let entry = own[node], !entry.isYielded else { return }
        digest &-= Claim(node: node, epoch: entry.epoch).digest
    }

    package func isHere(_ node: String) -> Bool { own[node]?.isYielded == false }
    /// Whether the node is connected here, but has since come to another relay.
    package func isYielded(_ node: String) -> Bool { own[node]?.isYielded == true }

    /// Nodes that are connected here, but have since come to other relays, sorted.
    package var yielded: [String] { own.filter(\.value.isYielded).keys.sorted() }

    /// The nodes that are here, sorted.
    package var claims: [Claim] {
        own.filter { !$0.value.isYielded }.map { Claim(node: $0.key, epoch: $0.value.epoch) }
            .sorted { $0.node < $1.node }
    }

    // MARK: What others tell

    package func place(of node: String) -> Place? { places[node] }
    package func keeps(_ relay: NodeID) -> Bool { remotes[relay]?.keeps ?? false }
    package func sequence(of relay: NodeID) -> Int { remotes[relay]?.sequence ?? 0 }
    package func digest(of relay: NodeID) -> UInt64 { remotes[relay]?.digest ?? 0 }
    /// Relays that have told of themselves, and how many nodes each has.
    package var relays: [(relay: NodeID, count: Int)] {
        remotes.map { ($0.key, $0.value.nodes.count) }.sorted { $0.relay < $1.relay }
    }
    /// Every node that is known to be at another relay, sorted.
    package var elsewhere: [(node: String, place: Place)] {
        places.map { ($0.key, $0.value) }.sorted { $0.node < $1.node }
    }

    /// A relay has spoken; false when no more relays are taken.
    package mutating func hear(
        _ relay: NodeID, sequence: Int? = nil, keeps: Bool, at now: Instant
    ) -> Bool {
        guard remotes[relay] != nil || remotes.count < Attachments.maxRelays else { return false }
        remotes[relay, default: Remote(heardAt: now)].heardAt = now
        remotes[relay]?.keeps = keeps
        if let sequence { remotes[relay]?.sequence = sequence }
        return true
    }

    /// The relay claims a node. It has to have spoken before.
    package mutating func take(_ claim: Claim, of relay: NodeID) -> Change {
        guard let remote = remotes[relay], relay != self.relay else { return .none }
        let before = remote.nodes[claim.node]
        guard claim.epoch > before ?? -1,
            before != nil || remote.nodes.count < Attachments.maxNodes
        else { return .none }
        if let before {
            remotes[relay]?.digest &-= Claim(node: claim.node, epoch: before).digest
        }
        remotes[relay]?.digest &+= claim.digest
        remotes[relay]?.nodes[claim.node] = claim.epoch
        let place = Place(relay: relay, epoch: claim.epoch)
        if let known = places[claim.node], known.relay != relay,
            !place.outbids(known.epoch, of: known.relay)
        {
            return .none
        }
        places[claim.node] = place
        guard let mine = own[claim.node] else { return .moved }
        guard !mine.isYielded else { return .moved }
        guard place.outbids(mine.epoch, of: self.relay) else { return .none }
        disown(claim.node)
        own[claim.node]?.isYielded = true
        return .yielded
    }

    /// The relay has a node no longer; true where that changes where the node is.
    package mutating func withdraw(_ claim: Claim, of relay: NodeID) -> Bool {
        guard let epoch = remotes[relay]?.nodes[claim.node], epoch <= claim.epoch else {
            return false
        }
        remotes[relay]?.nodes[claim.node] = nil
        remotes[relay]?.digest &-= Claim(node: claim.node, epoch: epoch).digest
        return settle(claim.node, after: relay)
    }

    /// Forgets all that a relay has told; the nodes that are known elsewhere now, or nowhere.
    package mutating func forget(_ relay: NodeID) -> [String] {
        guard let remote = remotes.removeValue(forKey: relay) else { return [] }
        return remote.nodes.keys.sorted().filter { settle($0, after: relay) }
    }

    /// The same for its nodes alone, before it tells of all of them anew.
    package mutating func clear(_ relay: NodeID) {
        let nodes = remotes[relay]?.nodes ?? [:]
        remotes[relay]?.nodes = [:]
        remotes[relay]?.digest = 0
        for node in nodes.keys { _ = settle(node, after: relay) }
    }

    /// Relays that have been silent for too long.
    package func silent(at now: Instant) -> [NodeID] {
        remotes.filter { $0.value.heardAt + Attachments.lifetime <= now }.keys.sorted()
    }

    /// Where a node is that `relay` has no longer.
    private mutating func settle(_ node: String, after relay: NodeID) -> Bool {
        guard places[node]?.relay == relay else { return false }
        var best: Place?
        for (other, remote) in remotes {
            guard let epoch = remote.nodes[node] else { continue }
            let place = Place(relay: other, epoch: epoch)
            if best.map({ place.outbids($0.epoch, of: $0.relay) }) ?? true { best = place }
        }
        places[node] = best
        return true
    }
}
