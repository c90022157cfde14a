package import KosCore

/// A place in the plane, in metres.
package struct PlanePosition: Hashable, Sendable {
    package var x: Double
    package var y: Double

    package init(x: Double, y: Double) {
        self.x = x
        self.y = y
    }

    package func squaredDistance(to other: PlanePosition) -> Double {
        (x - other.x) * (x - other.x) + (y - other.y) * (y - other.y)
    }
}

/// What happens in a simulated radio network: who stands and moves where, who hears whom, who sends
/// what to whom, and what breaks. A value: equal scenarios run equally.
package struct Scenario: Sendable {
    package enum Mobility: Hashable, Sendable {
        case fixed
        /// Each node walks straight to a random point of the area, waits there, and goes on.
        case randomWaypoint(slowest: Double, fastest: Double, pause: Duration)
        /// Each node walks along streets that stand in a grid, and takes one at random at every
        /// crossing (the Manhattan model).
        case streets(spacing: Double, slowest: Double, fastest: Double, pause: Duration)
    }

    /// Who hears whom.
    package enum Reach: Hashable, Sendable {
        /// Everybody within so many metres.
        case range(Double)
        /// The links of a topology, by node number, each way by itself.
        case links([[Int]])
    }

    package struct Flow: Hashable, Sendable {
        package var source: Int
        package var destination: Int
        package var start: Instant
        package var stop: Instant
        package var interval: Duration
        package var octets: Int

        package init(
            from source: Int, to destination: Int, start: Instant, stop: Instant,
            every interval: Duration, octets: Int = 64
        ) {
            self.source = source
            self.destination = destination
            self.start = start
            self.stop = stop
            self.interval = interval
            self.octets = octets
        }
    }

    package enum Fault: Hashable, Sendable {
        case crash(Int)
        case restart(Int)
        case cut(Int, Int)
        case join(Int, Int)
    }

    package struct TimedFault: Hashable, Sendable {
        package var time: Instant
        package var fault: Fault

        package init(at time: Instant, _ fault: Fault) {
            self.time = time
            self.fault = fault
        }
    }

    package var seed: UInt64 = 1
    package var duration: Duration = .seconds(60)
    package var positions: [PlanePosition]
    package var width = 1000.0
    package var height = 1000.0
    package var mobility = Mobility.fixed
    package var reach: Reach
    package var radio = RadioModel()
    package var flows: [Flow] = []
    package var faults: [TimedFault] = []

    package init(positions: [PlanePosition], reach: Reach) {
        self.positions = positions
        self.reach = reach
    }

    package var nodeCount: Int { positions.count }

    /// 10.0.0.1 for node 0 and so on.
    package static func address(_ node: Int) -> RouterAddress {
        RouterAddress(0x0A00_0001 &+ UInt32(truncatingIfNeeded: node))
    }

    package static func node(_ address: RouterAddress) -> Int {
        Int(address.bits &- 0x0A00_0001)
    }

    /// `columns` × `rows` nodes, `spacing` metres apart, hearing their four neighbours.
    package static func grid(_ columns: Int, _ rows: Int, spacing: Double = 100) -> Scenario {
        let places = (0..<max(0, rows * columns)).map {
            PlanePosition(x: Double($0 % columns) * spacing, y: Double($0 / columns) * spacing)
        }
        return Scenario(positions: places, reach: .range(spacing * 1.1))
    }

    /// A row of nodes, each hearing the next.
    package static func line(_ count: Int) -> Scenario { grid(max(1, count), 1) }

    /// `count` nodes at random in an area, walking as `mobility` says.
    package static func random(
        _ count: Int, width: Double, height: Double, range: Double, mobility: Mobility, seed: UInt64
    ) -> Scenario {
        var dice = SplitMix64(seed: seed ^ 0x504C_4143_4553)
        let places = (0..<count).map { _ in
            PlanePosition(x: dice.unit() * width, y: dice.unit() * height)
        }
        var scenario = Scenario(positions: places, reach: .range(range))
        scenario.seed = seed
        scenario.width = width
        scenario.height = height
        scenario.mobility = mobility
        return scenario
    }
}
