package import KosCore

/// Durations counted in buckets that grow with the value, so that a percentile is within 0.8 % of
/// the truth whatever the range, in constant memory (the scheme of HdrHistogram).
package struct Histogram: Sendable {
    private static let subBits = 7
    private var counts: [UInt32] = []
    package private(set) var count = 0
    /// Nanoseconds.
    package private(set) var min = Int64.max
    package private(set) var max: Int64 = 0
    private var sum = 0.0

    package init() {}

    /// Counts one duration; a negative one counts as 0.
    package mutating func add(_ nanoseconds: Int64) {
        let value = Swift.max(0, nanoseconds)
        let place = Histogram.bucket(UInt64(value))
        if place >= counts.count {
            counts.append(contentsOf: repeatElement(0, count: place + 1 - counts.count))
        }
        counts[place] &+= 1
        count += 1
        min = Swift.min(min, value)
        max = Swift.max(max, value)
        sum += Double(value)
    }

    package var mean: Double? { count > 0 ? sum / Double(count) : nil }

    /// The value below which `share` of the durations are, in nanoseconds.
    package func percentile(_ share: Double) -> Double? {
        guard count > 0 else { return nil }
        let wanted = Swift.max(1, Int((share * Double(count)).rounded(.up)))
        var seen = 0
        for (place, number) in counts.enumerated() {
            seen += Int(number)
            guard seen >= wanted else { continue }
            let middle = Histogram.middle(place)
            return Swift.min(Double(max), Swift.max(Double(min), middle))
        }
        return Double(max)
    }

    /// `{"min","p50","p95","p99","max"}` in milliseconds, to the microsecond; nil without a value.
    package var milliseconds: JSONObject? {
        guard count > 0 else { return nil }
        var object = JSONObject()
        object["min"] = .number(Histogram.round(Double(min)))
        for (name, share) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
            object[name] = .number(Histogram.round(percentile(share) ?? 0))
        }
        object["max"] = .number(Histogram.round(Double(max)))
        return object
    }

    /// The durations in `count` bins of equal width from `min` to `max`; empty without a value.
    package func bins(_ count: Int) -> [Int] {
        guard self.count > 0, count > 0 else { return [] }
        let width = Swift.max(1, Double(max - min) / Double(count))
        var bins = [Int](repeating: 0, count: count)
        for (place, number) in counts.enumerated() where number > 0 {
            let value = Swift.min(Double(max), Swift.max(Double(min), Histogram.middle(place)))
            let bin = Swift.min(count - 1, Int((value - Double(min)) / width))
            bins[bin] += Int(number)
        }
        return bins
    }

    /// Nanoseconds as milliseconds with three decimals.
    package static func round(_ nanoseconds: Double) -> Double {
        (nanoseconds / 1000).rounded() / 1000
    }

    private static func bucket(_ value: UInt64) -> Int {
        let bits = 64 - value.leadingZeroBitCount
        guard bits > subBits + 1 else { return Int(value) }
        let shift = bits - subBits - 1
        return (shift << subBits) + Int(value >> UInt64(shift))
    }

    private static func middle(_ place: Int) -> Double {
        guard place >= 2 << subBits else { return Double(place) }
        let shift = place >> subBits - 1
        let low = UInt64(place - shift << subBits) << UInt64(shift)
        return Double(low) + Double(UInt64(1) << UInt64(shift)) / 2
    }
}
