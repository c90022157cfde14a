import KosCore
import Testing

/// Radio links alone in a field, over an air with reach, half duplex, collisions and loss: one node
/// says things to all, and all repeat as the mode has it.
struct FloodField {
    private struct Station {
        var link: LoRaLink
        var queue: [OutgoingFrame] = []
        var sendingUntil = Instant.zero
        var arrivals: [(frame: [UInt8], from: Int, end: Instant, isSpoilt: Bool)] = []
        var delivered: Set<String> = []
    }
    private var stations: [Station] = []
    private var now = Instant(nanoseconds: 1)
    private var random: SplitMix64
    private var flights: [(from: Int, frame: OutgoingFrame, end: Instant)] = []
    private let modulation: LoRaModulation
    /// dB at a receiver, sender first; nil out of reach.
    private let snr: [[Double?]]
    private let loss: Double
    private(set) var frames = 0

    init(
        _ forwarding: LoRaLink.Forwarding, snr: [[Double?]], loss: Double, seed: UInt64
    ) throws {
        self.snr = snr
        self.loss = loss
        random = SplitMix64(seed: seed)
        modulation = try LoRaModulation()
        for index in snr.indices {
            var link = LoRaLink(
                mtu: 222, modulation: modulation, forwarding: forwarding,
                own: FloodField.name(index), seed: seed &* 31 &+ UInt64(index), at: now)
            link.neighbours = Set(hearers(of: index).map { FloodField.name($0).text })
            stations.append(Station(link: link))
        }
        try introduce()
    }

    static func name(_ index: Int) -> NodeID { names[index] }
    private static let names = (0..<64).compactMap { NodeID("node-\($0)") }

    private func hearers(of index: Int) -> [Int] {
        snr.indices.filter { snr[index][$0] != nil }
    }

    /// Everybody knows whom its neighbours hear, as link states tell.
    private mutating func introduce() throws {
        for index in snr.indices {
            let links = hearers(of: index).map { other in
                JSONValue.object([
                    "transport": .string(TransportType.lora.rawValue),
                    "destination": .string(FloodField.name(other).text),
                ])
            }
            var packet = try packet(from: index, "links")
            packet.payload = .object([
                "kind": .string(Packet.Control.linkState.rawValue), "links": .array(links),
            ])
            packet.metadata.type = Packet.Kind.routing
            packet.metadata.ttl = 0
            let body = LoRaFrame.whole(CompactPacket.encode(packet, ShortNames())).bytes
            for other in hearers(of: index) {
                var outputs: [LoRaLink.Output] = []
                stations[other].link.handle(
                    .heard(ReceivedFrame(payload: body, snrDb: 0)), at: now, into: &outputs)
            }
        }
    }

    private mutating func packet(from index: Int, _ text: String) throws -> Packet {
        let time = Timestamp(milliseconds: 1_800_000_000_000 + now.nanoseconds / 1_000_000)
        var packet = Packet(
            id: PacketID(at: time, using: &random), timestamp: time,
            source: FloodField.name(index), destination: Packet.broadcast,
            payload: .string(text))
        packet.metadata.ttl = 10
        return packet
    }

    /// Says one thing to all, and waits; the share of the others that heard it.
    mutating func say(from index: Int) throws -> Double {
        let packet = try packet(from: index, "forty octets of some text for everybody..")
        feed(index, .send(packet))
        run(for: .seconds(40))
        let reached = stations.indices.filter {
            $0 != index && stations[$0].delivered.contains(packet.id)
        }
        return Double(reached.count) / Double(stations.count - 1)
    }

    private mutating func feed(_ index: Int, _ input: LoRaLink.Input?) {
        var outputs: [LoRaLink.Output] = []
        if let input {
            stations[index].link.handle(input, at: now, into: &outputs)
        } else {
            stations[index].link.advance(to: now, into: &outputs)
        }
        for output in outputs {
            switch output {
            case .transmit(let frame): stations[index].queue.append(frame)
            case .deliver(let packet, _): stations[index].delivered.insert(packet.id)
            case .foreign, .finished, .failed, .rejected: break
            }
        }
    }

