package import KosCore

/// A scenario as a record describes it, with the names of its nodes.
package struct ScenarioPlan: Sendable {
    package let names: [NodeID]
    package private(set) var scenario: Scenario

    /// `links`, by number those that hear each of `named`: the radio does not matter then.
    package init(
        _ record: ScenarioRecord, named: [NodeID] = [], links: [[Int]] = []
    ) throws(RecordError) {
        let seed = UInt64(record.seed ?? 1)
        var names = named
        for place in record.places where !names.contains(place.nodeId) {
            names.append(place.nodeId)
        }
        let fresh = (0..<(record.nodes ?? 0)).compactMap { NodeID("n\($0)") }
        let known = Set(names)
        names += fresh.filter { !known.contains($0) }
        guard !names.isEmpty else { throw .member("nodes", "is missing, and so are places") }
        guard names.count <= ScenarioRecord.maxNodes else {
            throw .member("nodes", "are more than \(ScenarioRecord.maxNodes)")
        }
        self.names = names
        let hasLinks = links.contains { !$0.isEmpty }
        scenario = Scenario(
            positions: ScenarioPlan.places(names, record, seed, isRing: hasLinks),
            reach: hasLinks
                ? .links(links + Array(repeating: [], count: max(0, names.count - links.count)))
                : .range(record.range))
        scenario.seed = seed
        scenario.duration = .nanoseconds(Int64((record.durationMs ?? 60_000) * 1e6))
        scenario.width = record.width
        scenario.height = record.height
        scenario.mobility = hasLinks ? .fixed : ScenarioPlan.mobility(record)
        scenario.radio = record.collisions ? .contended : RadioModel()
        scenario.radio.captureRatio = hasLinks ? nil : record.captureRatio
        scenario.radio.loss = record.loss
        if let rate = record.bitsPerSecond { scenario.radio.bitsPerSecond = rate }
        let index = Dictionary(
            names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        try addTraffic(record, index, seed)
        for fault in record.faults { scenario.faults.append(try ScenarioPlan.fault(fault, index)) }
    }

    private static func places(
        _ names: [NodeID], _ record: ScenarioRecord, _ seed: UInt64, isRing: Bool
    ) -> [PlanePosition] {
        let given = Dictionary(
            record.places.map { ($0.nodeId, PlanePosition(x: $0.x, y: $0.y)) },
            uniquingKeysWith: { _, last in last })
        var dice = SplitMix64(seed: seed ^ 0x504C_4143_4553)
        let columns = max(1, Int(Double(names.count).squareRoot().rounded(.up)))
        return names.enumerated().map { number, name in
            if let place = given[name] { return place }
            if isRing { return ring(number, of: names.count, record) }
            if record.placement == .grid {
                let step = record.width / Double(columns)
                return PlanePosition(
                    x: (Double(number % columns) + 0.5) * step,
                    y: (Double(number / columns) + 0.5) * record.height / Double(columns))
            }
            return PlanePosition(x: dice.unit() * record.width, y: dice.unit() * record.height)
        }
    }

    /// Nodes of which only the links are known stand along the edge of a square: a place to draw
    /// them.
    private static func ring(_ number: Int, of count: Int, _ record: ScenarioRecord)
        -> PlanePosition
    {
        let along = 4 * Double(number) / Double(max(1, count))
        let part = along - along.rounded(.down)
        let (x, y) =
            switch Int(along) {
            case 0: (part, 0.0)
            case 1: (1.0, part)
            case 2: (1 - part, 1.0)
            default: (0.0, 1 - part)
            }
        return PlanePosition(
            x: (0.1 + 0.8 * x) * record.width, y: (0.1 + 0.8 * y) * record.height)
    }

    private static func mobility(_ record: ScenarioRecord) -> Scenario.Mobility {
        let pause = Duration.nanoseconds(Int64(record.pauseMs * 1e6))
        return switch record.mobility {
        case .fixed: .fixed
        case .waypoint:
            .randomWaypoint(slowest: record.minSpeed, fastest: record.maxSpeed, pause: pause)
        case .grid:
            .streets(
                spacing: record.street, slowest: record.minSpeed, fastest: record.maxSpeed,
                pause: pause)
        }
    }

    private static func fault(
        _ fault: ScenarioRecord.TimedFault, _ index: [NodeID: Int]
    ) throws(RecordError) -> Scenario.TimedFault {
        let node = try find(fault.node, index)
        let other = try fault.other.map { name throws(RecordError) in try find(name, index) }
        let time = Instant.zero + .nanoseconds(Int64(fault.atMs * 1e6))
        return switch fault.fault {
        case .crash: Scenario.TimedFault(at: time, .crash(node))
        case .restart: Scenario.TimedFault(at: time, .restart(node))
        case .cut: Scenario.TimedFault(at: time, .cut(node, other ?? node))
        case .join: Scenario.TimedFault(at: time, .join(node, other ?? node))
        }
    }

    private static func find(_ name: NodeID, _ index: [NodeID: Int]) throws(RecordError) -> Int {
        guard let number = index[name] else { throw .member("\(name)", "is no node of it") }
        return number
    }

    private mutating func addTraffic(
        _ record: ScenarioRecord, _ index: [NodeID: Int], _ seed: UInt64
    ) throws(RecordError) {
        func time(_ milliseconds: Double) -> Instant {
            .zero + .nanoseconds(Int64(milliseconds * 1e6))
        }
        let end = Instant.zero + scenario.duration
        for flow in record.flows {
            scenario.flows.append(
                Scenario.Flow(
                    from: try ScenarioPlan.find(flow.source, index),
                    to: try ScenarioPlan.find(flow.destination, index), start: time(flow.startMs),
                    stop: flow.stopMs.map(time) ?? end,
                    every: .nanoseconds(Int64(flow.intervalMs * 1e6)), octets: flow.bytes))
        }
        let wanted = record.traffic ?? (record.flows.isEmpty ? min(10, names.count / 2) : 0)
        guard names.count > 1 else { return }
        var dice = SplitMix64(seed: seed ^ 0x464C_4F57)
        // Proactive protocols are given a sixth of the time to find themselves.
        let start = Instant.zero + .nanoseconds(scenario.duration.nanoseconds / 6)
        for number in 0..<wanted {
            let source = Int(dice.next() % UInt64(names.count))
            let hop = 1 + Int(dice.next() % UInt64(names.count - 1))
            scenario.flows.append(
                Scenario.Flow(
                    from: source, to: (source + hop) % names.count,
                    start: start + .milliseconds(Int64(10 * number)),
                    stop: .zero + .nanoseconds(scenario.duration.nanoseconds / 30 * 29),
                    every: .milliseconds(250)))
        }
    }

    /// What `run` came to, as records: its seconds, then the whole.
    package func records(
        of run: ScenarioRun, name: String?
    ) -> (samples: [SimulationSampleRecord], whole: SimulationRecord) {
        let metrics = run.metrics
        func rounded(_ value: Double) -> Double { (value * 1e6).rounded() / 1e6 }
        let samples = metrics.samples.map {
            SimulationSampleRecord(
                algorithm: run.name.rawValue, atMs: ($0.time - .zero).milliseconds,
                connectivity: rounded($0.connectivity), availability: rounded($0.availability),
                delivered: $0.delivered)
        }
        var whole = SimulationRecord(
            algorithm: run.name.rawValue, seed: Int(truncatingIfNeeded: scenario.seed),
            nodes: names.count, durationMs: scenario.duration.milliseconds)
        whole.scenario = name
        whole.sent = metrics.dataSent
        whole.delivered = metrics.dataDelivered
        whole.delayMs = ScenarioPlan.percentiles(metrics.delays)
        whole.meanHops = metrics.hops.isEmpty ? nil : rounded(metrics.meanHops)
        whole.controlFrames = metrics.controlFrames
        whole.controlBytes = metrics.controlOctets
        whole.dataFrames = metrics.dataFrames
        whole.dataBytes = metrics.dataOctets
        whole.discoveries = metrics.discoveryTimes.count
        whole.discoveryMs = ScenarioPlan.percentiles(metrics.discoveryTimes)
        let count = Double(max(1, samples.count))
        if !samples.isEmpty {
            whole.connectivity = rounded(samples.reduce(0) { $0 + $1.connectivity } / count)
            whole.availability = rounded(samples.reduce(0) { $0 + $1.availability } / count)
        }
        whole.collisions = metrics.collisions
        for (reason, number) in metrics.dropped { whole.dropped[reason.rawValue] = number }
        let byLink = [
            "unacknowledged": metrics.unacknowledged, "unresolved": metrics.unresolved,
            "queue-full": metrics.queueDrops,
        ]
        for (reason, number) in byLink where number > 0 { whole.dropped[reason] = number }
        whole.events = metrics.events
        whole.trace = run.trace.value
        return (samples, whole)
    }

    private static func percentiles(_ values: [Int64]) -> SimulationRecord.Percentiles? {
        func at(_ share: Double) -> Double? {
            RadioMetrics.percentile(values, share).map { (Double($0) / 1e3).rounded() / 1e3 }
        }
        guard let median = at(0.5), let p95 = at(0.95), let p99 = at(0.99), let most = at(1) else {
            return nil
        }
        return SimulationRecord.Percentiles(median: median, p95: p95, p99: p99, max: most)
    }
}
