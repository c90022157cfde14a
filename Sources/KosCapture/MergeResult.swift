package import KosCore

/// What several captures say together.
package struct MergeResult: Sendable {
    /// Between two captures that packets pass one after the other.
    private struct Leg: Hashable, Sendable {
        let from: Int
        let to: Int
    }
    private struct Crossing: Sendable {
        var passed = 0
        var lost = 0
        var bytes = 0
        var latency = Histogram()
        var jitter = 0.0
        var last: Int64?
        var firstSeen = Int64.max
        var lastSeen = Int64.min
    }
    private struct Flow: Hashable, Sendable {
        let source: String
        let destination: String
    }
    private let merge: CaptureMerge
    /// Nanoseconds that each capture's clock is ahead of the first one's; nil when it cannot be
    /// told.
    package private(set) var offsets: [ClockOffset?]
    /// What is taken off each capture's times. Where nothing ties a clock to the first one's, its
    /// times are right among themselves and those tied to it.
    private let shifts: [Int64]
    private var usual: [Flow: [Int]] = [:]
    private var legs: [Leg: Crossing] = [:]
    /// The ways of the packets that were lost, by time.
    package private(set) var lostPaths: [PathRecord] = []
    package private(set) var delivered = 0
    package private(set) var lost = 0

    package init(_ merge: CaptureMerge) {
        self.merge = merge
        (offsets, shifts) = MergeResult.clocks(merge)
        findUsualWays()
        var found: [(Int64, PathRecord)] = []
        let sorted = merge.packets.map { ($0.key, $0.value) }.sorted {
            ($0.1.sightings.first?.hop.time ?? 0, $0.0) < (
                $1.1.sightings.first?.hop.time ?? 0, $1.0
            )
        }
        for (name, packet) in sorted {
            let path = judge(name, packet)
            switch path.outcome {
            case .delivered: delivered += 1
            case .lost:
                lost += 1
                found.append((path.steps.first?.time ?? 0, path))
            case .unknown: continue
            }
        }
        lostPaths = found.sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// The way of the packet called `name`; nil when no capture has it.
    package func path(of name: String) -> PathRecord? {
        merge.packets[name].map { record(name, $0) }
    }

    // MARK: Clocks

    /// From the first capture on, each time over the surest pair (Prim's tree).
    private static func clocks(
        _ merge: CaptureMerge
    ) -> (offsets: [ClockOffset?], shifts: [Int64]) {
        var evidence: [Leg: ClockOffset.Evidence] = [:]
        for packet in merge.packets.values {
            for (index, one) in packet.sightings.enumerated() where one.isTimed {
                for two in packet.sightings[(index + 1)...]
                where two.isTimed && two.capture != one.capture {
                    let (a, b) = one.capture < two.capture ? (one, two) : (two, one)
                    evidence[Leg(from: a.capture, to: b.capture), default: .init()].add(
                        b.hop.time &- a.hop.time, order: b.order - a.order,
                        isForward: a.isForward)
                }
            }
        }
        let pairs = evidence.compactMapValues { ClockOffset($0) }
        var found = [ClockOffset?](repeating: nil, count: merge.captures.count)
        guard !found.isEmpty else { return ([], []) }
        found[0] = ClockOffset(offset: 0, uncertainty: 0)
        var offsets: [ClockOffset?]?
        while true {
            var best: (place: Int, clock: ClockOffset)?
            for (leg, clock) in pairs {
                let (known, new, sign): (ClockOffset, Int, Int64)
                if let from = found[leg.from], found[leg.to] == nil {
                    (known, new, sign) = (from, leg.to, 1)
                } else if let to = found[leg.to], found[leg.from] == nil {
                    (known, new, sign) = (to, leg.from, -1)
                } else {
                    continue
                }
                let candidate = ClockOffset(
                    offset: known.offset &+ sign &* clock.offset,
                    uncertainty: known.uncertainty &+ clock.uncertainty)
                if best.map({ candidate.uncertainty < $0.clock.uncertainty }) ?? true {
                    best = (new, candidate)
                }
            }
            if let best {
                found[best.place] = best.clock
                continue
            }
            // What is not tied to the first clock has a root of its own.
            offsets = offsets ?? found
            guard let next = found.firstIndex(where: { $0 == nil }) else {
                return (offsets ?? found, found.map { $0?.offset ?? 0 })
            }
            found[next] = ClockOffset(offset: 0, uncertainty: 0)
        }
    }

    /// On the first capture's clock.
    private func time(_ sighting: CaptureMerge.Sighting) -> Int64 {
        sighting.hop.time &- shifts[sighting.capture]
    }

    private func ordered(_ packet: CaptureMerge.Packet) -> [CaptureMerge.Sighting] {
        packet.sightings.sorted { ($0.order, time($0)) < ($1.order, time($1)) }
    }

    // MARK: Ways

    /// The captures that a packet passed, one after the other.
    private static func way(_ sightings: [CaptureMerge.Sighting]) -> [Int] {
        var way: [Int] = []
        for sighting in sightings where way.last != sighting.capture {
            way.append(sighting.capture)
        }
        return way
    }

    /// The longest way that packets between two ends take, and of several the commonest.
    private mutating func findUsualWays() {
        var counts: [Flow: [[Int]: Int]] = [:]
        for packet in merge.packets.values {
            let flow = Flow(source: packet.source, destination: packet.destination)
            counts[flow, default: [:]][MergeResult.way(ordered(packet)), default: 0] += 1
        }
        for (flow, ways) in counts {
            usual[flow] =
                ways.max {
                    ($0.key.count, $0.value, $1.key.description)
                        < ($1.key.count, $1.value, $0.key.description)
                }?.key ?? []
        }
    }

    private mutating func judge(_ name: String, _ packet: CaptureMerge.Packet) -> PathRecord {
        let path = record(name, packet)
        let sightings = ordered(packet)
        for (one, two) in zip(sightings, sightings.dropFirst()) where one.capture != two.capture {
            cross(one, two)
        }
        if path.outcome == .lost, let last = sightings.last, path.lostBetween.count == 2,
            let next = merge.captures.firstIndex(of: path.lostBetween[1])
        {
            legs[Leg(from: last.capture, to: next), default: Crossing()].lost += 1
        }
        return path
    }

    private mutating func cross(_ one: CaptureMerge.Sighting, _ two: CaptureMerge.Sighting) {
        let leg = Leg(from: one.capture, to: two.capture)
        var crossing = legs.removeValue(forKey: leg) ?? Crossing()
        crossing.passed += 1
        crossing.bytes += two.hop.lengthBytes
        if one.isTimed, two.isTimed {
            let transit = time(two) &- time(one)
            crossing.latency.add(transit)
            // RFC 3550 §6.4.1.
            if let last = crossing.last {
                crossing.jitter += (Double((transit &- last).magnitude) - crossing.jitter) / 16
            }
            crossing.last = transit
            crossing.firstSeen = min(crossing.firstSeen, time(one))
            crossing.lastSeen = max(crossing.lastSeen, time(two))
        }
        legs[leg] = crossing
    }

    private func record(_ name: String, _ packet: CaptureMerge.Packet) -> PathRecord {
        let sightings = ordered(packet)
        var steps: [PathRecord.Step] = []
        for (index, sighting) in sightings.enumerated() {
            let before = index > 0 ? sightings[index - 1] : nil
            let isTimed = sighting.isTimed && before?.isTimed ?? false
            let since = before.map { Double(time(sighting) &- time($0)) }
            steps.append(
                PathRecord.Step(
                    capture: merge.captures[sighting.capture], from: label(sighting.hop.from),
                    to: label(sighting.hop.to), time: sighting.isTimed ? time(sighting) : nil,
                    latencyMs: isTimed ? since.map { Histogram.round($0) } : nil))
        }
        let (outcome, next) = fate(packet, sightings)
        var between: [String] = []
        if outcome == .lost, let last = sightings.last {
            between = [merge.captures[last.capture]] + (next.map { [merge.captures[$0]] } ?? [])
        }
        var whole: Double?
        if let first = sightings.first, let last = sightings.last, first.isTimed, last.isTimed {
            whole = Histogram.round(Double(time(last) &- time(first)))
        }
        return PathRecord(
            packetId: name, source: packet.source, destination: packet.destination,
            outcome: outcome, lostBetween: between, steps: steps,
            latencyMs: steps.count > 1 ? whole : nil)
    }

    private func label(_ end: HopEnd) -> String {
        merge.mesh.node(at: end).map { merge.mesh.nodes[$0].name } ?? end.address.text
    }

    /// What became of a packet, and in which capture it should have been seen next.
    private func fate(
        _ packet: CaptureMerge.Packet, _ sightings: [CaptureMerge.Sighting]
    ) -> (PathRecord.Outcome, next: Int?) {
        guard let last = sightings.last else { return (.unknown, nil) }
        if let node = merge.mesh.node(at: last.hop.to),
            merge.mesh.nodes[node].name == packet.destination
        {
            return (.delivered, nil)
        }
        let flow = Flow(source: packet.source, destination: packet.destination)
        let way = MergeResult.way(sightings)
        guard let usual = usual[flow], usual.count > 1 else { return (.unknown, nil) }
        if way == usual { return (.delivered, nil) }
        guard way.count < usual.count, usual.starts(with: way) else { return (.unknown, nil) }
        let next = usual[way.count]
        // A capture that was not running then says nothing.
        let here = last.hop.time &- shifts[last.capture] &+ shifts[next]
        guard let span = merge.spans[next], span.contains(here) else { return (.unknown, nil) }
        return (.lost, next)
    }

    // MARK: Figures

    /// One report for each leg.
    package func legReports() -> [ReportRecord] {
        let sorted = legs.sorted { ($0.key.from, $0.key.to) < ($1.key.from, $1.key.to) }
        return sorted.map { leg, crossing in
            let all = crossing.passed + crossing.lost
            var figures: JSONObject = [
                "delivered": .number(Double(crossing.passed)),
                "lost": .number(Double(crossing.lost)),
            ]
            if all > 0 {
                let ratio = Double(crossing.lost) / Double(all)
                figures["lossRatio"] = .number((ratio * 1e6).rounded() / 1e6)
            }
            figures["latencyMs"] = crossing.latency.milliseconds.map { .object($0) }
            if crossing.latency.count > 1 {
                figures["jitterMs"] = .number(Histogram.round(crossing.jitter))
            }
            let isTimed = crossing.lastSeen >= crossing.firstSeen
            let duration =
                isTimed ? Histogram.round(Double(crossing.lastSeen - crossing.firstSeen)) : 0
            return ReportRecord(
                scope: .hop,
                timestamp: isTimed
                    ? Timestamp(milliseconds: max(0, crossing.lastSeen / 1_000_000)) : nil,
                subject: [
                    "source": .string(merge.captures[leg.from]),
                    "destination": .string(merge.captures[leg.to]),
                ],
                packets: all, bytes: crossing.bytes, durationMs: duration, figures: figures)
        }
    }

    /// The summary's counters.
    package var counters: JSONObject {
        var captures: [JSONValue] = []
        for (index, name) in merge.captures.enumerated() {
            var object: JSONObject = [
                "file": .string(name), "packets": .number(Double(merge.counts[index])),
            ]
            if let clock = offsets[index] {
                object["clockOffsetMs"] = .number(Histogram.round(Double(clock.offset)))
                object["clockUncertaintyMs"] = .number(Histogram.round(Double(clock.uncertainty)))
            } else {
                object["clockOffsetMs"] = .null
            }
            captures.append(.object(object))
        }
        var object: JSONObject = [
            "compared": .number(Double(merge.packets.count)),
            "delivered": .number(Double(delivered)), "lost": .number(Double(lost)),
        ]
        if delivered + lost > 0 {
            let ratio = Double(lost) / Double(delivered + lost)
            object["lossRatio"] = .number((ratio * 1e6).rounded() / 1e6)
        }
        if merge.refused > 0 { object["refused"] = .number(Double(merge.refused)) }
        object["captures"] = .array(captures)
        return object
    }
}

extension ClockOffset {
    init(offset: Int64, uncertainty: Int64) {
        self.offset = offset
        self.uncertainty = uncertainty
    }
}
