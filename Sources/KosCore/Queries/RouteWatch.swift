/// `--follow`: answers anew when a change of a link changes an answer, in memory bounded by the
/// number of different links.
///
/// A plain shortest path is kept as links change and nothing else is looked at. Any other question
/// is asked anew when a change may have changed its answer: at each change on a small topology,
/// else when `settle` is called.
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
    struct Watched: Sendable {
        var target: Int32
        var arcs: [Int32] = []
        var isAnswered = false
        /// What was answered last to a question that is no plain shortest path.
        var records: [RouteRecord] = []
        var shortage: String?
    }

    package private(set) var survey: Survey
    let request: RouteRequest
    private(set) var requirements: RouteRequirements
    let protocols: ProtocolRun?
    let source: Int32
    private let isIncremental: Bool
    private var search: DynamicSearch
    private var arcs: [Key: Int32] = [:]
    var watched: [Watched] = []
    /// Place among the watched by node, −1 for those that nobody watches.
    private var places: [Int32] = []
    /// How many answers use a link line.
    private var uses: [Int32: Int] = [:]
    private var expiries = MinimumHeap<Expiry>()
    private var newest: Int64 = 0
    private var isDirty = false
    /// A new route is taken only when it is better by this share, while the old one holds.
    let minGain: Double
    /// ms after which a link that was not seen again is down; nil for never.
    private let lifetime: Int64?

    /// Link lines up to which every change is followed by a search at once.
    private static let eager = 4096

    /// Starts from what `survey` knows; `catchUp` applies it.
    package init(
        _ request: RouteRequest, _ survey: Survey, from source: Int32, minGain: Double,
        lifetime: Int64?, protocols: ProtocolRun? = nil
    ) {
        self.request = request
        self.survey = survey
        self.source = source
        self.minGain = minGain
        self.lifetime = lifetime
        self.protocols = protocols
        isIncremental = request.isPlain
        requirements = request.requirements(in: survey.topology)
        search = DynamicSearch(from: source)
        self.survey.isLive = true
    }

    /// Watches `target`.
    package mutating func watch(_ target: Int32) {
        guard target != source else { return }
        while places.count <= Int(target) { places.append(-1) }
        guard places[Int(target)] < 0 else { return }
        places[Int(target)] = Int32(watched.count)
        watched.append(Watched(target: target))
        isDirty = true
    }

    /// Takes one line; what changed by it comes out.
    package mutating func take(
        _ text: borrowing Span<UInt8>, _ range: Range<Int>, at now: Timestamp,
        into outputs: inout [Output]
    ) -> Survey.Verdict {
        let nodes = survey.topology.nodeCount
        let verdict = survey.take(text, range)
        guard case .consumed = verdict else { return verdict }
        if survey.topology.nodeCount > nodes { meet(nodes..<survey.topology.nodeCount) }
        catchUp(at: now, into: &outputs)
        if let gone = survey.takeDeparture() { drop(gone, now, &outputs) }
        expire(now, &outputs)
        if survey.topology.linkCount <= RouteWatch.eager { settle(at: now, into: &outputs) }
        return verdict
    }

    /// Applies the link lines that the survey has and the search has not. Arc numbers are places of
    /// link lines: a line about a known link takes that link's place.
    package mutating func catchUp(at now: Timestamp, into outputs: inout [Output]) {
        while arcs.count < survey.topology.linkCount { apply(Int32(arcs.count), now, &outputs) }
    }

    /// Asks anew what the changes since the last call may have changed.
    package mutating func settle(at now: Timestamp, into outputs: inout [Output]) {
        guard isDirty, !isIncremental else { return }
        isDirty = false
        reviewAll(now, &outputs)
        uses = [:]
        for each in watched { for arc in each.arcs { uses[arc, default: 0] += 1 } }
    }

    /// Nodes that were named for the first time.
    private mutating func meet(_ nodes: Range<Int>) {
        if request.wantsAll { for node in nodes { watch(Int32(node)) } }
        if !request.avoided.isEmpty || !request.via.isEmpty {
            requirements = request.requirements(in: survey.topology)
        }
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
        var mayImprove = true
        if let known = arcs[key] {
            arc = known
            let (old, cost) = (survey.topology.rows[Int(known)], survey.topology.cost(known))
            let wasUsable = survey.topology.isUsable(Int(known))
            guard survey.replaceLink(known, by: place) else { return }
            let isNoBetter =
                row.latency >= old.latency && row.reliability <= old.reliability
                && row.bandwidth <= old.bandwidth && survey.topology.cost(known) >= cost
            mayImprove = survey.topology.isUsable(Int(known)) && !(wasUsable && isNoBetter)
        } else {
            if isIncremental { _ = search.add(from: row.source, to: row.target) }
            arcs[key] = arc
            mayImprove = survey.topology.isUsable(Int(arc))
        }
        if let lifetime, let time = survey.topology.link(arc).time {
            newest = max(newest, time)
            expiries.push(Expiry(time: time + lifetime, arc: arc))
        }
        changed(arc, mayImprove: mayImprove, now, &outputs)
    }

    private mutating func expire(_ now: Timestamp, _ outputs: inout [Output]) {
        while let first = expiries.first, first.time < newest {
            _ = expiries.pop()
            guard let lifetime, let time = survey.topology.link(first.arc).time,
                time + lifetime <= first.time
            else { continue }
            survey.takeDown(first.arc)
            changed(first.arc, mayImprove: false, now, &outputs)
        }
    }

    /// Takes away the links of a node that left.
    private mutating func drop(_ gone: Int32, _ now: Timestamp, _ outputs: inout [Output]) {
        if isIncremental {
            for arc in search.arcs(of: gone) {
                survey.takeDown(arc)
                changed(arc, mayImprove: false, now, &outputs)
            }
        } else {
            let topology = survey.topology
            for arc in topology.rows.indices
            where topology.rows[arc].source == gone || topology.rows[arc].target == gone {
                survey.takeDown(Int32(arc))
            }
            isDirty = true
        }
    }

    /// What the line of `arc` says is not what it said before.
    private mutating func changed(
        _ arc: Int32, mayImprove: Bool, _ now: Timestamp, _ outputs: inout [Output]
    ) {
        guard isIncremental else {
            // A link that no answer uses and that became no better changes no answer; but what the
            // score compares with may be the bandwidth of a route over it.
            if mayImprove || uses[arc] != nil || requirements.minBandwidth == nil {
                isDirty = true
            }
            return
        }
        let topology = survey.topology
        let isUsable = topology.isUsable(Int(arc)) && requirements.allows(arc, of: topology)
        let weight = topology.weight(
            arc, by: request.metric, weights: requirements.weights,
            minBandwidth: requirements.minBandwidth)
        search.set(arc, to: isUsable ? weight : .infinity)
        var touched: Set<Int32> = []
        for node in search.changed where Int(node) < places.count && places[Int(node)] >= 0 {
            touched.insert(places[Int(node)])
        }
        // A link of an answered route whose figures changed changes the answer too.
        if uses[arc] != nil {
            for place in watched.indices where watched[place].arcs.contains(arc) {
                touched.insert(Int32(place))
            }
        }
        for place in touched.sorted() { review(Int(place), arc, now, &outputs) }
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
                        message: "the route from \(topology.name(of: source)) to "
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
        for arc in path { uses[arc, default: 0] += 1 }
        answer(index, now, &outputs)
    }

    private mutating func forget(_ index: Int) {
        for arc in watched[index].arcs {
            let count = (uses[arc] ?? 1) - 1
            uses[arc] = count == 0 ? nil : count
        }
        watched[index].arcs = []
    }

    private func answer(_ index: Int, _ now: Timestamp, _ outputs: inout [Output]) {
        let path = RoutePath(
            source: source, target: watched[index].target, links: watched[index].arcs)
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
