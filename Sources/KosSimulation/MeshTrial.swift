import KosCore

/// A mesh of relays under faults, from a seed: lossy, slow, doubling, reordering links, links that
/// go down, a partition, a crash; traffic with acknowledgements; and the laws that must hold all
/// the time.
package struct MeshTrial: Sendable {
    package struct Settings: Sendable {
        package var nodes = 20
        package var messagesPerNode = 3
        /// Virtual time with faults, then without.
        package var trouble = Duration.seconds(20)
        package var calm = Duration.seconds(40)
        package init() {}
    }
    package struct Outcome: Sendable {
        package var seed: UInt64
        package var sent = 0
        package var acknowledged = 0
        package var delivered = 0
        package var framesSent = 0
        package var events = 0
        /// Laws that were broken, in words; empty when all held.
        package var violations: [String] = []
        package var fingerprint: UInt64 = 0
    }

    private let seed: UInt64
    private let settings: Settings
    private var random: SplitMix64
    private var outcome: Outcome
    private var keys: [SimulatedKeys] = []
    private var received: [String: Int] = [:]
    private var confirmed: Set<String> = []

    package init(seed: UInt64, settings: Settings = Settings()) {
        self.seed = seed
        self.settings = settings
        random = SplitMix64(seed: seed)
        outcome = Outcome(seed: seed)
    }

    package static func run(seed: UInt64, settings: Settings = Settings()) -> Outcome {
        var trial = MeshTrial(seed: seed, settings: settings)
        return trial.run()
    }

    private mutating func run() -> Outcome {
        var simulator = Simulator<MeshNode>(seed: seed, wiring: MeshTrial.wiring)
        for number in 0..<settings.nodes {
            guard let key = SimulatedKeys(number: number, seed: seed) else { continue }
            keys.append(key)
            simulator.add(node(number, at: .zero))
        }
        connect(&simulator)
        plan(&simulator)
        let end = Instant.zero + settings.trouble + settings.calm
        while simulator.now < end {
            simulator.run(until: min(end, simulator.now + .seconds(1))) {
                simulator, node, time, output in
                observe(output, at: node, time, &simulator)
            }
        }
        judge()
        outcome.framesSent = simulator.counts.framesSent
        outcome.events = simulator.counts.events
        outcome.fingerprint = simulator.trace.value
        return outcome
    }

    private static var wiring: Wiring<MeshNode> {
        Wiring(
            transmission: { output in
                guard case .link(.octets(let link, let octets)) = output else { return nil }
                return .init(octets, on: link.number)
            },
            received: { octets, link in .link(.octets(LinkID(link), octets)) },
            linkUp: { link, _, neighbour in
                .link(.opened(LinkID(link), MeshTrial.traits(link, neighbour)))
            },
            linkDown: { link, _, _ in .link(.closed(LinkID(link))) })
    }

    private static func traits(_ link: Int, _ neighbour: Int) -> LinkTraits {
        let remote = Endpoint(transport: .udp, host: "node\(neighbour)", port: link + 1)
        return LinkTraits(transport: .udp, remote: remote, isOutgoing: false)
    }

    private func node(_ number: Int, at now: Instant) -> MeshNode {
        var node = MeshNode.Settings()
        node.name = "n\(number)"
        return MeshNode(
            signer: keys[number], verifier: SimulatedKeys.verifier(seed: seed), settings: node,
            epoch: Timestamp(milliseconds: 1_700_000_000_000), at: now,
            seed: seed &* 31 &+ UInt64(number) &+ UInt64(bitPattern: now.nanoseconds))
    }

    /// A ring, so that it is connected, and half as many chords.
    private mutating func connect(_ simulator: inout Simulator<MeshNode>) {
        var pairs: Set<[Int]> = []
        for number in 0..<settings.nodes {
            pairs.insert([number, (number + 1) % settings.nodes].sorted())
        }
        for _ in 0..<settings.nodes / 2 {
            let pair = [
                Int.random(in: 0..<settings.nodes, using: &random),
                Int.random(in: 0..<settings.nodes, using: &random),
            ].sorted()
            if pair[0] != pair[1] { pairs.insert(pair) }
        }
        for pair in pairs.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            var quality = Netem.ideal
            quality.latency = .milliseconds(Int.random(in: 1...30, using: &random))
            quality.jitter = .milliseconds(Int.random(in: 0...5, using: &random))
            quality.loss = Double.random(in: 0...0.1, using: &random)
            quality.duplication = 0.02
            quality.reordering = 0.05
            simulator.connect(pair[0], pair[1], by: quality)
        }
    }

    /// Faults and traffic at times of the seed's choosing.
    private mutating func plan(_ simulator: inout Simulator<MeshNode>) {
        let whole = Int(settings.trouble.milliseconds)
        for _ in 0..<settings.nodes / 2 {
            let link = Int.random(in: 0..<simulator.linkCount, using: &random)
            let down = Int.random(in: 1000..<whole, using: &random)
            let up = Int.random(in: down..<whole + 1, using: &random)
            simulator.script(at: .zero + .milliseconds(down)) { $0.setLink(link, isUp: false) }
            simulator.script(at: .zero + .milliseconds(up)) { $0.setLink(link, isUp: true) }
        }
        let split = Int.random(in: 2..<max(3, settings.nodes - 1), using: &random)
        let groups = [Array(0..<split), Array(split..<settings.nodes)]
        simulator.script(at: .zero + .milliseconds(whole / 2)) { $0.partition(groups) }
        simulator.script(at: .zero + .milliseconds(whole * 3 / 4)) { $0.heal() }
        for source in 0..<settings.nodes {
            for index in 0..<settings.messagesPerNode {
                let target =
                    (source + Int.random(in: 1..<settings.nodes, using: &random)) % settings.nodes
                var message = Message(to: keys[target].node.text, .string("\(source) \(index)"))
                message.ttl = Packet.maxTTL
                message.persistence = Persistence(attempts: 6, patience: .seconds(1))
                let time = Int.random(in: 500..<whole, using: &random)
                simulator.schedule(
                    .service(.post(message, token: source * 1000 + index)), to: source,
                    at: .zero + .milliseconds(time))
                outcome.sent += 1
            }
        }
    }

    private mutating func observe(
        _ output: MeshNode.Output, at node: Int, _ time: Instant,
        _ simulator: inout Simulator<MeshNode>
    ) {
        switch output {
        case .service(.received(let packet, _, _)):
            received[packet.id, default: 0] += 1
            if received[packet.id] ?? 0 > 1 {
                complain("packet \(packet.id) was delivered twice at \(node)", time)
            }
            if packet.destination != keys[node].node.text {
                complain("packet \(packet.id) was delivered at \(node), not its destination", time)
            }
            if Set(packet.route).count != packet.route.count {
                complain("packet \(packet.id) went in a circle: \(packet.route)", time)
            }
            if packet.metadata.hops > Packet.maxTTL {
                complain("packet \(packet.id) crossed \(packet.metadata.hops) links", time)
            }
        case .service(.dialogue(.delivery(.confirmed(let id, _, _, _)))): confirmed.insert(id)
        case .link(.close(let link, _)):
            // What a driver does: the connection is gone, and made anew a moment later.
            guard let ends = simulator.ends(of: link.number) else { return }
            let other = ends.0 == node ? ends.1 : ends.0
            simulator.schedule(.link(.closed(link)), to: node, at: time)
            let traits = MeshTrial.traits(link.number, other)
            simulator.schedule(.link(.opened(link, traits)), to: node, at: time + .seconds(1))
        default: break
        }
    }

    private mutating func judge() {
        outcome.acknowledged = confirmed.count
        outcome.delivered = received.count
        for id in confirmed.sorted() where received[id] == nil {
            complain("packet \(id) was acknowledged and never delivered", .zero)
        }
    }

    private mutating func complain(_ text: String, _ time: Instant) {
        guard outcome.violations.count < 20 else { return }
        outcome.violations.append("at \((time - .zero).seconds) s: \(text)")
    }
}
