// Protocols under hardship, for test_protocol_hardship.py; compiled against the release build.
//   loops FIRST COUNT   so many random mobile networks: whenever a table changes it is looked
//                       whether that closed a circle; one JSON line
//   noise COUNT SOURCES so many messages of AODV and OLSR, so many of DSR, made up and damaged: how
//                       large tables became
import Glibc
import KosCore
import KosSimulation

@main struct ProtocolHardship {
    static func main() {
        let arguments = CommandLine.arguments
        if arguments[1] == "loops" {
            loops(from: UInt64(arguments[2]) ?? 1, count: UInt64(arguments[3]) ?? 1)
        } else {
            noise(Int(arguments[2]) ?? 1, sources: Int(arguments[3]) ?? 1)
        }
    }

    // MARK: loops

    /// Nodes that walk fast, lose frames, crash and come back.
    static func scenario(_ seed: UInt64) -> Scenario {
        var dice = SplitMix64(seed: seed)
        let count = Int.random(in: 8...20, using: &dice)
        var scenario = Scenario.random(
            count, width: 700, height: 500, range: Double.random(in: 150...260, using: &dice),
            mobility: .randomWaypoint(slowest: 5, fastest: 40, pause: .zero), seed: seed)
        scenario.duration = .seconds(20)
        scenario.radio.loss = 0.05
        scenario.radio.hasCollisions = seed % 2 == 0
        for flow in 0..<4 {
            scenario.flows.append(
                .init(
                    from: flow, to: count - 1 - flow, start: .zero + .milliseconds(500 * flow),
                    stop: .zero + .seconds(20), every: .milliseconds(250)))
        }
        let victim = Int.random(in: 0..<count, using: &dice)
        scenario.faults = [
            .init(at: .zero + .seconds(8), .crash(victim)),
            .init(at: .zero + .seconds(12), .restart(victim)),
        ]
        return scenario
    }

    static func circles<E: RoutingProtocolEngine>(
        _ simulation: borrowing RadioSimulation<E>, _ start: Int, _ destination: RouterAddress
    ) -> Bool {
        var node = start
        for _ in 0..<simulation.terrain.positions.count {
            guard let next = simulation[node]?.nextHop(to: destination) else { return false }
            if next == destination { return false }
            node = Scenario.node(next)
            if node == start { return true }
        }
        return false
    }

    /// A circle closes where a next hop changes, and leads through that node: nothing else is to be
    /// looked at after an event.
    static func loops(from first: UInt64, count: UInt64) {
        var (checks, aodv, dsr, passing, lasting) = (0, 0, 0, 0, 0)
        for seed in first..<first + count {
            var simulation = RadioSimulation(scenario(seed)) { address, seed, now in
                var settings = AODVSettings()
                settings.usesHellos = seed % 3 == 0
                settings.firstSequence = UInt32(now.nanoseconds / 1_000_000)
                return AODV(address: address, settings: settings, seed: seed, at: now)
            }
            simulation.run(watch: { simulation, node, output in
                guard case .install(let route) = output else { return }
                checks += 1
                if circles(simulation, node, route.destination) { aodv += 1 }
            })
            var sources = RadioSimulation(scenario(seed)) { address, seed, now in
                DSR(address: address, seed: seed, at: now)
            }
            sources.run(tap: { _, frame in
                guard frame.datagram.content == .sourceRouted else { return }
                var length = 0
                let header = try? DSRHeader(frame.datagram.payload.span, length: &length)
                for case .sourceRoute(let route) in header?.options ?? [] {
                    checks += 1
                    let nodes =
                        (route.salvage > 0 ? [] : [frame.datagram.source]) + route.route
                        + [frame.datagram.destination]
                    if Set(nodes).count != nodes.count { dsr += 1 }
                }
            })
            let (now, later) = olsr(seed)
            passing += now
            lasting += later
        }
        print(
            "{\"scenarios\":\(count),\"checks\":\(checks),\"aodv\":\(aodv),\"dsr\":\(dsr),"
                + "\"olsrPassing\":\(passing),\"olsrLasting\":\(lasting)}")
    }

    /// Pairs of nodes between which OLSR's tables circle: while links come and go, and when they
    /// have been still for TOP_HOLD_TIME.
    static func olsr(_ seed: UInt64) -> (Int, Int) {
        var scenario = scenario(seed)
        scenario.mobility = .fixed
        scenario.flows = []
        scenario.radio.loss = 0
        scenario.radio.hasCollisions = false
        scenario.faults = [.init(at: .zero + .seconds(20), .crash(scenario.nodeCount / 2))]
        scenario.duration = .seconds(45)
        var simulation = RadioSimulation(scenario) { address, seed, now in
            OLSR(address: address, seed: seed, at: now)
        }
        func count() -> Int {
            var found = 0
            for start in 0..<scenario.nodeCount {
                for target in 0..<scenario.nodeCount where target != start {
                    if circles(simulation, start, Scenario.address(target)) { found += 1 }
                }
            }
            return found
        }
        var passing = 0
        for second in 21...29 {
            simulation.run(until: .zero + .seconds(Int64(second)))
            passing += count()
        }
        // The dead neighbour is known after NEIGHB_HOLD_TIME, 6 s; 15 s more are TOP_HOLD_TIME.
        simulation.run(until: .zero + .seconds(42))
        return (passing, count())
    }

    // MARK: noise

