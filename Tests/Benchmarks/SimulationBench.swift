// The scenario of simulation_ns3.cc under our simulator, and the speed of its parts: one JSON line
// each. Compiled against the release build by simulation.py. Arguments: `run PROTOCOL SEED`,
// `hellos SEED`, `places SEED`, `events`, `codecs`, `big`, `discover`, `memory`, `grid`.
import Glibc
import KosCore
import KosSimulation

func cpu() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

@main struct SimulationBench {
    static func main() {
        let arguments = CommandLine.arguments
        switch arguments.dropFirst().first {
        case "run": run(arguments[2], UInt64(arguments[3]) ?? 1)
        case "hellos": hellos(UInt64(arguments[2]) ?? 1)
        case "events": events()
        case "codecs": codecs()
        case "big": big()
        case "memory": memory()
        case "grid": grid()
        case "places": places(UInt64(arguments[2]) ?? 1)
        default: discover()
        }
    }

    static func mobile(_ seed: UInt64) -> Scenario {
        var scenario = Scenario.random(
            50, width: 1500, height: 300, range: 250,
            mobility: .randomWaypoint(slowest: 1, fastest: 20, pause: .zero), seed: seed)
        scenario.radio = .contended
        // ns-3's RangePropagationLossModel: all in range are equally strong. Spread over eleven
        // chips, a frame of 2 Mbit/s survives one other of its strength.
        scenario.radio.pathLossExponent = 0
        scenario.radio.captureRatio = 1
        scenario.radio.resolution = nil
        for flow in 0..<10 {
            scenario.flows.append(
                .init(
                    from: flow, to: 49 - flow, start: .zero + .milliseconds(10_000 + 10 * flow),
                    stop: .zero + .seconds(58), every: .milliseconds(250)))
        }
        return scenario
    }

    /// Where each node of the mobile scenario is every 100 ms, a line each, for ns-3 to repeat.
    static func places(_ seed: UInt64) {
        let scenario = mobile(seed)
        var terrain = Terrain(scenario)
        for step in 0...600 {
            terrain.move(to: .zero + .milliseconds(100 * step))
            for (node, place) in terrain.positions.enumerated() {
                print(Double(step) / 10, node, place.x, place.y)
            }
        }
    }

    static func run(_ name: String, _ seed: UInt64) {
        guard let name = RoutingProtocolName(rawValue: name) else { return }
        switch name {
        case .aodv:
            run(mobile(seed), name) { address, seed, now in
                var settings = AODVSettings()
                settings.usesHellos = false
                settings.destinationOnly = true
                return AODV(address: address, settings: settings, seed: seed, at: now)
            }
        case .olsr: run(mobile(seed), name) { OLSR(address: $0, seed: $1, at: $2) }
        case .dsr: run(mobile(seed), name) { DSR(address: $0, seed: $1, at: $2) }
        case .flooding:
            run(mobile(seed), name) { address, seed, _ in Flooding(address: address, seed: seed) }
        }
    }

    /// AODV with the settings of ns-3's: neighbours are watched by Hellos, anybody may answer and
    /// tells the destination, nothing is repaired on the way, and addresses are asked for.
    static func hellos(_ seed: UInt64) {
        var scenario = mobile(seed)
        scenario.radio.resolution = AddressResolution()
        scenario.radio.tellsOfLosses = false
        run(scenario, .aodv) { address, seed, now in
            var settings = AODVSettings()
            settings.gratuitousReplies = true
            settings.repairsLocally = false
            return AODV(address: address, settings: settings, seed: seed, at: now)
        }
    }

