extension PreparedGraph {
    private struct Label: Comparable, Sendable {
        var bound: Double
        var sum: Double
        var node: Int32
        @inline(__always)
        static func < (left: Label, right: Label) -> Bool {
            left.bound != right.bound ? left.bound < right.bound : left.node < right.node
        }
    }

    /// The node of that name; nil when there is none.
    package mutating func index(of name: String, _ file: borrowing Span<UInt8>) -> Int32? {
        guard slotCount > 0 else { return nil }
        let hash = PreparedGraph.nameHash(name.utf8)
        var at = Int(truncatingIfNeeded: hash) & (slotCount - 1)
        for _ in 0..<slotCount {
            let slot = sections.slots + at * PreparedGraph.slotOctets
            let node = Int64(bitPattern: word(file, slot + 8))
            guard node >= 0, node < nodeCount, !isDamaged else { return nil }
            if word(file, slot) == hash, self.name(of: Int32(node), file) == name {
                return Int32(node)
            }
            at = (at + 1) & (slotCount - 1)
        }
        return nil
    }

    package mutating func name(of node: Int32, _ file: borrowing Span<UInt8>) -> String {
        let start = Int(truncatingIfNeeded: word(file, sections.names + Int(node) * 8))
        let end = Int(truncatingIfNeeded: word(file, sections.names + Int(node) * 8 + 8))
        guard start >= 0, start <= end, end <= 1 << 40 else { return "" }
        return String(
            decoding: octets(file, sections.arena + start..<sections.arena + end), as: UTF8.self)
    }

    /// The shortest path by the prepared metric, as a small topology of its own; nil when there is
    /// none, or when the file is damaged.
    package mutating func route(
        from source: Int32, to target: Int32, _ file: borrowing Span<UInt8>
    ) -> (topology: Topology, path: RoutePath)? {
        var parents = [UInt64](repeating: 0, count: nodeCount)
        // Sums are kept as their bits plus one, so that fresh memory means out of reach.
        var sums = [UInt64](repeating: 0, count: nodeCount)
        var heap = MinimumHeap<Label>()
        // The target's distances are asked for at every step: read once.
        let width = landmarkCount * 8
        let row = sections.table + Int(target) * width
        let goal = (0..<landmarkCount).map { word(file, row + $0 * 8) }
        sums[Int(source)] = 1
        heap.push(Label(bound: 0, sum: 0, node: source))
        while let label = heap.pop(), !isDamaged {
            if label.node == target { break }
            guard sums[Int(label.node)] == label.sum.bitPattern + 1 else { continue }
            let place = sections.offsets + Int(label.node) * 4
            let (first, last) = (Int(int32(file, place)), Int(int32(file, place + 4)))
            guard first >= 0, first <= last, last <= linkCount else { return nil }
            for slot in first..<last {
                let arc = sections.arcs + slot * PreparedGraph.arcOctets
                let sum = label.sum + double(file, arc)
                let next = Int(int32(file, arc + 8))
                guard next >= 0, next < nodeCount, sum.isFinite, sum >= 0 else { continue }
                let old = sums[next]
                guard old == 0 || sum < Double(bitPattern: old - 1) else { continue }
                sums[next] = sum.bitPattern + 1
                parents[next] = UInt64(UInt32(bitPattern: label.node)) << 32 | UInt64(slot)
                let bound = sum + left(from: next, to: goal.span, file)
                if bound.isFinite { heap.push(Label(bound: bound, sum: sum, node: Int32(next))) }
            }
        }
        guard sums[Int(target)] != 0, !isDamaged else { return nil }
        return answer(source, target, parents, file)
    }

    /// The landmarks' bound of what is left.
    @inline(__always)
    private mutating func left(
        from node: Int, to goal: borrowing Span<UInt64>, _ file: borrowing Span<UInt8>
    ) -> Double {
        let here = sections.table + node * landmarkCount * 8
        var bound: Float = 0
        for index in goal.indices {
            let (from, to) = pair(word(file, here + index * 8))
            let (fromThere, toThere) = pair(goal[index])
            let ahead = fromThere - from - (fromThere + from) * 2.4e-7
            if ahead > bound { bound = ahead }
            let behind = to - toThere - (to + toThere) * 2.4e-7
            if behind > bound { bound = behind }
        }
        return Double(bound)
    }

    @inline(__always)
    private func pair(_ word: UInt64) -> (Float, Float) {
        (Float(bitPattern: UInt32(truncatingIfNeeded: word)), Float(bitPattern: UInt32(word >> 32)))
    }

    private mutating func answer(
        _ source: Int32, _ target: Int32, _ parents: [UInt64], _ file: borrowing Span<UInt8>
    ) -> (topology: Topology, path: RoutePath)? {
        var slots: [Int] = []
        var node = target
        while node != source, slots.count <= nodeCount {
            slots.append(Int(parents[Int(node)] & 0xFFFF_FFFF))
            node = Int32(truncatingIfNeeded: parents[Int(node)] >> 32)
        }
        var topology = Topology()
        guard let start = NodeID(name(of: source, file)), var from = topology.node(start) else {
            return nil
        }
        for slot in slots.reversed() {
            let next = int32(file, sections.arcs + slot * PreparedGraph.arcOctets + 8)
            guard let id = NodeID(name(of: next, file)), let to = topology.node(id) else {
                return nil
            }
            let row = sections.rows + slot * PreparedGraph.rowOctets
            let code = Int(word(file, row + 32) & 0x7F)
            var link = Topology.Link(
                source: from, target: to,
                transport: code < Topology.transportCases.count
                    ? Topology.transportCases[code] : .udp,
                latency: double(file, row), reliability: double(file, row + 8))
            let (bandwidth, cost) = (double(file, row + 16), double(file, row + 24))
            if bandwidth.isFinite { link.bandwidth = bandwidth }
            if !cost.isNaN { link.cost = cost }
            link.address = address(of: slot, file)
            do throws(Topology.Refusal) {
                try topology.add(link)
            } catch {
                return nil
            }
            from = to
        }
        let end = topology.index(of: name(of: target, file)) ?? 0
        guard !isDamaged else { return nil }
        return (topology, RoutePath(source: 0, target: end, links: Array(0..<Int32(slots.count))))
    }

    /// The URI noted for a place in the graph, found by halving.
    private mutating func address(of slot: Int, _ file: borrowing Span<UInt8>) -> String? {
        var (low, high) = (0, addressCount)
        while low < high {
            let middle = (low + high) / 2
            let entry = word(file, sections.addresses + middle * 8)
            let place = Int(entry & 0xFFFF_FFFF)
            if place == slot {
                let start = sections.addressArena + Int(entry >> 32)
                var text: [UInt8] = []
                while text.count < 1024,
                    let octet = octets(file, start + text.count..<start + text.count + 1).first,
                    octet != 0
                { text.append(octet) }
                return String(decoding: text, as: UTF8.self)
            }
            if place < slot { low = middle + 1 } else { high = middle }
        }
        return nil
    }
}