    static func noise(_ count: Int, sources: Int) {
        var noise = Noise(count: count, sources: sources)
        let (aodv, requests) = noise.aodv()
        let (dsr, options) = noise.dsr()
        let (olsr, controls) = noise.olsr()
        print(
            "{\"messages\":\(count),\"aodvRoutes\":\(aodv.routeCount),\"aodvSent\":\(requests),"
                + "\"dsrLinks\":\(dsr.cache.count),\"dsrInitiators\":\(dsr.requests.count),"
                + "\"dsrSent\":\(options),\"olsrTuples\":\(olsr.tupleCount),"
                + "\"olsrDuplicates\":\(olsr.duplicateCount),\"olsrSent\":\(controls),"
                + "\"cpuSeconds\":\(noise.seconds),\"peakMB\":\(peakMB)}"
        )
    }
}

/// Peak memory of this program alone: rusage's counts that of the process that started it, too.
private var peakMB: Int {
    guard let file = fopen("/proc/self/status", "r") else { return .max }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), file) != nil {
        let words = String(cString: line).split(whereSeparator: \.isWhitespace)
        if words.first == "VmHWM:", words.count > 1, let size = Int(words[1]) { return size / 1024 }
    }
    return .max
}

/// Made-up messages of each protocol, whole and broken, given to one node of it.
struct Noise {
    let count: Int
    /// Messages that are source-routed, each of which costs a look through the cache.
    let sources: Int
    /// Processor time of each protocol.
    private(set) var seconds: [Double] = []
    private var sample: [UInt8]?
    private let own = RouterAddress(10, 0, 0, 1)

    init(count: Int, sources: Int) {
        self.count = count
        self.sources = sources
    }

    private mutating func message(
        _ dice: inout SplitMix64, _ make: (inout SplitMix64) -> [UInt8]
    ) -> [UInt8] {
        guard let last = sample, dice.next() % 4 == 0 else {
            let new = make(&dice)
            sample = new
            return new
        }
        var octets = last
        for _ in 0..<1 + dice.next() % 4 where !octets.isEmpty {
            octets[Int(dice.next() % UInt64(octets.count))] = UInt8(
                truncatingIfNeeded: dice.next())
        }
        return dice.next() % 8 == 0 ? Array(octets.dropLast(Int(dice.next() % 9))) : octets
    }

    private static func address(_ dice: inout SplitMix64) -> RouterAddress {
        RouterAddress(UInt32(truncatingIfNeeded: dice.next()))
    }

    /// How many messages the engine sent for those that it was given.
    private mutating func give<E: RoutingProtocolEngine>(
        _ engine: inout E, _ content: Datagram.Content,
        _ make: (inout SplitMix64, RouterAddress) -> [UInt8]
    ) -> Int {
        sample = nil
        var dice = SplitMix64(seed: 5)
        var (now, sent) = (Instant.zero, 0)
        let start = clock()
        defer { seconds.append(Double(clock() - start) / 1e6) }
        var outputs: [RoutingOutput] = []
        for number in 0..<(content == .control ? count : sources) {
            now = now + .microseconds(100)
            let sender = RouterAddress(10, 0, 0, UInt8(2 + number % 7))
            let isForUs = dice.next() % 2 == 0
            let datagram = Datagram(
                from: content == .control ? sender : Noise.address(&dice),
                to: isForUs ? own : .broadcast, ttl: UInt8(truncatingIfNeeded: dice.next()),
                content: content, payload: message(&dice) { make(&$0, sender) })
            let frame = HopFrame(from: sender, to: isForUs ? own : .broadcast, datagram)
            engine.handle(.received(frame), at: now, into: &outputs)
            sent += outputs.count { if case .transmit = $0 { true } else { false } }
            outputs.removeAll(keepingCapacity: true)
        }
        return sent
    }

    mutating func aodv() -> (AODV, sent: Int) {
        var aodv = AODV(address: own, seed: 1)
        let sent = give(&aodv, .control) { dice, _ in
            AODVMessage.request(
                .init(
                    id: UInt32(truncatingIfNeeded: dice.next()),
                    destination: Noise.address(&dice), destinationSequence: 7,
                    originator: Noise.address(&dice), originatorSequence: 1)
            ).octets
        }
        return (aodv, sent)
    }

    mutating func dsr() -> (DSR, sent: Int) {
        var dsr = DSR(address: own, seed: 1)
        let sent = give(&dsr, .sourceRouted) { dice, sender in
            let route = (0..<dice.next() % 9).map { _ in Noise.address(&dice) }
            let option: DSROption =
                dice.next() % 2 == 0
                ? .request(
                    .init(
                        id: UInt16(truncatingIfNeeded: dice.next()), target: Noise.address(&dice),
                        route: route + [sender]))
                : .reply(.init(route: route + [Noise.address(&dice)]))
            return DSRHeader(options: [option]).octets
        }
        return (dsr, sent)
    }

    mutating func olsr() -> (OLSR, sent: Int) {
        var olsr = OLSR(address: own, seed: 1)
        let own = own
        let sent = give(&olsr, .control) { dice, sender in
            let list = (0..<dice.next() % 40).map { _ in Noise.address(&dice) }
            let body: OLSRMessage.Body =
                switch dice.next() % 4 {
                case 0:
                    .hello(
                        .init(
                            interval: 5, willingness: 3,
                            links: [.init(.symmetric, .symmetric, list + [own])]))
                case 1: .interfaces(list)
                case 2: .networks(list.map { .init($0, mask: .broadcast) })
                default:
                    .topologyControl(
                        .init(
                            sequence: UInt16(truncatingIfNeeded: dice.next() % 3), advertised: list)
                    )
                }
            let isHello = if case .hello = body { true } else { false }
            return OLSRPacket(
                sequence: 1,
                messages: [
                    OLSRMessage(
                        validity: 0xE7,
                        originator: isHello || dice.next() % 2 == 0
                            ? sender : Noise.address(&dice),
                        ttl: 9, sequence: UInt16(truncatingIfNeeded: dice.next()), body: body)
                ]
            ).octets
        }
        return (olsr, sent)
    }
}
