import KosCore

/// A few relays with leaves that move between them, from a seed: joined by links, by a backplane or
/// by both; the backplane stops, loses single relays and starts empty; relays crash, links go dead
/// without a word. The laws: what was acknowledged, by its destination or by a custodian, is
/// delivered; no application gets anything twice; and in the end every leaf is where it is.
package struct ClusterTrial: Sendable {
    package struct Settings: Sendable {
        package var relays = 3
        package var leaves = 12
        package var messagesPerLeaf = 4
        package var movesPerLeaf = 2
        /// Virtual time with faults, then without.
        package var trouble = Duration.seconds(40)
        package var calm = Duration.seconds(60)
        package var hasLinks = true
        package var hasBackplane = true
        /// Leaves beyond which claims alone tell of them.
        package var crowd = 128
        package init() {}
    }

    package private(set) var violations: [String] = []
    package private(set) var sent = 0
    package private(set) var acknowledged = 0
    package private(set) var stored = 0
    package private(set) var handedOver = 0

    private let seed: UInt64
    private let settings: Settings
    private var random: SplitMix64
    private var keys: [SimulatedKeys] = []
    private var disks: [SimulatedDisk] = []
    private var remains: [[Custody.Item]] = []
    private var broker = SimulatedBroker()
    private var links: [[Int]] = []
    private var received: [String: Int] = [:]
    private var confirmed: Set<String> = []
    private var entrusted: Set<String> = []
    /// The relay at which each leaf is.
    private var homes: [Int] = []

    private init(seed: UInt64, _ settings: Settings) {
        self.seed = seed
        self.settings = settings
        random = SplitMix64(seed: seed)
    }

    package static func run(seed: UInt64, _ settings: Settings = Settings()) -> ClusterTrial {
        var trial = ClusterTrial(seed: seed, settings)
        trial.run()
        return trial
    }

    private enum Turn: Sendable {
        case crash(Int), restart(Int), brokerStops, brokerStarts, cutOff(Int), rejoin(Int)
        case leave(Int, isSilent: Bool), arrive(Int, Int), end
    }

    private mutating func run() {
        var simulator = Simulator<ClusterMember>(seed: seed, wiring: ClusterTrial.wiring)
        for number in 0..<settings.relays + settings.leaves {
            guard let key = SimulatedKeys(number: number, seed: seed) else { return }
            keys.append(key)
            disks.append(SimulatedDisk(seed: random.next(), failure: 0.01))
            remains.append([])
        }
        for number in keys.indices { simulator.add(member(number, at: .zero)) }
        connect(&simulator)
        if settings.hasBackplane {
            for relay in 0..<settings.relays { join(relay, &simulator) }
        }
        post(&simulator)
        for (time, turn) in turns() {
            simulator.run(until: time) { simulator, node, time, output in
                observe(output, at: node, time, &simulator)
            }
            perform(turn, &simulator)
        }
        judge(simulator)
    }

    // MARK: The scene

    private static var wiring: Wiring<ClusterMember> {
        Wiring(
            transmission: { output in
                guard case .node(.link(.octets(let link, let octets))) = output else { return nil }
                return .init(octets, on: link.number)
            },
            received: { octets, link in .node(.link(.octets(LinkID(link), octets))) },
            linkUp: { link, node, other in
                .node(.link(.opened(LinkID(link), ClusterTrial.traits(link, node, other))))
            },
            linkDown: { link, _, _ in .node(.link(.closed(LinkID(link)))) })
    }

    private static func traits(_ link: Int, _ node: Int, _ other: Int) -> LinkTraits {
        let remote = Endpoint(transport: .tcp, host: "node\(other)", port: link + 1)
        return LinkTraits(transport: .tcp, remote: remote, isOutgoing: node > other)
    }

    private func member(_ number: Int, at now: Instant) -> ClusterMember {
        var node = MeshNode.Settings()
        let isRelay = number < settings.relays
        node.role = isRelay ? .relay : .leaf
        if isRelay {
            node.capabilities = ["store"]
            node.custody = Custody.Settings()
            node.trusted = Set(keys.prefix(settings.relays).map(\.node))
            node.crowd = settings.crowd
            node.hasBackplane = settings.hasBackplane
        }
        let engine = MeshNode(
            signer: keys[number], verifier: SimulatedKeys.verifier(seed: seed), settings: node,
            epoch: Timestamp(milliseconds: 1_700_000_000_000), at: now,
            seed: seed &* 31 &+ UInt64(number) &+ UInt64(bitPattern: now.nanoseconds))
        guard isRelay, settings.hasBackplane else { return ClusterMember(engine) }
        var session = BackplaneSession.Settings()
        session.keeps = true
        session.token = UInt64(number)
        return ClusterMember(engine, BackplaneSession(of: keys[number].node, session))
    }

    /// Every leaf has a link to every relay, of which one is up.
    private mutating func connect(_ simulator: inout Simulator<ClusterMember>) {
        var quality = Netem.ideal
        quality.latency = .milliseconds(5)
        quality.jitter = .milliseconds(2)
        if settings.hasLinks {
            for one in 0..<settings.relays {
                for other in 0..<one { simulator.connect(other, one, by: quality) }
            }
        }
        for leaf in 0..<settings.leaves {
            let home = Int.random(in: 0..<settings.relays, using: &random)
            homes.append(home)
            links.append([])
            for relay in 0..<settings.relays {
                let link = simulator.connect(settings.relays + leaf, relay, by: quality) ?? 0
                links[leaf].append(link)
                if relay != home { simulator.setLink(link, isUp: false) }
            }
        }
    }

    private mutating func post(_ simulator: inout Simulator<ClusterMember>) {
        let whole = Int(settings.trouble.milliseconds)
        for source in 0..<settings.leaves {
            for index in 0..<settings.messagesPerLeaf {
                let step = Int.random(in: 1..<settings.leaves, using: &random)
                let target = keys[settings.relays + (source + step) % settings.leaves].node
                var message = Message(to: target.text, .string("\(source) \(index)"))
                message.ttl = Packet.maxTTL
                message.persistence = Persistence(attempts: 8, patience: .seconds(1))
                let time = Int.random(in: 2000..<whole, using: &random)
                simulator.schedule(
                    .node(.service(.post(message, token: source * 1000 + index))),
                    to: settings.relays + source, at: .zero + .milliseconds(time))
                sent += 1
            }
        }
    }

    private mutating func turns() -> [(Instant, Turn)] {
        let whole = Int(settings.trouble.milliseconds)
        var turns: [(at: Int, turn: Turn)] = []
        func time() -> Int { Int.random(in: 1000..<whole - 4000, using: &random) }
        let crash = time()
        let relay = Int.random(in: 0..<settings.relays, using: &random)
        turns += [(crash, .crash(relay)), (crash + 2000, .restart(relay))]
        if settings.hasBackplane {
            let stop = time()
            turns += [(stop, .brokerStops), (stop + 2500, .brokerStarts)]
            let cut = time()
            let other = Int.random(in: 0..<settings.relays, using: &random)
            turns += [(cut, .cutOff(other)), (cut + 3000, .rejoin(other))]
        }
        for leaf in 0..<settings.leaves {
            for _ in 0..<settings.movesPerLeaf {
                let at = time()
                let away = Int.random(in: 0...3000, using: &random)
                let to = Int.random(in: 0..<settings.relays, using: &random)
                let isSilent = random.unit() < 0.3
                turns += [(at, .leave(leaf, isSilent: isSilent)), (at + away, .arrive(leaf, to))]
            }
        }
        let end = whole + Int(settings.calm.milliseconds)
        return turns.sorted { $0.at < $1.at }.map { (.zero + .milliseconds($0.at), $0.turn) }
            + [(.zero + .milliseconds(end), .end)]
    }

    // MARK: What happens

    private mutating func perform(_ turn: Turn, _ simulator: inout Simulator<ClusterMember>) {
        switch turn {
        case .crash(let relay):
            guard simulator[relay] != nil else { return }
            simulator.crash(relay)
            broker.disconnect(relay)
            remains[relay] = disks[relay].crash(at: simulator.now)
        case .restart(let relay):
            guard simulator[relay] == nil else { return }
            simulator.restart(relay, with: member(relay, at: simulator.now))
            simulator.schedule(
                .node(.journal(.recovered(remains[relay]))), to: relay, at: simulator.now)
            if settings.hasBackplane { join(relay, &simulator) }
        case .brokerStops:
            for relay in broker.stop() { tellLoss(to: relay, &simulator) }
        case .brokerStarts:
            broker.start()
            for relay in 0..<settings.relays { join(relay, &simulator) }
        case .cutOff(let relay):
            broker.disconnect(relay)
            tellLoss(to: relay, &simulator)
        case .rejoin(let relay): join(relay, &simulator)
        case .leave(let leaf, let isSilent):
            let link = links[leaf][homes[leaf]]
            if isSilent {
                simulator.block(link, from: homes[leaf])
                simulator.block(link, from: settings.relays + leaf)
            } else {
                simulator.setLink(link, isUp: false)
            }
        case .arrive(let leaf, let relay):
            // The relay that it left silently finds out by itself, the leaf knows.
            for (other, link) in links[leaf].enumerated() {
                simulator.setLink(link, isUp: false)
                simulator.block(link, from: other, false)
                simulator.block(link, from: settings.relays + leaf, false)
            }
            simulator.setLink(links[leaf][relay], isUp: true)
            homes[leaf] = relay
        case .end: return
        }
    }

    private mutating func join(_ relay: Int, _ simulator: inout Simulator<ClusterMember>) {
        guard simulator[relay] != nil, broker.connect(relay) else { return }
        simulator.schedule(.session(.connected), to: relay, at: simulator.now)
    }

    private func tellLoss(to relay: Int, _ simulator: inout Simulator<ClusterMember>) {
        simulator.schedule(.session(.disconnected("simulated")), to: relay, at: simulator.now)
    }

    private mutating func observe(
        _ output: ClusterMember.Output, at number: Int, _ time: Instant,
        _ simulator: inout Simulator<ClusterMember>
    ) {
        switch output {
        case .session(let output):
            for (member, message) in broker.take(output, from: number, at: time) {
                simulator.schedule(
                    .session(.message(message)), to: member, at: time + .milliseconds(1))
            }
        case .node(.service(.received(let packet, _, _))):
            received[packet.id, default: 0] += 1
            if received[packet.id] ?? 0 > 1 {
                complain("packet \(packet.id) was delivered twice at \(number)", time)
            }
        case .node(.service(.dialogue(.delivery(.confirmed(let id, _, _, _))))):
            confirmed.insert(id)
        case .node(.service(.dialogue(.delivery(.entrusted(let id, _, _, _))))):
            entrusted.insert(id)
        case .node(.notice(.handedOver)): handedOver += 1
        case .node(.journal(let request)):
            guard let written = disks[number].take(request, at: time) else { return }
            simulator.schedule(.node(.journal(written.answer)), to: number, at: written.at)
        case .node(.link(.close(let link, _))):
            simulator.schedule(.node(.link(.closed(link))), to: number, at: time)
            guard let ends = simulator.ends(of: link.number) else { return }
            let other = ends.0 == number ? ends.1 : ends.0
            guard number < settings.relays, other < settings.relays else { return }
            // Relays dial each other again.
            let traits = ClusterTrial.traits(link.number, number, other)
            simulator.schedule(
                .node(.link(.opened(link, traits))), to: number, at: time + .seconds(1))
        default: break
        }
    }

    // MARK: The laws

    private mutating func judge(_ simulator: Simulator<ClusterMember>) {
        acknowledged = confirmed.union(entrusted).count
        stored = entrusted.count
        for id in confirmed.union(entrusted).sorted() where received[id] == nil {
            complain("packet \(id) was acknowledged and never delivered", simulator.now)
        }
        for (leaf, home) in homes.enumerated() {
            let name = keys[settings.relays + leaf].node.text
            for relay in 0..<settings.relays {
                guard let attachments = simulator[relay]?.node.attachments,
                    attachments.isHere(name) != (relay == home)
                else { continue }
                complain(
                    "relay \(relay) is wrong about leaf \(leaf), which is at \(home)",
                    simulator.now)
            }
        }
    }

    private mutating func complain(_ text: String, _ time: Instant) {
        guard violations.count < 20 else { return }
        violations.append("seed \(seed), at \((time - .zero).seconds) s: \(text)")
    }
}
