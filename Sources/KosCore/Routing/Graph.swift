/// The links that hold, by source: compressed sparse rows over a topology's link lines.
///
/// Row `v` is `offsets[v] ..< offsets[v + 1]`; each entry has the node at the other end and the
/// link line it stands for. Parallel links on different transports are all there.
package struct Graph: Sendable {
    package internal(set) var offsets: [Int32]
    package internal(set) var targets: [Int32]
    /// Places in the topology's columns.
    package internal(set) var links: [Int32]

    package var nodeCount: Int { offsets.count - 1 }
    package var linkCount: Int { targets.count }

    package init(offsets: [Int32], targets: [Int32], links: [Int32]) {
        self.offsets = offsets
        self.targets = targets
        self.links = links
    }

    /// The links of `topology` as they stand: of lines with the same ends and transport the one
    /// with the latest time (of equal times the last), those that went down or carry nothing left
    /// out.
    package init(_ topology: Topology) {
        self.init(unsettled: topology)
        settle(topology)
    }

    /// All link lines by source, in the order in which they came (a counting sort).
    init(unsettled topology: Topology) {
        let count = topology.nodeCount
        var offsets = [Int32](repeating: 0, count: count + 1)
        for row in topology.rows { offsets[Int(row.source) + 1] += 1 }
        for row in 0..<count { offsets[row + 1] += offsets[row] }
        var next = offsets
        var targets = [Int32](repeating: 0, count: topology.linkCount)
        var links = [Int32](repeating: 0, count: topology.linkCount)
        for place in topology.rows.indices {
            let row = topology.rows[place]
            let slot = Int(next[Int(row.source)])
            next[Int(row.source)] += 1
            targets[slot] = row.target
            links[slot] = Int32(place)
        }
        self.init(offsets: offsets, targets: targets, links: links)
    }

    /// The same links by target: row `v` lists the nodes from which `v` is reached.
    package func reversed() -> Graph {
        var starts = [Int32](repeating: 0, count: nodeCount + 1)
        for target in targets { starts[Int(target) + 1] += 1 }
        for row in 0..<nodeCount { starts[row + 1] += starts[row] }
        var next = starts
        var sources = [Int32](repeating: 0, count: linkCount)
        var places = [Int32](repeating: 0, count: linkCount)
        for node in 0..<nodeCount {
            for slot in Int(offsets[node])..<Int(offsets[node + 1]) {
                let target = Int(targets[slot])
                let at = Int(next[target])
                next[target] += 1
                sources[at] = Int32(node)
                places[at] = links[slot]
            }
        }
        return Graph(offsets: starts, targets: sources, links: places)
    }

    /// The links for which `isKept` holds.
    package func filtered(_ isKept: (_ source: Int32, _ target: Int32, _ link: Int32) -> Bool)
        -> Graph
    {
        var kept = Graph(offsets: [0], targets: [], links: [])
        kept.offsets.reserveCapacity(offsets.count)
        for node in 0..<nodeCount {
            for slot in row(Int32(node)) where isKept(Int32(node), targets[slot], links[slot]) {
                kept.targets.append(targets[slot])
                kept.links.append(links[slot])
            }
            kept.offsets.append(Int32(kept.targets.count))
        }
        return kept
    }

    @inline(__always)
    package func row(_ node: Int32) -> Range<Int> {
        Int(offsets[Int(node)])..<Int(offsets[Int(node) + 1])
    }

    // MARK: Parts

    /// Leaves one link of each pair of ends and transport, and only those that carry something.
    private mutating func settle(_ topology: Topology) {
        var write = 0
        var dead: [Bool] = []
        for node in 0..<nodeCount {
            let row = row(Int32(node))
            offsets[node] = Int32(write)
            guard !isPlain(row, topology) else {
                if write != row.lowerBound {
                    for slot in row {
                        targets[write + slot - row.lowerBound] = targets[slot]
                        links[write + slot - row.lowerBound] = links[slot]
                    }
                }
                write += row.count
                continue
            }
            mark(row, topology, &dead)
            for slot in row where !dead[slot - row.lowerBound] {
                targets[write] = targets[slot]
                links[write] = links[slot]
                write += 1
            }
        }
        offsets[nodeCount] = Int32(write)
        targets.removeLast(targets.count - write)
        links.removeLast(links.count - write)
    }

    /// Whether a short row is as it should be: all its links usable and to different nodes.
    @inline(__always)
    private func isPlain(_ row: Range<Int>, _ topology: Topology) -> Bool {
        guard row.count <= 12 else { return false }
        for slot in row {
            guard topology.isUsable(Int(links[slot])) else { return false }
            for other in row.lowerBound..<slot where targets[other] == targets[slot] {
                return false
            }
        }
        return true
    }

    /// Says for each slot of `row` whether it is superseded or carries nothing.
    private func mark(_ row: Range<Int>, _ topology: Topology, _ dead: inout [Bool]) {
        dead.removeAll(keepingCapacity: true)
        for slot in row { dead.append(!topology.isUsable(Int(links[slot]))) }
        if row.count <= 12 {
            for later in row {
                for earlier in row.lowerBound..<later where targets[earlier] == targets[later] {
                    supersede(earlier, later, row, topology, &dead)
                }
            }
            return
        }
        let order = row.sorted {
            (targets[$0], kind($0, topology), $0) < (targets[$1], kind($1, topology), $1)
        }
        var best = order[0]
        for slot in order.dropFirst() {
            guard targets[slot] == targets[best], kind(slot, topology) == kind(best, topology)
            else {
                best = slot
                continue
            }
            let isNewer = time(slot, topology) >= time(best, topology)
            dead[(isNewer ? best : slot) - row.lowerBound] = true
            if isNewer { best = slot }
        }
    }

    private func supersede(
        _ earlier: Int, _ later: Int, _ row: Range<Int>, _ topology: Topology, _ dead: inout [Bool]
    ) {
        guard kind(earlier, topology) == kind(later, topology) else { return }
        let loser = time(later, topology) >= time(earlier, topology) ? earlier : later
        dead[loser - row.lowerBound] = true
    }

    private func kind(_ slot: Int, _ topology: Topology) -> UInt8 {
        topology.rows[Int(links[slot])].code & ~Topology.downBit
    }

    private func time(_ slot: Int, _ topology: Topology) -> Int64 {
        topology.times.isEmpty ? 0 : topology.times[Int(links[slot])]
    }
}