    static func run<E: RoutingProtocolEngine>(
        _ scenario: Scenario, _ name: RoutingProtocolName,
        make: @escaping @Sendable (RouterAddress, UInt64, Instant) -> E
    ) {
        let start = cpu()
        var run = RadioSimulation(scenario, make: make)
        run.run()
        let time = cpu() - start
        let metrics = run.metrics
        print(
            "{\"simulator\":\"kos\",\"protocol\":\"\(name.rawValue)\",\"seed\":\(scenario.seed),"
                + "\"sent\":\(metrics.dataSent),\"received\":\(metrics.dataDelivered),"
                + "\"ratio\":\(metrics.deliveryRatio),\"cpuSeconds\":\(time),"
                + "\"events\":\(metrics.events),\"losses\":\(losses(metrics)),"
                + "\"trace\":\(run.trace.value)}")
    }

    /// What became of what did not arrive, as a JSON object.
    static func losses(_ metrics: RadioMetrics) -> String {
        var parts = metrics.dropped.map { "\"\($0.key)\":\($0.value)" }.sorted()
        parts.append("\"unacknowledged\":\(metrics.unacknowledged)")
        parts.append("\"unresolved\":\(metrics.unresolved)")
        parts.append("\"queue\":\(metrics.queueDrops)")
        return "{\(parts.joined(separator: ","))}"
    }

    struct Pinger: Engine {
        enum Input: Sendable { case frame([UInt8], Int), up(Int) }
        enum Output: Sendable { case transmit([UInt8], Int) }
        var nextDeadline: Instant? = Instant(nanoseconds: 1)
        var links: [Int] = []
        var heard = 0

        mutating func handle(_ input: Input, at now: Instant, into outputs: inout [Output]) {
            switch input {
            case .up(let link): links.append(link)
            case .frame(let bytes, let link):
                heard &+= 1
                if heard % 2 == 0 { outputs.append(.transmit(bytes, link)) }
            }
        }

        mutating func advance(to now: Instant, into outputs: inout [Output]) {
            for link in links { outputs.append(.transmit([1, 2, 3, 4, 5, 6, 7, 8], link)) }
            nextDeadline = now + .milliseconds(100)
        }
    }

    static func events() {
        let wiring = Wiring<Pinger>(
            transmission: {
                if case .transmit(let bytes, let link) = $0 { .init(bytes, on: link) } else { nil }
            }, received: { .frame($0, $1) }, linkUp: { link, _, _ in .up(link) })
        var simulator = Simulator<Pinger>(seed: 1, wiring: wiring)
        for _ in 0..<100 { simulator.add(Pinger()) }
        let netem = Netem(latency: .milliseconds(3), jitter: .milliseconds(1), loss: 0.01)
        for node in 0..<100 {
            simulator.connect(node, (node + 1) % 100, by: netem)
            simulator.connect(node, (node + 10) % 100, by: .ideal)
        }
        let start = cpu()
        simulator.run(for: .seconds(300))
        let time = cpu() - start
        let rate = Double(simulator.counts.events) / time
        print(
            "{\"name\":\"events\",\"events\":\(simulator.counts.events),\"perCPUSecond\":\(rate)}")
    }

    static func rate(_ name: String, _ body: () -> Int) {
        var sum = 0
        let start = cpu()
        for _ in 0..<2_000_000 { sum &+= body() }
        let rate = 2e6 / (cpu() - start)
        print("{\"name\":\"\(name)\",\"perCPUSecond\":\(rate),\"check\":\(sum)}")
    }

    static func codecs() {
        let a = RouterAddress(10, 0, 0, 1)
        let aodv = AODVMessage.request(
            .init(
                id: 1, destination: a, destinationSequence: 3, originator: a, originatorSequence: 3)
        )
        let aodvOctets = aodv.octets
        rate("aodv-decode") { (try? AODVMessage(aodvOctets.span)) == nil ? 0 : 1 }
        rate("aodv-encode") { aodv.octets.count }
        let olsr = OLSRPacket(
            sequence: 1,
            messages: [
                OLSRMessage(
                    validity: 3, originator: a, ttl: 255, sequence: 1,
                    body: .topologyControl(.init(sequence: 1, advertised: [a, a, a, a])))
            ])
        let olsrOctets = olsr.octets
        rate("olsr-decode") { (try? OLSRPacket(olsrOctets.span)) == nil ? 0 : 1 }
        rate("olsr-encode") { olsr.octets.count }
        let dsr = DSRHeader(options: [.sourceRoute(.init(route: [a, a, a]))])
        let dsrOctets = dsr.octets
        rate("dsr-decode") {
            var length = 0
            return (try? DSRHeader(dsrOctets.span, length: &length)) == nil ? 0 : length
        }
        rate("dsr-encode") { dsr.octets.count }
    }

