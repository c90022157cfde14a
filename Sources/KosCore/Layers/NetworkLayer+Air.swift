/// What goes through the air: nobody answers for others there, and the radio link repeats what is
/// to go on.
extension NetworkLayer {
    /// A leaf hands what it cannot place to its neighbour, who knows more.
    var defaultHop: HopTarget? {
        info.role == .leaf ? neighbours.keys.min().map { .neighbour($0) } : airHop
    }

    /// What goes through the air is heard by all, and one of them may know more.
    var airHop: HopTarget? {
        neighbours.filter { $0.value.transport == .lora }.keys.min().map { .neighbour($0) }
    }

    /// Whether a packet that everybody around has heard needs this node to go on: only where it
    /// leaves the air here. Within it the radio link repeats it.
    mutating func isNeeded(_ text: borrowing Span<UInt8>, _ scan: PacketScan) -> Bool {
        guard info.role == .relay else { return false }
        let target: HopTarget?
        if scan.isSourceRouted {
            guard let names = scan.route(text), let place = names.firstIndex(of: author.node.text),
                place + 1 < names.count
            else { return false }
            target = hop(named: names[place + 1])
        } else {
            target = nextHop(text, scan)
        }
        switch target {
        case .neighbour(let peer): return neighbours[peer]?.transport != .lora
        case .link(let link): return !overheard.contains(link)
        case nil: return false
        }
    }
}
