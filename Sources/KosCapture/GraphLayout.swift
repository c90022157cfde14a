/// Places of a graph's nodes on a unit square: forces between them (Fruchterman and Reingold 1991),
/// the same places for the same graph.
struct GraphLayout {
    private(set) var places: [(x: Double, y: Double)]

    init(nodes: Int, links: [(Int, Int)]) {
        places = []
        // Points of a sunflower: each one turned by the golden angle.
        var direction = (x: 1.0, y: 0.0)
        let (cosine, sine) = (-0.737368878078320, 0.675490294261524)
        for index in 0..<nodes {
            let radius = 0.45 * (Double(index + 1) / Double(max(1, nodes))).squareRoot()
            places.append((0.5 + radius * direction.x, 0.5 + radius * direction.y))
            direction = (
                direction.x * cosine - direction.y * sine,
                direction.x * sine + direction.y * cosine
            )
        }
        guard nodes > 1 else { return }
        let ideal = (0.6 / Double(nodes)).squareRoot()
        let steps = nodes > 200 ? 40 : 200
        for step in 0..<steps {
            let reach = 0.1 * (1 - Double(step) / Double(steps))
            settle(links, ideal: ideal, reach: reach)
        }
        fit()
    }

    private mutating func settle(_ links: [(Int, Int)], ideal: Double, reach: Double) {
        var moves = [(x: Double, y: Double)](repeating: (0, 0), count: places.count)
        func apart(_ one: Int, _ two: Int) -> (x: Double, y: Double, length: Double) {
            let x = places[one].x - places[two].x
            let y = places[one].y - places[two].y
            return (x, y, max(1e-4, (x * x + y * y).squareRoot()))
        }
        for one in places.indices {
            for two in places.indices where two != one {
                let way = apart(one, two)
                let force = ideal * ideal / (way.length * way.length)
                moves[one].x += way.x * force
                moves[one].y += way.y * force
            }
        }
        for (one, two) in links where one != two {
            let way = apart(one, two)
            let force = way.length / ideal
            moves[one].x -= way.x * force
            moves[one].y -= way.y * force
            moves[two].x += way.x * force
            moves[two].y += way.y * force
        }
        for index in places.indices {
            let move = moves[index]
            let length = max(1e-9, (move.x * move.x + move.y * move.y).squareRoot())
            let share = min(length, reach) / length
            places[index].x += move.x * share
            places[index].y += move.y * share
        }
    }

    /// Stretches the drawing over the square, with a margin.
    private mutating func fit() {
        let (xs, ys) = (places.map(\.x), places.map(\.y))
        guard let left = xs.min(), let right = xs.max(), let top = ys.min(), let bottom = ys.max()
        else { return }
        let scale = 0.88 / max(1e-6, max(right - left, bottom - top))
        for index in places.indices {
            places[index].x = 0.5 + (places[index].x - (left + right) / 2) * scale
            places[index].y = 0.5 + (places[index].y - (top + bottom) / 2) * scale
        }
    }
}
