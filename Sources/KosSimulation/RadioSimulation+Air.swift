import KosCore

/// Frames that overlap where they are heard. A receiver stays with the frame that it heard first; a
/// later one is lost on it, and may spoil the first.
extension RadioSimulation {
    /// Fills the air around a sender, and spoils what overlaps. `reserves` is what the frame says
    /// it needs after its end (802.11's network allocation vector).
    mutating func occupy(_ node: Int, _ until: Instant, reserves: Duration) {
        nodes[node].spoilt = []
        // Whoever sends cannot hear: what was coming in here is lost.
        if let lost = nodes[node].lockedOn {
            nodes[lost].spoilt.insert(node)
            nodes[node].lockedOn = nil
        }
        for other in nodes[node].receivers {
            freeze(other)
            if nodes[other].isSending {
                nodes[node].spoilt.insert(other)
            } else if nodes[other].heard == 0 {
                nodes[other].lockedOn = node
                nodes[other].lockedAt = now
            } else {
                overlap(node, at: other)
            }
            nodes[other].heard += 1
            nodes[other].airUntil = max(nodes[other].airUntil, until + reserves)
        }
    }

    /// Takes a frame out of the air.
    mutating func clear(_ node: Int, _ receivers: [Int]) {
        for other in receivers {
            nodes[other].heard = max(0, nodes[other].heard - 1)
            if nodes[other].lockedOn == node { nodes[other].lockedOn = nil }
        }
    }

    /// A frame of `sender` comes in at `receiver` while others are in the air there.
    private mutating func overlap(_ sender: Int, at receiver: Int) {
        let (near, others) = strengths(of: sender, at: receiver)
        let ratio = scenario.radio.captureRatio
        if let first = nodes[receiver].lockedOn {
            let power = strength(of: first, at: receiver)
            var needed = ratio ?? .infinity
            if now - nodes[receiver].lockedAt < scenario.radio.preambleDetection {
                needed = max(needed, scenario.radio.preambleRatio)
            }
            let noise = others - power + near
            if power < needed * noise {
                nodes[first].spoilt.insert(receiver)
                nodes[receiver].lockedOn = nil
            }
        }
        // So much stronger that the receiver turns to it.
        if let ratio, near >= ratio * others, near > others {
            nodes[receiver].lockedOn = sender
            nodes[receiver].lockedAt = now
        } else {
            nodes[sender].spoilt.insert(receiver)
        }
    }

    /// The power of `sender` at `receiver`, and that of all others who are sending there.
    private func strengths(of sender: Int, at receiver: Int) -> (Double, Double) {
        var others = 0.0
        for other in terrain.neighbours[receiver]
        where other != sender && nodes[other].isSending
            && nodes[other].receivers.contains(receiver)
        {
            others += strength(of: other, at: receiver)
        }
        return (strength(of: sender, at: receiver), others)
    }

    private func strength(of sender: Int, at receiver: Int) -> Double {
        let exponent = scenario.radio.pathLossExponent
        guard exponent > 0 else { return 1 }
        let squared = terrain.positions[sender].squaredDistance(to: terrain.positions[receiver])
        return exponent == 4 ? 1 / max(1, squared * squared) : 1 / max(1, power(squared, exponent))
    }

    /// A distance to an exponent, from its square, to the nearest half.
    private func power(_ squared: Double, _ exponent: Double) -> Double {
        var result = 1.0
        let root = squared.squareRoot()
        for _ in 0..<Int(exponent) { result *= root }
        return exponent - exponent.rounded(.down) >= 0.5 ? result * root.squareRoot() : result
    }
}