    /// A thousand nodes under OLSR for a minute.
    static func big() {
        var scenario = Scenario.random(
            1000, width: 4000, height: 4000, range: 250, mobility: .fixed, seed: 2)
        scenario.duration = .seconds(60)
        let start = cpu()
        let run = ScenarioRun(.olsr, in: scenario)
        print(
            "{\"name\":\"olsr-1000\",\"virtualSeconds\":60,\"cpuSeconds\":\(cpu() - start),"
                + "\"events\":\(run.metrics.events)}")
    }

    /// Octets by which the process grows for each of many engines that know nobody.
    static func memory() {
        var engines: [any RoutingProtocolEngine] = []
        // What is resident now: the peak that getrusage tells includes that of whoever started us.
        func resident() -> Int {
            var pages = [0, 0]
            guard let file = fopen("/proc/self/statm", "r") else { return 0 }
            defer { fclose(file) }
            var text = [CChar](repeating: 0, count: 64)
            if fgets(&text, Int32(text.count), file) != nil {
                let read = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
                let words = String(decoding: read, as: UTF8.self).split(separator: " ")
                pages = words.prefix(2).map { Int($0) ?? 0 }
            }
            return (pages.last ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
        }
        engines.reserveCapacity(80_000)
        func each(_ make: (RouterAddress) -> any RoutingProtocolEngine) -> Int {
            let before = resident()
            for node in 0..<20_000 { engines.append(make(Scenario.address(node))) }
            return (resident() - before) / 20_000
        }
        let sizes = [
            "\"aodv\":\(each { AODV(address: $0, seed: 1) })",
            "\"dsr\":\(each { DSR(address: $0, seed: 1) })",
            "\"olsr\":\(each { OLSR(address: $0, seed: 1) })",
            "\"flooding\":\(each { Flooding(address: $0, seed: 1) })",
        ]
        print("{\"name\":\"memory\",\(sizes.joined(separator: ","))}")
    }

    /// Static connected grids without collisions: everything arrives.
    static func grid() {
        for name in RoutingProtocolName.allCases {
            var scenario = Scenario.grid(10, 5)
            scenario.duration = .seconds(90)
            for flow in 0..<10 {
                scenario.flows.append(
                    .init(
                        from: flow, to: 49 - flow, start: .zero + .seconds(40),
                        stop: .zero + .seconds(80), every: .milliseconds(250)))
            }
            let ratio = ScenarioRun(name, in: scenario).metrics.deliveryRatio
            print(
                "{\"name\":\"grid\",\"protocol\":\"\(name.rawValue)\",\"ratio\":\(ratio)}")
        }
    }

    /// One AODV discovery among ten thousand nodes.
    static func discover() {
        var scenario = Scenario.grid(100, 100)
        scenario.duration = .seconds(25)
        scenario.flows = [
            .init(from: 0, to: 2014, start: .zero, stop: .zero + .seconds(1), every: .seconds(1))
        ]
        let start = cpu()
        let run = ScenarioRun(.aodv, in: scenario)
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        print(
            "{\"name\":\"aodv-10000\",\"cpuSeconds\":\(cpu() - start),"
                + "\"discoveryMilliseconds\":\(run.metrics.discoveryMilliseconds(1) ?? -1),"
                + "\"delivered\":\(run.metrics.dataDelivered),\"peakMB\":\(usage.ru_maxrss / 1024)}"
        )
    }
}
