extension NetworkLayer {
    /// Lines for each next hop and class, in the order in which they came up; and lines for every
    /// neighbour, which are the same for all.
    struct Batch {
        private struct Entry {
            let target: HopTarget?
            let kind: TrafficClass
            var octets: [UInt8] = []
            var count = 0
        }
        private var lines: [Entry] = []
        private var floods: [Entry] = []
        /// Octets that the first of each is likely to need.
        private let room: Int

        init(room: Int = 0) { self.room = room }

        var isFlooding: Bool { !floods.isEmpty }

        mutating func add(
            _ text: borrowing Span<UInt8>, _ scan: PacketScan, appending node: [UInt8]?,
            to target: HopTarget
        ) {
            Batch.add(text, scan, appending: node, to: target, in: &lines, room)
        }

        mutating func flood(
            _ text: borrowing Span<UInt8>, _ scan: PacketScan, appending node: [UInt8]?
        ) {
            Batch.add(text, scan, appending: node, to: nil, in: &floods, room)
        }

        private static func add(
            _ text: borrowing Span<UInt8>, _ scan: PacketScan, appending node: [UInt8]?,
            to target: HopTarget?, in entries: inout [Entry], _ room: Int
        ) {
            let kind = TrafficClass(priority: scan.priority)
            let index: Int
            if let found = entries.firstIndex(where: { $0.kind == kind && $0.target == target }) {
                index = found
            } else {
                index = entries.count
                entries.append(Entry(target: target, kind: kind))
                if index == 0 { entries[index].octets.reserveCapacity(room) }
            }
            scan.forward(text, appending: node, into: &entries[index].octets)
            entries[index].count += 1
        }

        func flush(into flow: inout Flow<Segment, Hop>) {
            for entry in lines {
                guard let target = entry.target else { continue }
                flow.down.append(
                    .transmit(entry.octets, to: target, count: entry.count, entry.kind))
            }
        }

        /// What is for everybody goes to each of `peers`.
        func flush(to peers: [NodeID], into flow: inout Flow<Segment, Hop>) {
            for entry in floods {
                for peer in peers {
                    flow.down.append(
                        .transmit(
                            entry.octets, to: .neighbour(peer), count: entry.count, entry.kind))
                }
            }
        }
    }
}
