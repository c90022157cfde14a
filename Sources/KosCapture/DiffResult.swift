package import KosCore

/// What two captures have in common and what not.
package struct DiffResult: Sendable {
    package private(set) var records: [DiffRecord] = []
    package private(set) var counts: [DiffRecord.Event: Int] = [:]
    package let compared: Int
    package private(set) var matched = 0
    /// Second clock minus first clock, nanoseconds; nil when it cannot be told from the delay.
    package private(set) var clockOffset: Int64?
    package private(set) var uncertainty: Int64?
    package private(set) var delay = Histogram()

    /// With `offset` given, the second capture's clock is that much ahead of the first one's.
    package init(_ diff: CaptureDiff, offset: Int64?) {
        compared = diff.first.count
        let estimated = DiffResult.estimate(diff)
        clockOffset = offset ?? estimated?.offset
        uncertainty = offset == nil ? estimated?.uncertainty : nil
        compareFirst(diff)
        compareSecond(diff)
        findReordered(diff)
        records.sort { left, right in
            let (a, b) = (DiffResult.time(left), DiffResult.time(right))
            return a == b ? left.packetId < right.packetId : a < b
        }
    }

    private static func time(_ record: DiffRecord) -> Int64 {
        record.firstTimestamp?.milliseconds ?? record.secondTimestamp?.milliseconds ?? 0
    }

    private static func estimate(_ diff: CaptureDiff) -> ClockOffset? {
        var evidence = ClockOffset.Evidence()
        for (name, one) in diff.first {
            guard let two = diff.second[name], let left = one.time, let right = two.time else {
                continue
            }
            evidence.add(right &- left, order: two.hops - one.hops, isForward: one.isForward)
        }
        return ClockOffset(evidence)
    }

    private mutating func note(
        _ event: DiffRecord.Event, _ name: String, _ one: CaptureDiff.Entry?,
        _ two: CaptureDiff.Entry?, copies: Int? = nil
    ) {
        counts[event, default: 0] += 1
        records.append(
            DiffRecord(
                event: event, packetId: name,
                firstTimestamp: one?.time.map { Timestamp(milliseconds: $0 / 1_000_000) },
                secondTimestamp: two?.time.map { Timestamp(milliseconds: $0 / 1_000_000) },
                copies: copies))
    }

    private mutating func compareFirst(_ diff: CaptureDiff) {
        for (name, one) in diff.first {
            guard let two = diff.second[name] else {
                note(.lost, name, one, nil)
                continue
            }
            matched += 1
            if one.content != two.content { note(.altered, name, one, two) }
            if two.copies > one.copies { note(.duplicated, name, one, two, copies: two.copies) }
            if let left = one.time, let right = two.time {
                let difference = right &- left &- (clockOffset ?? 0)
                // What went from the second to the first has its delay with the sign turned.
                let isTurned =
                    one.hops > two.hops
                    || one.hops == two.hops && clockOffset != nil
                        && difference < 0
                delay.add(isTurned ? 0 &- difference : difference)
            }
        }
    }

    private mutating func compareSecond(_ diff: CaptureDiff) {
        for (name, two) in diff.second where diff.first[name] == nil {
            note(.extra, name, nil, two)
        }
    }

    /// RFC 4737 §3.3: reordered is what comes behind a packet that was sent later. The two
    /// directions are judged apart: which of them is seen first says where the captures were
    /// taken.
    private mutating func findReordered(_ diff: CaptureDiff) {
        let common = diff.second.filter { diff.first[$0.key] != nil }
            .sorted { $0.value.place < $1.value.place }
        var latest = [-1: -1, 0: -1, 1: -1]
        for (name, two) in common {
            guard let one = diff.first[name] else { continue }
            let direction = (two.hops - one.hops).signum()
            if one.place < latest[direction] ?? -1 {
                note(.reordered, name, one, two)
            } else {
                latest[direction] = one.place
            }
        }
    }

    /// Whether the captures are the same.
    package var isEqual: Bool { counts.isEmpty }

    /// The summary's counters.
    package func counters(first: String, second: String) -> JSONObject {
        var object: JSONObject = [
            "first": .string(first), "second": .string(second),
            "compared": .number(Double(compared)), "matched": .number(Double(matched)),
        ]
        for event in DiffRecord.Event.allCases {
            object[event.rawValue] = .number(Double(counts[event] ?? 0))
        }
        if compared > 0 {
            let ratio = Double(counts[.lost] ?? 0) / Double(compared)
            object["lossRatio"] = .number((ratio * 1e6).rounded() / 1e6)
        }
        object["delayMs"] = delay.milliseconds.map { .object($0) }
        object["clockOffsetMs"] = clockOffset.map { .number(Histogram.round(Double($0))) } ?? .null
        if let uncertainty {
            object["clockUncertaintyMs"] = .number(Histogram.round(Double(uncertainty)))
        }
        return object
    }
}
