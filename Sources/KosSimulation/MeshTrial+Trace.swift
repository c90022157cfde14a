import KosCore

/// A trial told step by step: what was done to the mesh, what became of each packet.
extension MeshTrial {
    /// What is going to be done, so many ms after the start.
    mutating func note(_ text: String, at milliseconds: Int) {
        guard trace != nil else { return }
        faults.append((.zero + .milliseconds(milliseconds), text))
    }

    /// Tells of something, after what was done to the mesh before it.
    mutating func tell(_ text: String, _ time: Instant) {
        guard let trace else { return }
        while let fault = faults.last, fault.at <= time {
            faults.removeLast()
            trace(fault.at, fault.text)
        }
        trace(time, text)
    }

    static func name(of link: Int, in simulator: Simulator<MeshNode>) -> String {
        guard let ends = simulator.ends(of: link) else { return "link \(link)" }
        return "the link n\(ends.0) to n\(ends.1)"
    }

    mutating func describe(_ output: MeshNode.Output, at node: Int, _ time: Instant) {
        switch output {
        case .service(.received(let packet, _, _)):
            tell("n\(node) delivers \(packet.id)", time)
        case .service(.accepted(_, let packet)):
            tell("n\(node) sends \(packet.id) to \(short(packet.destination))", time)
        case .service(.dialogue(.delivery(.confirmed(let id, let attempts, _, _)))):
            tell("n\(node) has the receipt of \(id), \(attempts) attempts", time)
        case .service(.dialogue(.delivery(.entrusted(let id, _, _, _)))):
            tell("n\(node) hears that \(id) is stored", time)
        case .service(.dialogue(.delivery(.timedOut(let id, _, _)))):
            tell("n\(node) gives \(id) up", time)
        case .service(.dialogue(.delivery(.neighbour(let peer, let isUp)))):
            tell("n\(node) \(isUp ? "meets" : "loses") \(short(peer.text))", time)
        case .notice(let notice):
            let event = notice.record(at: Timestamp(milliseconds: 0))
            let reason = event.reason.map { " (\($0))" } ?? ""
            let from = event.from.map { " from \(short($0))" } ?? ""
            let to = event.to.map { " to \(short($0))" } ?? ""
            tell("n\(node) \(event.event.rawValue)\(reason) \(event.packetId)\(from)\(to)", time)
        default: break
        }
    }

    /// A node's number, where the text is the id of one.
    private func short(_ id: String) -> String {
        keys.firstIndex { $0.node.text == id }.map { "n\($0)" } ?? id
    }
}
