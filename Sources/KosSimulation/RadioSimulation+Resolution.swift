import KosCore

/// Link addresses of neighbours are asked for before the first frame to them, RFC 826.
extension RadioSimulation {
    /// Whether the link address of the frame's receiver is known; if not, the frame waits for it.
    mutating func isResolved(
        _ frame: HopFrame, _ node: Int, _ resolution: AddressResolution
    ) -> Bool {
        let target = Scenario.node(frame.receiver)
        if let until = nodes[node].resolved[target], until > now { return true }
        guard let waiting = nodes[node].unresolved[target] else {
            nodes[node].unresolved[target] = .init(frames: [frame], due: now)
            ask(node, resolution)
            return false
        }
        if waiting.frames.count < resolution.queue {
            nodes[node].unresolved[target]?.frames.append(frame)
        } else {
            metrics.unresolved += isControl(frame.datagram) ? 0 : 1
        }
        return false
    }

    /// Asks for what is due, and gives up on what was asked for often enough.
    mutating func ask(_ node: Int, _ resolution: AddressResolution, _ watch: Watch? = nil) {
        guard nodes[node].isAlive else { return }
        // In order of their numbers: equal seeds, equal runs.
        for (target, waiting) in nodes[node].unresolved.sorted(by: { $0.key < $1.key })
        where waiting.due <= now {
            guard waiting.questions < resolution.tries else {
                nodes[node].unresolved[target] = nil
                metrics.unresolved += waiting.frames.count { !isControl($0.datagram) }
                for frame in waiting.frames { giveUp(frame, node, watch) }
                continue
            }
            let delay = Int64.random(
                in: 0...max(0, resolution.jitter.nanoseconds), using: &random)
            nodes[node].unresolved[target]?.questions += 1
            nodes[node].unresolved[target]?.due = now + resolution.wait
            push(now + resolution.wait, RadioEvent.unresolved, node)
            nodes[node].questions.append(target)
            push(now + .nanoseconds(delay), RadioEvent.question, node)
        }
    }

    /// The time has come to send the question that waits longest.
    mutating func question(_ node: Int) {
        guard !nodes[node].questions.isEmpty else { return }
        let target = nodes[node].questions.removeFirst()
        guard nodes[node].isAlive, nodes[node].unresolved[target] != nil else { return }
        enqueue(.question(target), node)
    }

    /// The neighbour `other` told its link address.
    mutating func learn(_ other: Int, _ node: Int, _ resolution: AddressResolution) {
        nodes[node].resolved[other] = now + resolution.lifetime
        guard let waiting = nodes[node].unresolved.removeValue(forKey: other) else { return }
        for frame in waiting.frames { enqueue(.datagram(frame), node) }
    }
}
