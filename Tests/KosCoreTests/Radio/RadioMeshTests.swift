import KosCore
import KosSimulation
import Testing

/// Mesh nodes whose only links are radios, over an air with reach, collisions and loss, in virtual
/// time: everything between the application and the modem is the real thing.
struct RadioMesh {
    struct Station {
        var node: MeshNode
        var links: RadioLinks
        var link: LoRaLink
        let id: NodeID
        var places: [Int: LinkID] = [:]
        var received: [Packet] = []
        var deliveries: [Delivery] = []
        var queue: [OutgoingFrame] = []
        var sendingUntil: Instant = .zero
        /// What is in the air here: until when, and whether it is spoilt.
        var arrivals: [(frame: [UInt8], from: Int, end: Instant, isSpoilt: Bool)] = []
    }
    var stations: [Station] = []
    var now = Instant(nanoseconds: 1)
    /// Frames that went into the air, and what they took of it.
    var frames = 0
    var airtime: [Duration] = []
    /// Those that carried an application's packet.
    var dataFrames = 0
    let reach: (Int, Int) -> Bool
    let loss: Double
    private var random: SplitMix64
    private let modulation: LoRaModulation
    private var flights: [(from: Int, frame: OutgoingFrame, end: Instant)] = []

    init(
        _ count: Int, seed: UInt64, loss: Double = 0, leaves: Set<Int> = [],
        reach: @escaping (Int, Int) -> Bool
    ) throws {
        self.reach = reach
        self.loss = loss
        random = SplitMix64(seed: seed)
        modulation = try LoRaModulation()
        for index in 0..<count {
            let keys = try #require(SimulatedKeys(number: index, seed: seed))
            var settings = MeshNode.Settings()
            settings.name = "n\(index)"
            settings.role = leaves.contains(index) ? .leaf : .relay
            let endpoint = try #require(Endpoint("lora:sim:\(index + 1)"))
            stations.append(
                Station(
                    node: MeshNode(
                        signer: keys, verifier: SimulatedKeys.verifier(seed: seed),
                        settings: settings, epoch: Timestamp(milliseconds: 1_800_000_000_000),
                        at: now, seed: seed &+ UInt64(index)),
                    links: RadioLinks(
                        own: keys.node, endpoint: endpoint, modulation: modulation, duty: 0.1,
                        seed: seed &* 31 &+ UInt64(index), at: now),
                    link: LoRaLink(
                        mtu: 222, modulation: modulation,
                        forwarding: leaves.contains(index) ? .none : .managed,
                        own: keys.node, seed: seed &* 17 &+ UInt64(index), at: now),
                    id: keys.node))
            airtime.append(.zero)
            know(keys.node, at: index)
        }
    }

    mutating func start(_ index: Int) { feed(index, links: .up) }

    mutating func post(_ message: Message, from index: Int) {
        feed(index, node: .service(.post(message, token: 1)))
    }

    private mutating func know(_ node: NodeID, at index: Int) {
        let short = Array(Array(node.text.utf8).dropFirst(4).prefix(16))
        stations[index].link.names.learn(node, short: short)
    }

    // MARK: Engines

    mutating func feed(_ index: Int, links input: RadioLinks.Input?) {
        var outputs: [RadioLinks.Output] = []
        if let input {
            stations[index].links.handle(input, at: now, into: &outputs)
        } else {
            stations[index].links.advance(to: now, into: &outputs)
        }
        for output in outputs {
            switch output {
            case .opened(let place, let traits):
                let link = LinkID(place + 1)
                stations[index].places[place] = link
                feed(index, node: .link(.opened(link, traits)))
            case .closed(let place):
                guard let link = stations[index].places.removeValue(forKey: place) else { continue }
                feed(index, node: .link(.closed(link)))
            case .octets(let place, let octets):
                guard let link = stations[index].places[place] else { continue }
                feed(index, node: .link(.octets(link, octets)))
            case .send(let packet): feed(index, link: .send(packet))
            case .know(let node): know(node, at: index)
            }
        }
        stations[index].link.neighbours = stations[index].links.neighbourNames
    }

    mutating func feed(_ index: Int, node input: MeshNode.Input?) {
        var outputs: [MeshNode.Output] = []
        if let input {
            stations[index].node.handle(input, at: now, into: &outputs)
        } else {
            stations[index].node.advance(to: now, into: &outputs)
        }
        for output in outputs {
            switch output {
            case .link(.octets(let link, let octets)):
                feed(index, links: .line(link.number - 1, octets))
            case .link(.close(let link, _)): feed(index, links: .close(link.number - 1))
            case .service(.received(let packet, _, _)): stations[index].received.append(packet)
            case .service(.dialogue(.delivery(let delivery))):
                stations[index].deliveries.append(delivery)
            default: break
            }
        }
    }

    private mutating func feed(_ index: Int, link input: LoRaLink.Input?) {
        var outputs: [LoRaLink.Output] = []
        if let input {
            stations[index].link.handle(input, at: now, into: &outputs)
        } else {
            stations[index].link.advance(to: now, into: &outputs)
        }
        for output in outputs {
            switch output {
            case .transmit(let frame): stations[index].queue.append(frame)
            case .deliver(let packet, let frame): feed(index, links: .heard(packet, frame))
            case .foreign, .finished, .failed, .rejected: break
            }
        }
    }

