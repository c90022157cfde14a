package import KosCore

/// Asks a distributed protocol for a route: every node of a topology runs its engine in virtual
/// time until a datagram has crossed, and the answer says which way it took and what that cost.
package struct SimulationQuery: Sendable {
    /// The names of the nodes, and for each the numbers of those that hear it.
    package var nodes: [NodeID]
    package var links: [[Int]]
    package var source: NodeID
    package var target: NodeID
    package var name: RoutingProtocolName
    package var seed: UInt64

    /// Bounds what a run may take.
    package static let maxNodes = 20_000

    package init(
        nodes: [NodeID], links: [[Int]], from source: NodeID, to target: NodeID,
        by name: RoutingProtocolName, seed: UInt64 = 1
    ) {
        self.nodes = nodes
        self.links = links
        self.source = source
        self.target = target
        self.name = name
        self.seed = seed
    }

    package struct Answer: Hashable, Sendable {
        /// The way that the first datagram took, both ends included.
        package let path: [NodeID]
        /// How long the protocol looked for the route; zero if it had it (OLSR, flooding).
        package let discovery: Duration
        /// How long the first datagram took from its sending on.
        package let delay: Duration
        /// The protocol's own transmissions in the whole network, from the start on.
        package let controlFrames: Int
        package let controlOctets: Int
        /// Transmissions of the datagrams themselves.
        package let dataFrames: Int
        /// The virtual time at which the first datagram was sent.
        package let warmUp: Duration
        package let events: Int
    }

    package enum Refusal: Error, Hashable, Sendable {
        case unknownNode(NodeID)
        case tooLarge(Int)
        /// The protocol found no way.
        case noRoute(controlFrames: Int, controlOctets: Int)
    }

    /// Runs the protocol to its answer.
    package func answer() throws(Refusal) -> Answer {
        guard nodes.count <= SimulationQuery.maxNodes else { throw .tooLarge(nodes.count) }
        guard let from = nodes.firstIndex(of: source) else { throw .unknownNode(source) }
        guard let to = nodes.firstIndex(of: target) else { throw .unknownNode(target) }
        guard from != to else {
            return Answer(
                path: [source], discovery: .zero, delay: .zero, controlFrames: 0, controlOctets: 0,
                dataFrames: 0, warmUp: .zero, events: 0)
        }
        let warmUp = warmUp
        let run = ScenarioRun(name, in: scenario(from: from, to: to, warmUp: warmUp))
        let metrics = run.metrics
        guard let path = run.paths.first ?? nil, let delay = metrics.delays.first else {
            throw .noRoute(
                controlFrames: metrics.controlFrames, controlOctets: metrics.controlOctets)
        }
        return Answer(
            path: path.map { nodes[$0] },
            discovery: .nanoseconds(metrics.discoveryTimes.first ?? 0),
            delay: .nanoseconds(delay), controlFrames: metrics.controlFrames,
            controlOctets: metrics.controlOctets, dataFrames: metrics.dataFrames, warmUp: warmUp,
            events: metrics.events)
    }

    /// A proactive protocol is given time to converge: two Hellos, and a TC for every ten hops or
    /// so.
    private var warmUp: Duration { name == .olsr ? .seconds(40) : .zero }

    private func scenario(from: Int, to: Int, warmUp: Duration) -> Scenario {
        let heard = nodes.indices.map { node in
            node < links.count
                ? Set(links[node]).filter { nodes.indices.contains($0) && $0 != node }.sorted() : []
        }
        var scenario = Scenario(
            positions: nodes.indices.map { PlanePosition(x: Double($0), y: 0) },
            reach: .links(heard))
        scenario.seed = seed
        let start = Instant.zero + warmUp
        // One datagram; reactive protocols may take three wide searches to find nobody.
        scenario.duration = warmUp + .seconds(name == .flooding ? 10 : 25)
        scenario.flows = [
            Scenario.Flow(
                from: from, to: to, start: start, stop: start + .milliseconds(1),
                every: .seconds(3600))
        ]
        return scenario
    }
}

/// Runs one scenario under several protocols, for a table that sets them side by side.
package struct ComparisonQuery: Sendable {
    package var scenario: Scenario
    package var names: [RoutingProtocolName]

    package init(_ scenario: Scenario, names: [RoutingProtocolName] = RoutingProtocolName.allCases)
    {
        self.scenario = scenario
        self.names = names
    }

    package func answer() -> [ScenarioRun] { names.map { ScenarioRun($0, in: scenario) } }
}
