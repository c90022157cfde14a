/// Next hops: learnt from connections, found by a protocol, reckoned from the link state.
extension NetworkLayer {
    private static let maxLearnt = 65_536

    mutating func learn(
        _ text: borrowing Span<UInt8>, _ scan: PacketScan, on link: LinkID
    ) {
        if let last = lastLearnt, last.link == link,
            scan.source.equals(octets: last.source, in: text)
        {
            return
        }
        let source = scan.source.string(in: text)
        lastLearnt = (Array(source.utf8), link)
        guard learnt[source] != link else { return }
        lastHop = nil
        // Bounded by the connections' own limits, and swept when it has grown past them.
        if learnt.count > NetworkLayer.maxLearnt {
            for name in learnt.keys.sorted() { detach(name) }
            learnt.removeAll()
            learntBy.removeAll()
        }
        learnt[source] = link
        learntBy[link, default: []].append(source)
        attachLearnt(source)
        if custody?.isDestination(source) == true { wakeCustody(for: source) }
    }

    func hop(named name: String) -> HopTarget? {
        if let node = NodeID(name), neighbours[node] != nil { return .neighbour(node) }
        return learnt[name].map { .link($0) }
    }

    /// The same for the destination of a packet: most packets go where the one before went.
    mutating func nextHop(
        _ text: borrowing Span<UInt8>, _ scan: PacketScan
    ) -> HopTarget? {
        if let last = lastHop, scan.destination.equals(octets: last.destination, in: text) {
            return last.target
        }
        let destination = scan.destination.string(in: text)
        guard let target = nextHop(to: destination) else { return nil }
        lastHop = (Array(destination.utf8), target)
        return target
    }

    mutating func nextHop(to destination: String) -> HopTarget? {
        if let target = meshHop(to: destination) { return target }
        return remoteHop(to: destination)
    }

    /// Without what other relays tell of nodes that are attached to them.
    mutating func meshHop(to destination: String) -> HopTarget? {
        if let target = protocolHop(to: destination) { return target }
        guard protocols.usesLinkState else { return hop(named: destination) }
        if routes == nil {
            routes = [:]
            for (node, hop) in mesh.nextHops(from: author.node) { routes?[node.text] = hop }
        }
        if let hop = routes?[destination], neighbours[hop] != nil { return .neighbour(hop) }
        // It is connected, but has been claimed elsewhere since.
        return attachments.isYielded(destination) ? nil : hop(named: destination)
    }
}
