import KosCore

/// Whether there is memory for a topology, asked before it is taken.
struct TopologyRoom {
    private let memory = MemoryLimit()
    /// Link lines at which the next growth of their table is near.
    private var grown = 0

    /// Lines that come between two looks at what is free, at most.
    private static let chunkLines = 16_384

    /// While it is read: its tables grow by doubling, and the old ones are there until the new ones
    /// are.
    mutating func watch(_ topology: Topology) throws {
        guard topology.linkCount >= grown else { return }
        let free = topology.linkCapacity - topology.linkCount
        if topology.linkCount > 1 << 16, free < TopologyRoom.chunkLines {
            let count = topology.linkCount
            try memory.demand(topology.roomToDouble, "more than \(count) links")
            grown = topology.linkCapacity + 1
        } else {
            grown = max(1 << 16, topology.linkCapacity - TopologyRoom.chunkLines)
        }
    }

    /// While the nodes are put in order and searches are made ready: the graph both ways, weights,
    /// distances, parents, heap.
    func demandToAnswer(_ topology: Topology) throws {
        try demand(topology.linkCount * 56 + topology.nodeCount * 128, topology)
    }

    /// For a document that is made as a whole, which grows by doubling too.
    func demandToWrite(_ topology: Topology) throws {
        try demand((topology.linkCount + topology.nodeCount) * 500, topology)
    }

    private func demand(_ octets: Int, _ topology: Topology) throws {
        try memory.demand(octets, "\(topology.linkCount) links")
    }
}
