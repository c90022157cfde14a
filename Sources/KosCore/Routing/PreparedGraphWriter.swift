extension PreparedGraph {
    /// The octets of a prepared graph: `topology` by `metric`, with `count` landmarks.
    package static func octets(
        of topology: Topology, metric: Metric, landmarks count: Int = 8
    ) -> [UInt8] {
        let graph = Graph(topology)
        let weights = graph.weights(topology, by: metric)
        let landmarks = Landmarks(graph, weights: weights, count: count)
        var out = OctetSections()
        out.reserve(graph, landmarks)
        for _ in 0..<headWords { out.append(UInt64(0)) }
        var head = [UInt64](repeating: 0, count: headWords)
        head[4] = UInt64(graph.nodeCount)
        head[5] = UInt64(graph.linkCount)
        head[6] = UInt64(landmarks.nodes.count)
        head[8] = UInt64(Metric.allCases.firstIndex(of: metric) ?? 0)
        writeNames(topology, &out, &head)
        head[12] = UInt64(out.bytes.count)
        for offset in graph.offsets { out.append(UInt32(bitPattern: offset)) }
        out.align()
        head[13] = UInt64(out.bytes.count)
        for slot in 0..<graph.linkCount {
            out.append(weights[slot].bitPattern)
            out.append(UInt32(bitPattern: graph.targets[slot]))
            out.append(UInt32(bitPattern: graph.links[slot]))
        }
        head[14] = UInt64(out.bytes.count)
        for slot in 0..<graph.linkCount { writeRow(topology, graph.links[slot], &out) }
        head[15] = UInt64(out.bytes.count)
        for value in landmarks.table { out.append(value.bitPattern) }
        out.align()
        writeAddresses(topology, graph, &out, &head)
        head[18] = UInt64(out.bytes.count)
        seal(&out, &head)
        return out.bytes
    }

    private static func seal(_ out: inout OctetSections, _ head: inout [UInt64]) {
        let end = out.bytes.count
        var start = headWords * 8
        while start < end {
            let next = min(start + 1 << blockBits, end)
            out.append(mix(out.bytes.span, from: start, to: next))
            start = next
        }
        var magicWord: UInt64 = 0
        for octet in magic.reversed() { magicWord = magicWord << 8 | UInt64(octet) }
        head[0] = magicWord
        head[1] = version
        head[2] = UInt64(out.bytes.count)
        for index in head.indices { out.put(head[index], at: index * 8) }
        var sum = mix(out.bytes.span, from: 32, to: headWords * 8)
        sum = mix(out.bytes.span, from: end, to: out.bytes.count, seed: sum)
        out.put(sum, at: 24)
    }

    private static func writeNames(
        _ topology: Topology, _ out: inout OctetSections, _ head: inout [UInt64]
    ) {
        head[9] = UInt64(out.bytes.count)
        var place = 0
        for node in 0..<Int32(topology.nodeCount) {
            out.append(UInt64(place))
            place += topology.names.octets(of: node).count
        }
        out.append(UInt64(place))
        head[10] = UInt64(out.bytes.count)
        for node in 0..<Int32(topology.nodeCount) {
            out.bytes.append(contentsOf: topology.names.octets(of: node))
        }
        out.align()
        head[11] = UInt64(out.bytes.count)
        // Open addressing by a hash of the name; a slot is the hash and the node, 0 and −1 when
        // free.
        var size = 16
        while size < topology.nodeCount * 2 { size *= 2 }
        head[19] = UInt64(size)
        var slots = [(UInt64, Int64)](repeating: (0, -1), count: size)
        for node in 0..<Int32(topology.nodeCount) {
            let hash = nameHash(topology.names.octets(of: node))
            var at = Int(truncatingIfNeeded: hash) & (size - 1)
            while slots[at].1 >= 0 { at = (at + 1) & (size - 1) }
            slots[at] = (hash, Int64(node))
        }
        for (hash, node) in slots {
            out.append(hash)
            out.append(UInt64(bitPattern: node))
        }
    }

    /// FNV-1a, folded.
    static func nameHash(_ octets: some Sequence<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for octet in octets { hash = (hash ^ UInt64(octet)) &* 0x100_0000_01B3 }
        return hash ^ hash >> 29
    }

    private static func writeRow(_ topology: Topology, _ place: Int32, _ out: inout OctetSections) {
        let row = topology.rows[Int(place)]
        out.append(row.latency.bitPattern)
        out.append(row.reliability.bitPattern)
        out.append(row.bandwidth.bitPattern)
        out.append((topology.statedCost(Int(place)) ?? .nan).bitPattern)
        out.append(UInt64(row.code))
    }

    private static func writeAddresses(
        _ topology: Topology, _ graph: Graph, _ out: inout OctetSections, _ head: inout [UInt64]
    ) {
        head[16] = UInt64(out.bytes.count)
        var arena: [UInt8] = []
        var count: UInt64 = 0
        let hasAny = !topology.addresses.isEmpty || !topology.peerAddresses.isEmpty
        for slot in 0..<graph.linkCount where hasAny {
            let place = graph.links[slot]
            let address = topology.address(place)
            guard address != topology.name(of: graph.targets[slot]) else { continue }
            out.append(UInt32(truncatingIfNeeded: slot))
            out.append(UInt32(truncatingIfNeeded: arena.count))
            arena.append(contentsOf: address.utf8)
            arena.append(0)
            count += 1
        }
        head[7] = count
        head[17] = UInt64(out.bytes.count)
        out.bytes.append(contentsOf: arena)
        out.align()
    }
}

/// Octets that grow by words.
struct OctetSections {
    var bytes: [UInt8] = []

    mutating func reserve(_ graph: Graph, _ landmarks: Landmarks) {
        bytes.reserveCapacity(
            graph.linkCount * 60 + graph.nodeCount * 64 + landmarks.table.count * 4)
    }
    @inline(__always)
    mutating func append(_ value: some FixedWidthInteger) {
        var rest = value
        for _ in 0..<value.bitWidth / 8 {
            bytes.append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }
    mutating func align() { while bytes.count & 7 != 0 { bytes.append(0) } }
    mutating func put(_ value: UInt64, at offset: Int) {
        for index in 0..<8 {
            bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(index * 8))
        }
    }
}
