/// The seed's QoS levels, by `metadata.priority`: what stands in a queue together.
package enum TrafficClass: Int, Hashable, Sendable, CaseIterable {
    /// Priority 0: heartbeats, receipts, routing. Goes before everything else.
    case control
    /// Priorities 1 and 2.
    case urgent
    /// Priorities 3 and 4.
    case normal
    /// Priorities 5 to 7.
    case bulk

    package init(priority: Int) {
        switch priority {
        case ...0: self = .control
        case 1...2: self = .urgent
        case 3...4: self = .normal
        default: self = .bulk
        }
    }

    /// Octets that the class may send in a round when others wait as well.
    var quantum: Int {
        switch self {
        case .control: .max
        case .urgent: 64 << 10
        case .normal: 32 << 10
        case .bulk: 16 << 10
        }
    }
}
