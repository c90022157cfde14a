/// Reads a network's manner from the history of its records: how much it moves, how dense it is.
///
/// The specification's trafficAnalyzer: `mobility` and `density` decide which algorithm suits.
package struct TrafficAnalyser: Sendable, Hashable {
    /// Links and peers that came, went or changed after they were first seen.
    package private(set) var changes = 0
    /// Events of any kind.
    package private(set) var events = 0

    package init() {}

    @inline(__always)
    package mutating func note(_ event: LinkRecord.Event) {
        events += 1
        if event != .up { changes += 1 }
    }

    package mutating func note(_ event: PeerRecord.Event?) {
        guard let event else { return }
        events += 1
        if event == .changed || event == .left { changes += 1 }
    }

    /// Share of the events that were changes or departures, 0 … 1; 0 without events.
    package var mobility: Double {
        events == 0 ? 0 : Double(changes) / Double(events)
    }

    /// Share of the ordered pairs of nodes that have a link, 0 … 1.
    package static func density(_ graph: Graph) -> Double {
        let nodes = Double(graph.nodeCount)
        guard nodes > 1 else { return 0 }
        var pairs = 0
        for node in 0..<Int32(graph.nodeCount) {
            pairs += Set(graph.targets[graph.row(node)]).count
        }
        return Double(pairs) / (nodes * (nodes - 1))
    }
}
