/// `--follow`: answers anew when a change of a link changes an answer, in memory bounded by the
/// number of different links.
package struct RouteWatch: Sendable {
    package enum Output: Sendable {
        case route(RouteRecord)
        /// A target that had a route has none any more.
        case lost(RouteDiagnosis)
    }
    private struct Key: Hashable, Sendable {
        var ends: UInt64
        var code: UInt8
    }
    private struct Expiry: Comparable, Sendable {
        var time: Int64
        var arc: Int32
        static func < (left: Expiry, right: Expiry) -> Bool {
            (left.time, left.arc) < (right.time, right.arc)
        }
    }
    private struct Watched: Sendable {
        var target: Int32
        var arcs: [Int32] = []
        var isAnswered = false
    }

    package private(set) var survey: Survey
    private let request: RouteRequest
    private let requirements: RouteRequirements
    private var search: DynamicSearch
    private var arcs: [Key: Int32] = [:]
    private var watched: [Watched] = []
    private var isWatched: [Int32: Int] = [:]
    private var onPath: [Int32: Int] = [:]
    private var expiries = MinimumHeap<Expiry>()
    private var newest: Int64 = 0
    /// A new route is taken only when it is better by this share, while the old one holds.
    private let minGain: Double
    /// ms after which a link that was not seen again is down; nil for never.
    private let lifetime: Int64?

    /// Starts from what `survey` knows; `catchUp` applies it.
    package init(
        _ request: RouteRequest, _ survey: Survey, from source: Int32, minGain: Double,
        lifetime: Int64?
    ) {
        self.request = request
        self.survey = survey
        self.minGain = minGain
        self.lifetime = lifetime
        requirements = request.requirements(in: survey.topology)
        search = DynamicSearch(from: source)
        self.survey.isLive = true
    }

    /// Watches `target`.
    package mutating func watch(_ target: Int32) {
        guard isWatched[target] == nil, target != search.source else { return }
        isWatched[target] = watched.count
        watched.append(Watched(target: target))
    }

    /// Takes one line; what changed by it comes out.
    package mutating func take(
        _ text: borrowing Span<UInt8>, _ range: Range<Int>, at now: Timestamp,
        into outputs: inout [Output]
    ) -> Survey.Verdict {
        let nodes = survey.topology.nodeCount
        let verdict = survey.take(text, range)
        guard case .consumed = verdict else { return verdict }
        if request.wantsAll {
            for node in nodes..<survey.topology.nodeCount { watch(Int32(node)) }
        }
        catchUp(at: now, into: &outputs)
        if let gone = survey.takeDeparture() {
            for arc in search.arcs(of: gone) { change(arc, to: .infinity, now, &outputs) }
        }
        expire(now, &outputs)
        return verdict
    }

    /// Applies the link lines that the survey has and the search has not. Arc numbers are places of
    /// link lines: a line about a known link takes that link's place.
    package mutating func catchUp(at now: Timestamp, into outputs: inout [Output]) {
        while arcs.count < survey.topology.linkCount { apply(Int32(arcs.count), now, &outputs) }
    }

    // MARK: Changes

    private static func key(_ row: Topology.Row) -> Key {
        Key(
            ends: UInt64(UInt32(bitPattern: row.source)) << 32
                | UInt64(UInt32(bitPattern: row.target)),
            code: row.code & ~Topology.downBit)
    }

    /// Applies the first link line behind those that have arcs.
    private mutating func apply(_ place: Int32, _ now: Timestamp, _ outputs: inout [Output]) {
        let row = survey.topology.rows[Int(place)]
        let key = RouteWatch.key(row)
        var arc = place
        if let known = arcs[key] {
            arc = known
            guard survey.replaceLink(known, by: place) else { return }
        } else {
            arc = search.add(from: row.source, to: row.target)
            arcs[key] = arc
        }
        if let lifetime, let time = survey.topology.link(arc).time {
            newest = max(newest, time)
            expiries.push(Expiry(time: time + lifetime, arc: arc))
        }
        let isUsable =
            survey.topology.isUsable(Int(arc))
            && requirements.allows(arc, of: survey.topology)
        let weight = survey.topology.weight(
            arc, by: request.metric, weights: requirements.weights,
            minBandwidth: requirements.minBandwidth)
        change(arc, to: isUsable ? weight : .infinity, now, &outputs)
    }

    private mutating func expire(_ now: Timestamp, _ outputs: inout [Output]) {
        while let first = expiries.first, first.time < newest {
            _ = expiries.pop()
            guard let lifetime, let time = survey.topology.link(first.arc).time,
                time + lifetime <= first.time
            else { continue }
            change(first.arc, to: .infinity, now, &outputs)
        }
    }

    private mutating func change(
        _ arc: Int32, to weight: Double, _ now: Timestamp, _ outputs: inout [Output]
    ) {
        search.set(arc, to: weight)
        var touched: Set<Int> = []
        if request.wantsAll || watched.count > 8 {
            for node in search.changed { if let index = isWatched[node] { touched.insert(index) } }
        }
        // A link of an answered route whose figures changed changes the answer too.
        if onPath[arc] != nil || !search.changed.isEmpty {
            for index in watched.indices where watched.count <= 8 || onPath[arc] != nil {
                touched.insert(index)
            }
        }
        for index in touched.sorted() { review(index, arc, now, &outputs) }
    }

    private mutating func review(
        _ index: Int, _ changed: Int32, _ now: Timestamp, _ outputs: inout [Output]
    ) {
        let old = watched[index]
        guard let path = search.path(to: old.target) else {
            guard old.isAnswered else { return }
            forget(index)
            watched[index].isAnswered = false
            let topology = survey.topology
            outputs.append(
                .lost(
                    RouteDiagnosis(
                        code: .noRoute,
                        message: "the route from \(topology.name(of: search.source)) to "
                            + "\(topology.name(of: old.target)) is lost")))
            return
        }
        if path == old.arcs, old.isAnswered {
            guard path.contains(changed) else { return }
        } else if old.isAnswered, minGain > 0 {
            // The old route still holds and the new one is not enough better: nothing flaps.
            let kept = old.arcs.reduce(0) { $0 + search.weight(of: $1) }
            if kept.isFinite, search.sum(to: old.target) > kept * (1 - minGain) {
                if old.arcs.contains(changed) { answer(index, now, &outputs) }
                return
            }
        }
        forget(index)
        watched[index].arcs = path
        watched[index].isAnswered = true
        for arc in path { onPath[arc, default: 0] += 1 }
        answer(index, now, &outputs)
    }

    private mutating func forget(_ index: Int) {
        for arc in watched[index].arcs {
            let count = (onPath[arc] ?? 1) - 1
            onPath[arc] = count == 0 ? nil : count
        }
        watched[index].arcs = []
    }

    private func answer(_ index: Int, _ now: Timestamp, _ outputs: inout [Output]) {
        let path = RoutePath(
            source: search.source, target: watched[index].target, links: watched[index].arcs)
        outputs.append(
            .route(
                RouteQuery.record(
                    of: path, in: survey.topology, metric: request.metric, requirements, at: now)))
    }

    /// Whether every watched target has a route.
    package var status: (found: Int, missing: Int) {
        let found = watched.count { $0.isAnswered }
        return (found, watched.count - found)
    }
}
