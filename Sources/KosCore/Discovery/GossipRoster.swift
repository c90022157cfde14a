/// A member as others are told of it.
package struct GossipMember: Hashable, Sendable {
    package enum Status: String, Hashable, Sendable {
        case alive, suspect, failed, left
    }
    package let node: GossipNode
    package let status: Status

    package var tags: [String: String] { SerfTags.tags(of: node.meta) }
}

/// Who is known, and in which state. What changes often lies apart from what seldom does.
struct GossipRoster: Sendable {
    struct Standing: Hashable, Sendable {
        var state: GossipPushPull.State
        var incarnation: UInt32
        var changed: Instant

        var isLive: Bool { state == .alive || state == .suspect }
    }
    private(set) var nodes: [GossipNode] = []
    private(set) var standings: [Standing] = []
    private var places: [String: Int] = [:]
    private(set) var liveCount = 0

    var count: Int { nodes.count }

    func place(of name: String) -> Int? { places[name] }

    mutating func add(_ node: GossipNode, _ standing: Standing) -> Int {
        places[node.name] = nodes.count
        nodes.append(node)
        standings.append(standing)
        if standing.isLive { liveCount += 1 }
        return nodes.count - 1
    }

    mutating func set(_ place: Int, _ standing: Standing) {
        liveCount += (standing.isLive ? 1 : 0) - (standings[place].isLive ? 1 : 0)
        standings[place] = standing
    }

    mutating func set(_ place: Int, _ node: GossipNode) { nodes[place] = node }

    /// Forgets who has been dead since before `limit`; places change.
    mutating func reap(before limit: Instant) -> [String] {
        guard standings.contains(where: { !$0.isLive && $0.changed < limit }) else { return [] }
        var gone: [String] = []
        var kept = GossipRoster()
        for place in nodes.indices {
            if !standings[place].isLive, standings[place].changed < limit {
                gone.append(nodes[place].name)
            } else {
                _ = kept.add(nodes[place], standings[place])
            }
        }
        self = kept
        return gone
    }
}

/// What is to be made known, each so many times; what was sent least often goes first, of those
/// the newest.
struct GossipBroadcasts: Sendable {
    private struct Entry: Sendable {
        let key: String
        let serial: UInt64
        let message: [UInt8]
    }
    /// By the times that they were sent, the newest last.
    private var tiers: [[Entry]] = []
    private var newest: [String: UInt64] = [:]
    private var serial: UInt64 = 0

    var count: Int { newest.count }
    var isEmpty: Bool { newest.isEmpty }

    /// Adds a message that replaces the last one under `key`; false when there are `limit`.
    mutating func add(_ key: String, _ message: [UInt8], limit: Int) -> Bool {
        guard newest[key] != nil || newest.count < limit else { return false }
        serial &+= 1
        newest[key] = serial
        if tiers.isEmpty { tiers.append([]) }
        tiers[0].append(Entry(key: key, serial: serial, message: message))
        return true
    }

    func contains(_ key: String) -> Bool { newest[key] != nil }

    /// Messages for one packet with `room` octets left, each of which costs two octets more.
    mutating func take(room: Int, retransmits: Int) -> [[UInt8]] {
        guard !newest.isEmpty else { return [] }
        var room = room
        var taken: [[UInt8]] = []
        var moved: [(tier: Int, entry: Entry)] = []
        for tier in tiers.indices {
            var passed: [Entry] = []
            while taken.count < 128, passed.count < 32, room > 16,
                let entry = tiers[tier].popLast()
            {
                guard newest[entry.key] == entry.serial else { continue }
                guard entry.message.count + 2 <= room else {
                    passed.append(entry)
                    continue
                }
                room -= entry.message.count + 2
                taken.append(entry.message)
                if tier + 1 < retransmits {
                    moved.append((tier + 1, entry))
                } else {
                    newest.removeValue(forKey: entry.key)
                }
            }
            tiers[tier] += passed.reversed()
        }
        for (tier, entry) in moved {
            while tiers.count <= tier { tiers.append([]) }
            tiers[tier].append(entry)
        }
        if newest.isEmpty { tiers = [] }
        return taken
    }
}
