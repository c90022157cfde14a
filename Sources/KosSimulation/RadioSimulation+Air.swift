import KosCore

/// Frames that overlap where they are heard.
extension RadioSimulation {
    /// Fills the air around a sender, and spoils what overlaps.
    mutating func occupy(_ node: Int, _ until: Instant) {
        nodes[node].spoilt = []
        // Whoever sends cannot hear: what was coming in here is lost.
        if nodes[node].heard > 0 { spoilAll(at: node, but: node) }
        for other in nodes[node].receivers {
            if nodes[other].isSending {
                nodes[node].spoilt.insert(other)
                spoilAll(at: other, but: node)
            } else if nodes[other].heard > 0 {
                clash(node, at: other)
            }
            nodes[other].heard += 1
            nodes[other].airUntil = max(nodes[other].airUntil, until)
        }
    }

    /// The frame of `sender` and those that `receiver` is hearing spoil each other, unless one is
    /// so much stronger that it gets through.
    private mutating func clash(_ sender: Int, at receiver: Int) {
        guard let ratio = scenario.radio.captureRatio else {
            nodes[sender].spoilt.insert(receiver)
            spoilAll(at: receiver, but: sender)
            return
        }
        let near = strength(of: sender, at: receiver)
        for other in terrain.neighbours[receiver]
        where other != sender && nodes[other].isSending
            && nodes[other].receivers.contains(receiver)
        {
            let far = strength(of: other, at: receiver)
            if near < ratio * far { nodes[sender].spoilt.insert(receiver) }
            if far < ratio * near { nodes[other].spoilt.insert(receiver) }
        }
    }

    private func strength(of sender: Int, at receiver: Int) -> Double {
        let squared = terrain.positions[sender].squaredDistance(to: terrain.positions[receiver])
        return 1 / max(1, squared * squared)
    }

    private mutating func spoilAll(at receiver: Int, but sender: Int) {
        for other in terrain.neighbours[receiver]
        where other != sender && nodes[other].isSending
            && nodes[other].receivers.contains(receiver)
        {
            nodes[other].spoilt.insert(receiver)
        }
    }
}