    // MARK: The air

    private mutating func transmit() {
        for index in stations.indices {
            guard !stations[index].queue.isEmpty, stations[index].sendingUntil <= now,
                !stations[index].arrivals.contains(where: { $0.end > now })
            else { continue }
            let frame = stations[index].queue.removeFirst()
            let time = Duration.microseconds(
                TimeOnAir(clamping: frame.payload.count, modulation).microseconds)
            let end = now + time
            frames += 1
            if case .whole(let body)? = LoRaFrame(frame.payload),
                let packet = try? CompactPacket.decode(body, stations[index].link.names),
                packet.metadata.type == Packet.Kind.data
            {
                dataFrames += 1
            }
            airtime[index] += time
            stations[index].sendingUntil = end
            flights.append((index, frame, end))
            for other in stations.indices where other != index && reach(index, other) {
                let isBusy = stations[other].sendingUntil > now
                let overlap = stations[other].arrivals.indices.filter {
                    stations[other].arrivals[$0].end > now
                }
                for place in overlap { stations[other].arrivals[place].isSpoilt = true }
                let isLost = random.unit() < loss
                stations[other].arrivals.append(
                    (frame.payload, index, end, isBusy || isLost || !overlap.isEmpty))
            }
        }
    }

    mutating func run(for time: Duration, until isDone: (RadioMesh) -> Bool = { _ in false }) {
        let limit = now + time
        while now < limit, !isDone(self) {
            transmit()
            var next = limit
            for station in stations {
                let deadlines = [
                    station.node.nextDeadline, station.links.nextDeadline,
                    station.link.nextDeadline,
                ]
                next = min(next, deadlines.compactMap { $0 }.min() ?? limit)
                for arrival in station.arrivals { next = min(next, arrival.end) }
            }
            for flight in flights { next = min(next, flight.end) }
            // A few hundred µs apart, as real clocks are.
            let dice = Int64.random(in: 1...300, using: &random)
            now = max(now, next) + .microseconds(dice)
            let ended = flights.filter { $0.end <= now }
            flights.removeAll { $0.end <= now }
            for flight in ended { feed(flight.from, link: .sent(flight.frame.id)) }
            for index in stations.indices {
                let arrived = stations[index].arrivals.filter { $0.end <= now }
                stations[index].arrivals.removeAll { $0.end <= now }
                for arrival in arrived where !arrival.isSpoilt {
                    // A few dB less with every step.
                    let noise = Double.random(in: -1.5...1.5, using: &random)
                    let snr = 10 - 6 * Double(abs(arrival.from - index)) + noise
                    let frame = ReceivedFrame(payload: arrival.frame, rssiDbm: -90, snrDb: snr)
                    feed(index, link: .heard(frame))
                }
                feed(index, link: nil)
                feed(index, links: nil)
                feed(index, node: nil)
            }
        }
    }

    /// Whether a message of a node was confirmed by its destination.
    func isConfirmed(_ index: Int) -> Bool {
        stations[index].deliveries.contains { if case .confirmed = $0 { true } else { false } }
    }
}

@Suite struct RadioMeshTests {
    private static let patience = Persistence(attempts: 5, patience: .seconds(8))

    @Test(arguments: 1...5 as ClosedRange<UInt64>) func aNeighbourIsReached(seed: UInt64) throws {
        var mesh = try RadioMesh(2, seed: seed, leaves: [1]) { _, _ in true }
        mesh.start(0)
        mesh.run(for: .seconds(3))
        mesh.start(1)
        mesh.run(for: .seconds(30)) { $0.stations[1].node.links.neighbours.count == 1 }
        #expect(mesh.stations[1].node.nodes(named: "n0") == [mesh.stations[0].id], "seed \(seed)")
        var message = Message(to: mesh.stations[0].id.text, .string("hello"))
        message.persistence = RadioMeshTests.patience
        mesh.post(message, from: 1)
        mesh.run(for: .seconds(60)) { $0.isConfirmed(1) }
        #expect(mesh.isConfirmed(1), "seed \(seed)")
        #expect(mesh.stations[0].received.map(\.payload) == [.string("hello")], "seed \(seed)")
    }

    /// A chain of four: each hears only the next, so that the packet is repeated twice and its
    /// receipt as often.
    @Test(arguments: 1...5 as ClosedRange<UInt64>) func floodingCrossesAChain(
        seed: UInt64
    ) throws {
        var mesh = try RadioMesh(4, seed: seed) { abs($0 - $1) == 1 }
        for index in 0..<4 {
            mesh.start(index)
            mesh.run(for: .seconds(5))
        }
        mesh.run(for: .seconds(60))
        var message = Message(to: mesh.stations[3].id.text, .string("far"))
        message.persistence = RadioMeshTests.patience
        mesh.post(message, from: 0)
        mesh.run(for: .seconds(300)) { $0.isConfirmed(0) }
        #expect(mesh.stations[3].received.map(\.payload) == [.string("far")], "seed \(seed)")
        #expect(mesh.isConfirmed(0), "seed \(seed)")
    }

