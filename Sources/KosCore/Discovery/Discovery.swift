/// One run of peer discovery over several methods: what is written, and when the run is over.
package struct Discovery: Engine {
    package struct Options: Sendable {
        /// Goes on until stopped; else the run ends as soon as it is complete.
        package var isWatch = false
        package var methods: [DiscoveryMethodName] = []
        package var filter = PeerFilter()
        /// Ends with so many peers.
        package var count: Int?
        /// Ends when this node is seen: its id, its name, or the first six or more characters of
        /// its id.
        package var until: String?
        /// Ends after so long without news.
        package var idle: Duration?
        package var deadline: Instant?
        /// This node's own id: not shown unless `includesSelf`.
        package var own: NodeID?
        package var includesSelf = false
        package var requiresSignature = false
        /// How long a new peer is held back for the rest of its addresses.
        package var hold = Duration.milliseconds(250)
        package init() {}
    }
    package enum Input: Sendable {
        case book(PeerBook.Input)
        /// The method has told all that it knows now.
        case complete(DiscoveryMethodName, at: Timestamp)
        /// The method cannot go on.
        case failed(DiscoveryMethodName, reason: String, at: Timestamp)
        case stop(at: Timestamp)
    }
    package enum Ending: String, Sendable {
        case complete, count, until, idle, deadline, stopped
    }
    package enum Output: Sendable {
        case peer(PeerRecord)
        case ended(Ending)
    }

    package let options: Options
    private var book: PeerBook
    private var open: Set<DiscoveryMethodName>
    private var shown: Set<NodeID> = []
    private var quiet: Instant?
    private var isEnded = false
    private let started: Instant
    private let clock: Timestamp
    package private(set) var failures: [DiscoveryMethodName: String] = [:]
    package private(set) var untilSeen = false

    /// `time` is the wall clock at `now`.
    package init(_ options: Options, at now: Instant, time: Timestamp) {
        self.options = options
        book = PeerBook(hold: options.hold, requiresSignature: options.requiresSignature)
        open = Set(options.methods)
        started = now
        clock = time
        quiet = options.idle.map { now + $0 }
    }

    package var peerCount: Int { shown.count }
    /// Whether the observation is one that still counts.
    package func holds(_ source: Sighting.Source) -> Bool { book.holds(source) }
    package var drops: [PeerBook.Drop: Int] { book.drops }
    package var nextDeadline: Instant? {
        guard !isEnded else { return nil }
        return [book.nextDeadline, quiet, options.deadline].compactMap { $0 }.min()
    }

    package mutating func handle(_ input: Input, at now: Instant, into outputs: inout [Output]) {
        guard !isEnded else { return }
        switch input {
        case .book(let input): feed(input, now, &outputs)
        case .complete(let method, let time):
            failures[method] = nil
            guard open.remove(method) != nil, open.isEmpty else { return }
            settle(time, now, &outputs)
        case .failed(let method, let reason, let time):
            failures[method] = reason
            guard open.remove(method) != nil, open.isEmpty else { return }
            settle(time, now, &outputs)
        case .stop(let time): end(.stopped, time, now, &outputs)
        }
    }

    package mutating func advance(to now: Instant, into outputs: inout [Output]) {
        guard !isEnded else { return }
        var records: [PeerRecord] = []
        book.advance(to: now, into: &records)
        write(records, now, &outputs)
        guard !isEnded else { return }
        let time = clock + (now - started)
        if let deadline = options.deadline, now >= deadline {
            end(.deadline, time, now, &outputs)
        } else if let quiet, now >= quiet {
            end(.idle, time, now, &outputs)
        }
    }

    private mutating func feed(_ input: PeerBook.Input, _ now: Instant, _ outputs: inout [Output]) {
        var input = input
        var sighting: (Sighting, Timestamp)?
        if case .seen(var seen, let time) = input {
            seen.isSelf = seen.nodeId == options.own
            guard options.includesSelf || !seen.isSelf else { return }
            sighting = (seen, time)
            input = .seen(seen, at: time)
        }
        let before = book.count
        var records: [PeerRecord] = []
        book.handle(input, at: now, into: &records)
        if book.count > before, let idle = options.idle { quiet = now + idle }
        write(records, now, &outputs)
        guard !isEnded, let (seen, time) = sighting, book.contains(seen.nodeId), isAwaited(seen)
        else { return }
        untilSeen = true
        end(.until, time, now, &outputs)
    }

    private func isAwaited(_ sighting: Sighting) -> Bool {
        guard let until = options.until else { return false }
        let node = sighting.nodeId.text
        return node == until || sighting.name == until
            || until.utf8.count >= 6 && node.hasPrefix(until)
    }

    /// Every method has answered: a one-shot is over, a watch has its first picture.
    private mutating func settle(_ time: Timestamp, _ now: Instant, _ outputs: inout [Output]) {
        guard options.isWatch else { return end(.complete, time, now, &outputs) }
        var records: [PeerRecord] = []
        book.handle(.flush(at: time), at: now, into: &records)
        book.handle(.settled, at: now, into: &records)
        write(records, now, &outputs)
    }

    private mutating func end(
        _ ending: Ending, _ time: Timestamp, _ now: Instant, _ outputs: inout [Output]
    ) {
        var records: [PeerRecord] = []
        book.handle(.flush(at: time), at: now, into: &records)
        if ending != .count { write(records, now, &outputs) }
        guard !isEnded else { return }
        isEnded = true
        outputs.append(.ended(ending))
    }

    private mutating func write(_ records: [PeerRecord], _ now: Instant, _ outputs: inout [Output])
    {
        for record in records where !isEnded {
            if record.event == .left {
                guard shown.remove(record.nodeId) != nil else { continue }
            } else {
                guard options.filter.matches(record) else { continue }
                shown.insert(record.nodeId)
            }
            outputs.append(.peer(record))
            if record.event != .left, let quota = options.count, shown.count >= quota {
                isEnded = true
                outputs.append(.ended(.count))
            }
        }
    }
}
