package import KosCore

/// Runs one routing protocol at every node of a scenario, over a shared radio channel, in virtual
/// time.
package struct RadioSimulation<E: RoutingProtocolEngine>: Sendable {
    /// Sees every frame as it is sent.
    package typealias Tap = (Instant, HopFrame) -> Void
    /// Sees every output of an engine that is not a frame.
    package typealias Watch = (borrowing RadioSimulation<E>, Int, RoutingOutput) -> Void

    package private(set) var now = Instant.zero
    package internal(set) var metrics = RadioMetrics()
    package private(set) var terrain: Terrain
    package private(set) var trace = Fingerprint()
    let scenario: Scenario
    private let make: @Sendable (RouterAddress, UInt64, Instant) -> E
    var nodes: [RadioStation] = []
    private var engines: [E] = []
    private var heap = EventHeap()
    private var outputs: [RoutingOutput] = []
    var random: SplitMix64
    private var sentAt: [UInt64: Instant] = [:]
    private var arrived: Set<UInt64> = []
    private var visited: [UInt64: [Int: Int]] = [:]
    private var identifications: [UInt16]
    private var dead: Set<Int> = []
    /// Whether to note the way of each datagram, which also finds those that run in circles; costs
    /// a table a datagram.
    package var tracesPaths = false

    package init(
        _ scenario: Scenario, make: @escaping @Sendable (RouterAddress, UInt64, Instant) -> E
    ) {
        self.scenario = scenario
        self.make = make
        terrain = Terrain(scenario)
        random = SplitMix64(seed: scenario.seed)
        identifications = [UInt16](repeating: 0, count: scenario.nodeCount)
        for number in 0..<scenario.nodeCount {
            nodes.append(RadioStation())
            engines.append(make(Scenario.address(number), random.next(), .zero))
            arm(number)
        }
        if terrain.isMoving { push(.zero + step, RadioEvent.move, 0) }
        for (number, flow) in scenario.flows.enumerated() {
            push(flow.start, RadioEvent.traffic, number)
        }
        for (number, fault) in scenario.faults.enumerated() {
            push(fault.time, RadioEvent.fault, number)
        }
        push(.zero + .seconds(1), RadioEvent.sample, 0)
    }

    private var step: Duration { .milliseconds(100) }

    package subscript(node: Int) -> E? {
        nodes.indices.contains(node) && nodes[node].isAlive ? engines[node] : nil
    }

    mutating func push(_ time: Instant, _ kind: UInt32, _ index: Int) {
        heap.push(time, kind: kind, index: UInt32(truncatingIfNeeded: index))
    }

    // MARK: running

    /// Runs the whole scenario.
    package mutating func run(tap: Tap? = nil, watch: Watch? = nil) {
        run(until: .zero + scenario.duration, tap: tap, watch: watch)
    }

    package mutating func run(until limit: Instant, tap: Tap? = nil, watch: Watch? = nil) {
        while let entry = heap.pop(until: limit) {
            now = entry.time
            let index = Int(entry.index)
            metrics.events += 1
            trace.mix(UInt64(bitPattern: now.nanoseconds) ^ UInt64(index) << 3 ^ UInt64(entry.kind))
            switch entry.kind {
            case RadioEvent.wake: wake(index, watch)
            case RadioEvent.attempt: attempt(index, tap)
            case RadioEvent.ending: end(index, watch)
            case RadioEvent.acknowledged: acknowledged(index, watch)
            case RadioEvent.unacknowledged: conclude(index, false, watch)
            case RadioEvent.unresolved:
                if let resolution = scenario.radio.resolution { ask(index, resolution, watch) }
            case RadioEvent.question: question(index)
            case RadioEvent.move:
                terrain.move(to: now)
                push(now + step, RadioEvent.move, 0)
            case RadioEvent.traffic: emit(index, watch)
            case RadioEvent.fault: strike(scenario.faults[index].fault)
            default:
                sample()
                push(now + .seconds(1), RadioEvent.sample, 0)
            }
        }
        now = max(now, limit)
    }

    /// Hands an input to a node at the present time.
    package mutating func inject(_ input: RoutingInput, into node: Int, watch: Watch? = nil) {
        guard nodes.indices.contains(node) else { return }
        handle(input, node)
        settle(node, watch)
    }

    private mutating func handle(_ input: RoutingInput, _ node: Int) {
        guard nodes[node].isAlive else { return }
        engines[node].handle(input, at: now, into: &outputs)
    }

    private mutating func wake(_ node: Int, _ watch: Watch?) {
        guard nodes[node].wake == now else { return }
        nodes[node].wake = nil
        guard nodes[node].isAlive else { return }
        engines[node].advance(to: now, into: &outputs)
        settle(node, watch)
    }

    private mutating func arm(_ node: Int) {
        guard nodes[node].isAlive, let deadline = Self.nextDeadline(of: &engines[node]),
            deadline < .distantFuture
        else { return }
        let due = max(deadline, now)
        if let wake = nodes[node].wake, wake <= due { return }
        nodes[node].wake = due
        push(due, RadioEvent.wake, node)
    }

    /// Asked in place: a copy of an engine costs a count for each of its tables.
    private static func nextDeadline(of engine: inout E) -> Instant? { engine.nextDeadline }

    private mutating func settle(_ node: Int, _ watch: Watch?) {
        if !outputs.isEmpty {
            var acting: [RoutingOutput] = []
            swap(&acting, &outputs)
            for output in acting {
                watch?(self, node, output)
                act(on: output, node)
            }
            acting.removeAll(keepingCapacity: true)
            swap(&acting, &outputs)
        }
        arm(node)
    }

    private mutating func act(on output: RoutingOutput, _ node: Int) {
        switch output {
        case .transmit(let frame): enqueue(frame, node)
        case .deliver(let datagram): deliver(datagram)
        case .dropped(_, let reason): metrics.dropped[reason, default: 0] += 1
        case .rejected: metrics.rejected += 1
        case .discovered(_, _, let time): metrics.discoveryTimes.append(time.nanoseconds)
        case .install, .withdraw, .undiscovered: break
        }
    }

    // MARK: the channel

    mutating func hear(_ frame: LinkFrame, from sender: Int, _ node: Int, _ watch: Watch?) {
        switch frame {
        case .datagram(let frame): hear(frame, node, watch)
        case .question(let target):
            guard target == node, let resolution = scenario.radio.resolution else { return }
            learn(sender, node, resolution)
            enqueue(.answer(sender), node)
        case .answer(let target):
            guard target == node, let resolution = scenario.radio.resolution else { return }
            learn(sender, node, resolution)
        }
    }

    private mutating func hear(_ frame: HopFrame, _ node: Int, _ watch: Watch?) {
        let isMine = frame.isBroadcast || frame.receiver == Scenario.address(node)
        guard isMine || E.overhears else { return }
        metrics.events += 1
        if tracesPaths, isMine { visit(frame, node) }
        handle(isMine ? .received(frame) : .overheard(frame), node)
        settle(node, watch)
    }

    // MARK: traffic and faults

    private func key(_ datagram: Datagram) -> UInt64 {
        UInt64(datagram.source.bits) << 16 | UInt64(datagram.identification)
    }

    private mutating func emit(_ number: Int, _ watch: Watch?) {
        let flow = scenario.flows[number]
        guard now < flow.stop else { return }
        push(now + flow.interval, RadioEvent.traffic, number)
        guard nodes[flow.source].isAlive else { return }
        identifications[flow.source] &+= 1
        let datagram = Datagram(
            from: Scenario.address(flow.source), to: Scenario.address(flow.destination),
            identification: identifications[flow.source],
            payload: [UInt8](repeating: 0, count: flow.octets))
        metrics.dataSent += 1
        sentAt[key(datagram)] = now
        inject(.send(datagram), into: flow.source, watch: watch)
    }

    private mutating func deliver(_ datagram: Datagram) {
        let key = key(datagram)
        guard let sent = sentAt[key] else { return }
        guard arrived.insert(key).inserted else {
            metrics.dataDuplicated += 1
            return
        }
        metrics.dataDelivered += 1
        metrics.delays.append((now - sent).nanoseconds)
        metrics.hops.append(Int(Datagram.defaultTTL) - Int(datagram.ttl) + 1)
    }

    /// Whether a datagram carries nothing of an application's.
    func isControl(_ datagram: Datagram) -> Bool {
        switch datagram.content {
        case .data: false
        case .control: true
        case .sourceRouted: datagram.payload.first == DSRHeader.noNextHeader
        }
    }

    private mutating func visit(_ frame: HopFrame, _ node: Int) {
        let key = key(frame.datagram)
        guard !isControl(frame.datagram), sentAt[key] != nil else { return }
        if visited[key]?[node] == nil {
            visited[key, default: [:]][node] = Scenario.node(frame.sender)
        } else if !frame.isBroadcast {
            metrics.revisits += 1
        }
    }

    /// The nodes that a datagram of `source` passed on its way to `destination`, both included; nil
    /// if it did not arrive or ways are not traced.
    package func path(of identification: UInt16, from source: Int, to destination: Int) -> [Int]? {
        let key = UInt64(Scenario.address(source).bits) << 16 | UInt64(identification)
        guard let previous = visited[key] else { return nil }
        var path = [destination]
        while let last = path.last, last != source {
            guard let node = previous[last], path.count <= nodes.count else { return nil }
            path.append(node)
        }
        return path.reversed()
    }

    private mutating func strike(_ fault: Scenario.Fault) {
        switch fault {
        case .crash(let node):
            guard nodes.indices.contains(node) else { return }
            nodes[node].crash()
            dead.insert(node)
        case .restart(let node):
            guard nodes.indices.contains(node) else { return }
            nodes[node].isAlive = true
            engines[node] = make(Scenario.address(node), random.next(), now)
            dead.remove(node)
            arm(node)
        case .cut(let first, let second): terrain.setLink(first, second, isCut: true)
        case .join(let first, let second): terrain.setLink(first, second, isCut: false)
        }
    }

    private mutating func sample() {
        let alive = max(1, nodes.count - dead.count)
        var routed = 0
        for flow in scenario.flows
        where nodes[flow.source].isAlive
            && engines[flow.source].nextHop(to: Scenario.address(flow.destination)) != nil
        {
            routed += 1
        }
        metrics.samples.append(
            RadioMetrics.Sample(
                time: now,
                connectivity: Double(terrain.largestComponent(without: dead)) / Double(alive),
                availability: scenario.flows.isEmpty
                    ? 1 : Double(routed) / Double(scenario.flows.count),
                delivered: metrics.dataDelivered))
    }
}
