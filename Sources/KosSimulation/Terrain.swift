package import KosCore

/// Where nodes are and whom they reach, as time goes on.
package struct Terrain: Sendable {
    private struct Walker: Sendable {
        var from: PlanePosition
        var to: PlanePosition
        var leaves: Instant
        var arrives: Instant
    }

    package private(set) var positions: [PlanePosition]
    /// Who hears whom, by node; sorted.
    package private(set) var neighbours: [[Int]]
    private var walkers: [Walker] = []
    private var cuts: Set<UInt64> = []
    private var random: SplitMix64
    private let scenario: Scenario

    package init(_ scenario: Scenario) {
        self.scenario = scenario
        positions = scenario.positions
        neighbours = []
        random = SplitMix64(seed: scenario.seed ^ 0x5741_4C4B)
        if scenario.mobility != .fixed {
            if case .streets(let spacing, _, _, _) = scenario.mobility {
                for node in positions.indices {
                    positions[node] = crossing(nearest: positions[node], spacing)
                }
            }
            for place in positions {
                walkers.append(Walker(from: place, to: place, leaves: .zero, arrives: .zero))
            }
            for node in walkers.indices { setOut(node, at: .zero) }
        }
        findNeighbours()
    }

    package var isMoving: Bool { !walkers.isEmpty }

    package mutating func move(to now: Instant) {
        guard isMoving else { return }
        for node in walkers.indices {
            var steps = 0
            while walkers[node].arrives <= now, steps < 16 {
                setOut(node, at: walkers[node].arrives)
                steps += 1
            }
            let walker = walkers[node]
            let whole = Double((walker.arrives - walker.leaves).nanoseconds)
            let part = Double((now - walker.leaves).nanoseconds)
            let share = whole > 0 ? min(1, max(0, part / whole)) : 1
            positions[node] = PlanePosition(
                x: walker.from.x + (walker.to.x - walker.from.x) * share,
                y: walker.from.y + (walker.to.y - walker.from.y) * share)
        }
        findNeighbours()
    }

    package mutating func setLink(_ first: Int, _ second: Int, isCut: Bool) {
        for key in [pair(first, second), pair(second, first)] {
            if isCut { cuts.insert(key) } else { cuts.remove(key) }
        }
        findNeighbours()
    }

    private func pair(_ first: Int, _ second: Int) -> UInt64 {
        UInt64(UInt32(truncatingIfNeeded: first)) << 32 | UInt64(UInt32(truncatingIfNeeded: second))
    }

    private mutating func setOut(_ node: Int, at now: Instant) {
        let from = walkers[node].to
        let to: PlanePosition
        let slowest, fastest: Double
        let pause: Duration
        switch scenario.mobility {
        case .fixed: return
        case .randomWaypoint(let least, let most, let wait):
            (slowest, fastest, pause) = (least, most, wait)
            to = PlanePosition(
                x: random.unit() * scenario.width, y: random.unit() * scenario.height)
        case .streets(let spacing, let least, let most, let wait):
            (slowest, fastest, pause) = (least, most, wait)
            to = nextCrossing(from: from, spacing)
        }
        let speed = max(0.01, slowest + (fastest - slowest) * random.unit())
        let leaves = now == .zero ? now : now + pause
        let seconds = from.squaredDistance(to: to).squareRoot() / speed
        let arrives = leaves + .nanoseconds(Int64(min(seconds, 1e6) * 1e9) + 1)
        walkers[node] = Walker(from: from, to: to, leaves: leaves, arrives: arrives)
    }

    private func crossing(nearest place: PlanePosition, _ spacing: Double) -> PlanePosition {
        func street(_ value: Double, within extent: Double) -> Double {
            let last = (extent / spacing).rounded(.down)
            return min(last, max(0, (value / spacing).rounded())) * spacing
        }
        return PlanePosition(
            x: street(place.x, within: scenario.width),
            y: street(place.y, within: scenario.height))
    }

    /// One of the crossings next to `place`, each as likely as the others.
    private mutating func nextCrossing(
        from place: PlanePosition, _ spacing: Double
    ) -> PlanePosition {
        let around = [(spacing, 0), (-spacing, 0), (0, spacing), (0, -spacing)].map {
            PlanePosition(x: place.x + $0.0, y: place.y + $0.1)
        }.filter { crossing(nearest: $0, spacing).squaredDistance(to: $0) < 1e-6 }
        return around.randomElement(using: &random) ?? place
    }

    private mutating func findNeighbours() {
        switch scenario.reach {
        case .links(let lists): neighbours = lists
        case .range(let range): neighbours = within(range)
        }
        guard !cuts.isEmpty else { return }
        for node in neighbours.indices {
            neighbours[node] = neighbours[node].filter { !cuts.contains(pair(node, $0)) }
        }
    }

    /// Pairs within `range`, found by cells of that size.
    private func within(_ range: Double) -> [[Int]] {
        var found = [[Int]](repeating: [], count: positions.count)
        guard range > 0 else { return found }
        let columns = max(1, Int((scenario.width / range).rounded(.up)) + 1)
        var cells: [Int: [Int]] = [:]
        func cell(_ place: PlanePosition) -> (Int, Int) {
            (Int((place.x / range).rounded(.down)), Int((place.y / range).rounded(.down)))
        }
        let limit = range * range
        if positions.count <= 128 {
            for first in positions.indices {
                for second in positions.indices where second > first {
                    if positions[first].squaredDistance(to: positions[second]) <= limit {
                        found[first].append(second)
                        found[second].append(first)
                    }
                }
            }
            return found
        }
        let stride = max(columns, 1 << 20)
        for node in positions.indices {
            let (column, row) = cell(positions[node])
            cells[row * stride + column, default: []].append(node)
        }
        for node in positions.indices {
            let (column, row) = cell(positions[node])
            for dy in -1...1 {
                for dx in -1...1 {
                    for other in cells[(row + dy) * stride + column + dx] ?? []
                    where other != node
                        && positions[node].squaredDistance(to: positions[other]) <= limit
                    { found[node].append(other) }
                }
            }
            found[node].sort()
        }
        return found
    }

    /// The nodes of the largest connected part, links taken both ways.
    package func largestComponent(without dead: Set<Int> = []) -> Int {
        components(without: dead).map(\.count).max() ?? 0
    }

    package func components(without dead: Set<Int> = []) -> [[Int]] {
        var seen = dead
        var parts: [[Int]] = []
        for start in neighbours.indices where !seen.contains(start) {
            seen.insert(start)
            var part = [start]
            var next = 0
            while next < part.count {
                for other in neighbours[part[next]] where seen.insert(other).inserted {
                    part.append(other)
                }
                next += 1
            }
            parts.append(part)
        }
        return parts
    }
}