    @Test func theHopLimitHolds() throws {
        var mesh = try RadioMesh(4, seed: 5) { abs($0 - $1) == 1 }
        for index in 0..<4 { mesh.start(index) }
        mesh.run(for: .seconds(60))
        var message = Message(to: mesh.stations[3].id.text, .string("far"))
        message.ttl = 2
        message.persistence = nil
        mesh.post(message, from: 0)
        mesh.run(for: .seconds(120))
        #expect(mesh.stations[3].received.isEmpty)
    }

    private static func crowd(
        _ count: Int, seed: UInt64, rounds: Int, reach: @escaping (Int, Int) -> Bool
    ) throws -> RadioMesh {
        var mesh = try RadioMesh(count, seed: seed, reach: reach)
        for index in 0..<count {
            mesh.start(index)
            mesh.run(for: .seconds(4))
        }
        mesh.run(for: .seconds(100))
        for round in 0..<rounds {
            var message = Message(to: Packet.broadcast, .string("all \(round)"))
            message.persistence = nil
            mesh.post(message, from: 0)
            mesh.run(for: .seconds(20))
        }
        return mesh
    }

    /// Eight nodes that all hear each other: a packet's source says that all have it.
    @Test(arguments: [1, 2] as [UInt64]) func aCrowdRepeatsLittle(seed: UInt64) throws {
        let mesh = try RadioMeshTests.crowd(8, seed: seed, rounds: 4) { _, _ in true }
        let heard = mesh.stations.dropFirst().map(\.received.count)
        #expect(heard.allSatisfy { $0 == 4 }, "seed \(seed): \(heard)")
        // Four packets, and not seven echoes of each.
        #expect((4...8).contains(mesh.dataFrames), "seed \(seed): \(mesh.dataFrames)")
    }

    /// Eight in a row that hear three on each side. A first transmission that meets another one is
    /// lost for all: nobody repeats what nobody heard. What is heard crosses the whole field, in no
    /// more frames than if all repeated it.
    @Test func aLongFieldIsCrossed() throws {
        var sums: [Int] = []
        for seed in 1...8 as ClosedRange<UInt64> {
            let mesh = try RadioMeshTests.crowd(8, seed: seed, rounds: 4) { abs($0 - $1) <= 3 }
            sums.append(mesh.stations.dropFirst().map(\.received.count).reduce(0, +))
            #expect(mesh.dataFrames <= 32, "seed \(seed): \(mesh.dataFrames)")
        }
        // One seed says little: which transmissions meet is a matter of luck.
        #expect(sums.reduce(0, +) >= 18 * sums.count, "\(sums)")
    }

    /// What nodes say of themselves stays within its share of the legal air time, here 10 %.
    @Test func announcementsKeepToTheirShare() throws {
        var mesh = try RadioMesh(4, seed: 7) { _, _ in true }
        for index in 0..<4 { mesh.start(index) }
        mesh.run(for: .seconds(3600))
        for time in mesh.airtime {
            #expect(time < .seconds(72), "\(time)")
            #expect(time > .seconds(5), "\(time)")
        }
    }

    @Test func whoFallsSilentIsGone() throws {
        var mesh = try RadioMesh(2, seed: 9) { _, _ in true }
        mesh.start(0)
        mesh.start(1)
        mesh.run(for: .seconds(30))
        #expect(mesh.stations[0].links.neighbourCount == 1)
        mesh.feed(1, links: .down)
        mesh.run(for: mesh.stations[0].links.interval * 5)
        #expect(mesh.stations[0].links.neighbourCount == 0)
        #expect(mesh.stations[0].node.links.neighbours.isEmpty)
    }

    @Test func anAnnouncementFitsIntoAFrame() throws {
        let keys = try #require(SimulatedKeys(number: 1, seed: 1))
        let info = NodeInfo(
            name: "bravo", role: .relay, capabilities: ["relay"], addresses: [],
            sequence: 1_800_000_000_000)
        var settings = RadioBeacon.Settings(info)
        settings.answers = true
        let author = Author(signer: keys, epoch: Timestamp(milliseconds: 1), seed: 1)
        var beacon = RadioBeacon(
            settings, author: author, modulation: try LoRaModulation(), duty: 0.01)
        var outputs: [RadioBeacon.Output] = []
        beacon.handle(.up, at: .zero, into: &outputs)
        beacon.advance(to: .zero + .seconds(5), into: &outputs)
        guard case .send(let packet)? = outputs.first else {
            Issue.record("nothing was sent")
            return
        }
        let octets = CompactPacket.encode(packet, ShortNames())
        #expect(octets.count + LoRaFrame.wholeHeader <= 222, "\(octets.count)")
        #expect(try CompactPacket.decode(octets, ShortNames()) == packet)
        // At 1 % the three of its kind stay within a fifth of that.
        #expect(beacon.airtime * 3 <= beacon.interval * 0.002 + .milliseconds(3))
    }
}
