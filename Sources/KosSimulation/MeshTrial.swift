package import KosCore

/// A mesh of relays under faults, from a seed: lossy, slow, doubling, reordering links, links that
/// go down or carry one way only, a partition, crashes that lose what was not committed, clocks
/// that jump, disks that are full for a moment; traffic with acknowledgements; and the laws that
/// must hold all the time: whatever was acknowledged, by its destination or by a custodian, is
/// delivered, and no application gets anything twice.
package struct MeshTrial: Sendable {
    package struct Settings: Sendable {
        package var nodes = 20
        package var messagesPerNode = 3
        /// Virtual time with faults, then without.
        package var trouble = Duration.seconds(20)
        package var calm = Duration.seconds(40)
        /// Whether relays keep packets for nodes that are away.
        package var keeps = true
        package var crashes = 3
        /// A node that comes back does not know what it has delivered: the law that nothing comes
        /// twice does not hold then, and a check that never fails proves nothing.
        package var isForgetful = false
        package var routing = MeshRouting.linkstate
        package init() {}
    }
    package struct Outcome: Sendable {
        package var seed: UInt64
        package var sent = 0
        package var acknowledged = 0
        /// Of these, acknowledged by a custodian before the destination had them.
        package var stored = 0
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
    private(set) var keys: [SimulatedKeys] = []
    private var delivered: Set<String> = []
    /// What each node has delivered, as it is written down before its receipts go out.
    private var memories: [DeliveryMemory] = []
    private var confirmed: Set<String> = []
    private var entrusted: Set<String> = []
    private var disks: [SimulatedDisk] = []
    /// What is on the disk of a node that is down.
    private var remains: [[Custody.Item]] = []
    /// Packets that were in custody: they may come by a node again, on another way.
    private var queued: Set<String> = []
    private var authors: [String: Int] = [:]
    private var posts: [Int] = []
    private var lives: [Int] = []
    /// What is done to the mesh, in words, for the trace.
    var faults: [(at: Instant, text: String)] = []
    let trace: Trace?

    /// Told of everything that happens, in its order: when, and what.
    package typealias Trace = @Sendable (Instant, String) -> Void

    /// Wall-clock time at the start, of clocks that are right.
    package static let epoch = Timestamp(milliseconds: 1_700_000_000_000)

    package init(seed: UInt64, settings: Settings = Settings(), trace: Trace? = nil) {
        self.trace = trace
        self.seed = seed
        self.settings = settings
        random = SplitMix64(seed: seed)
        outcome = Outcome(seed: seed)
    }

    package static func run(
        seed: UInt64, settings: Settings = Settings(), trace: Trace? = nil
    ) -> Outcome {
        var trial = MeshTrial(seed: seed, settings: settings, trace: trace)
        return trial.run()
    }

    private mutating func run() -> Outcome {
        var simulator = Simulator<MeshNode>(seed: seed, wiring: MeshTrial.wiring)
        for number in 0..<settings.nodes {
            guard let key = SimulatedKeys(number: number, seed: seed) else { continue }
            keys.append(key)
            disks.append(SimulatedDisk(seed: random.next(), failure: 0.02))
            remains.append([])
            lives.append(0)
            memories.append(DeliveryMemory(seed: random.next()))
            posts.append(0)
            simulator.add(node(number, at: .zero))
        }
        connect(&simulator)
        plan(&simulator)
        faults.sort { $0.at > $1.at }
        let end = Instant.zero + settings.trouble + settings.calm
        for turn in turns() + [(end, 0, nil)] {
            simulator.run(until: turn.at) { simulator, node, time, output in
                observe(output, at: node, time, &simulator)
            }
            switch turn.isCrash {
            case true: crash(turn.node, &simulator)
            case false: restart(turn.node, &simulator)
            case nil: break
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
            linkUp: { link, node, neighbour in
                .link(.opened(LinkID(link), MeshTrial.traits(link, node, neighbour)))
            },
            linkDown: { link, _, _ in .link(.closed(LinkID(link))) })
    }

    private static func traits(_ link: Int, _ node: Int, _ neighbour: Int) -> LinkTraits {
        let remote = Endpoint(transport: .udp, host: "node\(neighbour)", port: link + 1)
        return LinkTraits(transport: .udp, remote: remote, isOutgoing: node < neighbour)
    }

    /// Crashes and restarts, in the order of their times.
    private mutating func turns() -> [(at: Instant, node: Int, isCrash: Bool?)] {
        var turns: [(at: Instant, node: Int, isCrash: Bool?)] = []
        let whole = Int(settings.trouble.milliseconds)
        for _ in 0..<(settings.keeps ? settings.crashes : 0) {
            let node = Int.random(in: 0..<settings.nodes, using: &random)
            let down = Int.random(in: 500..<whole - 500, using: &random)
            let up = Int.random(in: down + 100..<whole, using: &random)
            turns.append((.zero + .milliseconds(down), node, true))
            turns.append((.zero + .milliseconds(up), node, false))
        }
        return turns.sorted { ($0.at, $0.node) < ($1.at, $1.node) }
    }

    private mutating func crash(_ number: Int, _ simulator: inout Simulator<MeshNode>) {
        guard var node = simulator[number] else { return }
        tell("n\(number) crashes", simulator.now)
        memories[number].keys += node.takeDelivered()
        simulator.crash(number, isNoticed: random.unit() < 0.5)
        remains[number] = disks[number].crash(at: simulator.now)
    }

    /// Another life, with what the disk has kept and a clock that may have been set.
    private mutating func restart(_ number: Int, _ simulator: inout Simulator<MeshNode>) {
        guard simulator[number] == nil else { return }
        lives[number] += 1
        let jump = Int64([0, 3_600_000, -3_600_000].randomElement(using: &random) ?? 0)
        let kept = remains[number].count
        tell("n\(number) is back, \(kept) kept, its clock \(jump) ms ahead", simulator.now)
        simulator.restart(number, with: node(number, at: simulator.now, clockAhead: jump))
        simulator.schedule(
            .journal(.recovered(remains[number])), to: number, at: simulator.now)
    }

    private func node(_ number: Int, at now: Instant, clockAhead: Int64 = 0) -> MeshNode {
        var node = MeshNode.Settings()
        node.name = "n\(number)"
        node.routing = settings.routing
        if settings.keeps { node.custody = Custody.Settings() }
        if !settings.isForgetful { node.past = memories[number] }
        node.tellsForwarding = trace != nil
        return MeshNode(
            signer: keys[number], verifier: SimulatedKeys.verifier(seed: seed), settings: node,
            epoch: MeshTrial.epoch + .milliseconds(clockAhead), at: now,
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
            let name = MeshTrial.name(of: link, in: simulator)
            note("\(name) goes down", at: down)
            note("\(name) comes up", at: up)
        }
        for _ in 0..<settings.nodes / 5 {
            let link = Int.random(in: 0..<simulator.linkCount, using: &random)
            let deaf = Int.random(in: 0..<whole, using: &random)
            guard let ends = simulator.ends(of: link) else { continue }
            simulator.script(at: .zero + .milliseconds(deaf)) { $0.block(link, from: ends.0) }
            note("n\(ends.1) no longer hears n\(ends.0)", at: deaf)
        }
        // Ends all of that.
        simulator.script(at: .zero + .milliseconds(whole)) { $0.heal() }
        note("all links are up and whole", at: whole)
        let split = Int.random(in: 2..<max(3, settings.nodes - 1), using: &random)
        let groups = [Array(0..<split), Array(split..<settings.nodes)]
        simulator.script(at: .zero + .milliseconds(whole / 2)) { $0.partition(groups) }
        simulator.script(at: .zero + .milliseconds(whole * 3 / 4)) { $0.heal() }
        note("n0 to n\(split - 1) are cut off from the rest", at: whole / 2)
        note("all links are up and whole", at: whole * 3 / 4)
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
                posts[source] += 1
            }
        }
    }

    private mutating func observe(
        _ output: MeshNode.Output, at node: Int, _ time: Instant,
        _ simulator: inout Simulator<MeshNode>
    ) {
        if trace != nil { describe(output, at: node, time) }
        switch output {
        case .service(.received(let packet, _, _)):
            if !delivered.insert(packet.id).inserted {
                complain("packet \(packet.id) was delivered twice at \(node)", time)
            }
            if packet.destination != keys[node].node.text {
                complain("packet \(packet.id) was delivered at \(node), not its destination", time)
            }
            if Set(packet.route).count != packet.route.count, !queued.contains(packet.id) {
                complain("packet \(packet.id) went in a circle: \(packet.route)", time)
            }
            if packet.metadata.hops > Packet.maxTTL {
                complain("packet \(packet.id) crossed \(packet.metadata.hops) links", time)
            }
        case .service(.dialogue(.delivery(.confirmed(let id, _, _, _)))): confirmed.insert(id)
        case .service(.dialogue(.delivery(.entrusted(let id, _, _, _)))): entrusted.insert(id)
        case .service(.accepted(_, let packet)): authors[packet.id] = node
        case .notice(.queued(let id, _, _, _)): queued.insert(id)
        case .journal(let request):
            guard let written = disks[node].take(request, at: time) else { return }
            simulator.schedule(.journal(written.answer), to: node, at: written.at)
        case .link(.close(let link, _)):
            // What a driver does: the connection is gone, and made anew a moment later.
            guard let ends = simulator.ends(of: link.number) else { return }
            let other = ends.0 == node ? ends.1 : ends.0
            simulator.schedule(.link(.closed(link)), to: node, at: time)
            let traits = MeshTrial.traits(link.number, node, other)
            simulator.schedule(.link(.opened(link, traits)), to: node, at: time + .seconds(1))
        default: break
        }
    }

    private mutating func judge() {
        // A source that has crashed no longer waits for anything.
        let steady = lives.indices.filter { lives[$0] == 0 }
        outcome.sent = steady.map { posts[$0] }.reduce(0, +)
        outcome.acknowledged = confirmed.union(entrusted).count {
            authors[$0].map { lives[$0] == 0 } ?? false
        }
        outcome.stored = entrusted.count
        outcome.delivered = delivered.count
        for id in confirmed.sorted() where !delivered.contains(id) {
            complain("packet \(id) was acknowledged and never delivered", .zero)
        }
        for id in entrusted.sorted() where !delivered.contains(id) {
            complain("packet \(id) was stored by a custodian and never delivered", .zero)
        }
    }

    private mutating func complain(_ text: String, _ time: Instant) {
        guard outcome.violations.count < 20 else { return }
        outcome.violations.append("at \((time - .zero).seconds) s: \(text)")
    }
}