    private mutating func transmit() {
        for index in stations.indices {
            guard !stations[index].queue.isEmpty, stations[index].sendingUntil <= now,
                !stations[index].arrivals.contains(where: { $0.end > now })
            else { continue }
            let frame = stations[index].queue.removeFirst()
            let airtime = TimeOnAir(clamping: frame.payload.count, modulation).microseconds
            let end = now + .microseconds(airtime)
            frames += 1
            stations[index].sendingUntil = end
            flights.append((index, frame, end))
            for place in stations[index].arrivals.indices {
                stations[index].arrivals[place].isSpoilt = true
            }
            for other in hearers(of: index) {
                let isBusy = stations[other].sendingUntil > now
                var isSpoilt = isBusy || random.unit() < loss
                for place in stations[other].arrivals.indices
                where stations[other].arrivals[place].end > now {
                    stations[other].arrivals[place].isSpoilt = true
                    isSpoilt = true
                }
                stations[other].arrivals.append((frame.payload, index, end, isSpoilt))
            }
        }
    }

    private mutating func run(for time: Duration) {
        let limit = now + time
        while now < limit {
            transmit()
            var next = limit
            for station in stations {
                next = min(next, station.link.nextDeadline ?? limit)
                for arrival in station.arrivals { next = min(next, arrival.end) }
            }
            for flight in flights { next = min(next, flight.end) }
            now = max(now, next) + .microseconds(Int64.random(in: 1...300, using: &random))
            let ended = flights.filter { $0.end <= now }
            flights.removeAll { $0.end <= now }
            for flight in ended { feed(flight.from, .sent(flight.frame.id)) }
            for index in stations.indices {
                let arrived = stations[index].arrivals.filter { $0.end <= now }
                stations[index].arrivals.removeAll { $0.end <= now }
                for arrival in arrived where !arrival.isSpoilt {
                    let noise = Double.random(in: -1.5...1.5, using: &random)
                    feed(
                        index,
                        .heard(
                            ReceivedFrame(
                                payload: arrival.frame, rssiDbm: -90,
                                snrDb: (snr[arrival.from][index] ?? 0) + noise)))
                }
                feed(index, nil)
            }
        }
    }
}

/// What managed flooding is for: as many hear it as if everybody repeated everything, or more, and
/// the air is used less.
@Suite struct FloodFieldTests {
    struct Outcome {
        var heard = 0.0
        var frames = 0.0
    }

    /// A row that hears three on each side, a few dB less with every step.
    static func row(_ count: Int) -> [[Double?]] {
        (0..<count).map { from in
            (0..<count).map { to in
                let steps = abs(from - to)
                return steps == 0 || steps > 3 ? nil : 10 - 6 * Double(steps)
            }
        }
    }

    /// Nodes at random in a square, the signal falling with the third power of the distance to the
    /// floor of SF7 at the edge of the reach.
    static func square(_ count: Int, reach: Double, seed: UInt64) -> [[Double?]] {
        var dice = SplitMix64(seed: seed)
        let places = (0..<count).map { _ in (dice.unit(), dice.unit()) }
        return places.map { from in
            places.map { to in
                let (dx, dy) = (from.0 - to.0, from.1 - to.1)
                let distance = (dx * dx + dy * dy).squareRoot()
                guard distance > 0, distance <= reach else { return nil }
                return min(10, -7.5 + 30 * (Decibel.of(reach / distance) ?? 0) / 10)
            }
        }
    }

    static func outcome(
        _ forwarding: LoRaLink.Forwarding, loss: Double, _ snr: (UInt64) -> [[Double?]]
    ) throws -> Outcome {
        var sum = Outcome()
        var rounds = 0.0
        for seed in 1...10 as ClosedRange<UInt64> {
            var field = try FloodField(forwarding, snr: snr(seed), loss: loss, seed: seed)
            for _ in 0..<3 {
                sum.heard += try field.say(from: 0)
                rounds += 1
            }
            sum.frames += Double(field.frames)
        }
        return Outcome(heard: sum.heard / rounds, frames: sum.frames / rounds)
    }

    @Test(arguments: ["row of 8", "row of 16", "square of 20", "square of 40"], [0, 0.05])
    func managedFloodingHelps(field: String, loss: Double) throws {
        let snr: (UInt64) -> [[Double?]] =
            switch field {
            case "row of 8": { _ in FloodFieldTests.row(8) }
            case "row of 16": { _ in FloodFieldTests.row(16) }
            case "square of 20": { FloodFieldTests.square(20, reach: 0.45, seed: $0) }
            default: { FloodFieldTests.square(40, reach: 0.35, seed: $0) }
            }
        let blind = try FloodFieldTests.outcome(.blind, loss: loss, snr)
        let managed = try FloodFieldTests.outcome(.managed, loss: loss, snr)
        // A hundredth: what all say can be lost less than what some say.
        #expect(managed.heard >= blind.heard - 0.01, "\(managed.heard), blind \(blind.heard)")
        #expect(managed.frames < blind.frames * 0.85, "\(managed.frames), blind \(blind.frames)")
    }
}
