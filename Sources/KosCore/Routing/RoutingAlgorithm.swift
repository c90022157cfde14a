/// How a route is searched for: the names that `-a` takes.
package enum RoutingAlgorithm: String, Sendable, Hashable, CaseIterable {
    case dijkstra, astar, bidirectional
    /// The exact search for the best score under limits.
    case qos
    /// Mesh protocols, run in the simulator.
    case flooding, aodv, dsr, olsr

    /// Whether the algorithm is a search over a known topology rather than a protocol between
    /// nodes.
    package var isSearch: Bool {
        switch self {
        case .dijkstra, .astar, .bidirectional, .qos: true
        case .flooding, .aodv, .dsr, .olsr: false
        }
    }

    /// The specification's choice, its rules in its order, and the rule that applied.
    package static func select(
        _ requirements: RouteRequirements, mobility: Double, density: Double
    ) -> (algorithm: RoutingAlgorithm, reason: String) {
        if let least = requirements.minReliability, least > 0.99 {
            return (.dijkstra, "rule 1: minReliability \(text(least)) is over 0.99")
        }
        if let most = requirements.maxLatency, most < 100 {
            return (.astar, "rule 2: maxLatency \(text(most)) ms is under 100 ms")
        }
        if mobility > 0.7 {
            return (.aodv, "rule 3: mobility \(text(mobility)) is over 0.7")
        }
        if density > 0.8 {
            return (.olsr, "rule 4: density \(text(density)) is over 0.8")
        }
        if requirements.isMulticast { return (.flooding, "rule 5: multicast") }
        return (.dijkstra, "rule 6: no other rule applies")
    }

    private static func text(_ value: Double) -> String {
        JSONValue.number((value * 1e6).rounded() / 1e6).text
    }
}
