package import KosCore

/// A relay with its session on the backplane, or a leaf without one, as one engine.
package struct ClusterMember: Engine {
    package enum Input: Sendable {
        case node(MeshNode.Input)
        case session(BackplaneSession.Input)
    }
    package enum Output: Sendable {
        case node(MeshNode.Output)
        case session(BackplaneSession.Output)
    }

    package private(set) var node: MeshNode
    package private(set) var session: BackplaneSession?

    package init(_ node: MeshNode, _ session: BackplaneSession? = nil) {
        self.node = node
        self.session = session
    }

    package var nextDeadline: Instant? {
        [node.nextDeadline, session?.nextDeadline].compactMap { $0 }.min()
    }

    package mutating func handle(_ input: Input, at now: Instant, into outputs: inout [Output]) {
        var told: [BackplaneSession.Output] = []
        var said: [MeshNode.Output] = []
        switch input {
        case .node(let input): node.handle(input, at: now, into: &said)
        case .session(let input): session?.handle(input, at: now, into: &told)
        }
        settle(&said, &told, at: now, into: &outputs)
    }

    package mutating func advance(to now: Instant, into outputs: inout [Output]) {
        var told: [BackplaneSession.Output] = []
        var said: [MeshNode.Output] = []
        node.advance(to: now, into: &said)
        session?.advance(to: now, into: &told)
        settle(&said, &told, at: now, into: &outputs)
    }

    /// Hands on what node and session have for each other until neither has anything.
    private mutating func settle(
        _ said: inout [MeshNode.Output], _ told: inout [BackplaneSession.Output], at now: Instant,
        into outputs: inout [Output]
    ) {
        while !said.isEmpty || !told.isEmpty {
            let (words, news) = (said, told)
            said = []
            told = []
            for output in words {
                guard case .backplane(let request) = output else {
                    outputs.append(.node(output))
                    continue
                }
                session?.handle(.request(request), at: now, into: &told)
            }
            for output in news {
                guard case .event(let event) = output else {
                    outputs.append(.session(output))
                    continue
                }
                node.handle(.backplane(event), at: now, into: &said)
            }
        }
    }
}
