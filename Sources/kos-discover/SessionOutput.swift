import KosCore
import KosTool

/// What a session writes, and how it ends.
extension Session {
    func feed(_ input: PeerBook.Input) throws {
        try step { discovery.handle(.book(input), at: $0, into: &$1) }
    }

    func complete(_ method: DiscoveryMethodName) throws {
        let time = SystemClock.timestamp
        try step { discovery.handle(.complete(method, at: time), at: $0, into: &$1) }
    }

    /// Lets the engine act now, and writes what it says.
    func step(_ act: (Instant, inout [Discovery.Output]) -> Void) throws {
        var outputs: [Discovery.Output] = []
        act(SystemClock.now, &outputs)
        for output in outputs {
            switch output {
            case .peer(let record):
                try io.output.write(record)
                found.note(record, at: SystemClock.timestamp)
            case .ended(let reason): ending = reason
            }
        }
    }

    /// The method cannot work here: said on one line, and counted.
    func fail(_ method: DiscoveryMethodName, _ reason: String, hint: String) throws {
        let line = "\(method.rawValue): \(reason); \(hint)"
        // What nobody asked for is no trouble while something else was asked for.
        if options.asked.isEmpty || options.asked.contains(method) {
            io.errors.say(line)
        } else {
            io.errors.note(line)
        }
        let time = SystemClock.timestamp
        try step { discovery.handle(.failed(method, reason: reason, at: time), at: $0, into: &$1) }
    }

    func stop() throws {
        let time = SystemClock.timestamp
        try step { discovery.handle(.stop(at: time), at: $0, into: &$1) }
    }

    func finish() throws -> ExitStatus {
        probe?.stop()
        inquiries?.stop()
        leaveGossip()
        radio?.stop()
        bluetooth?.0.stop()
        for domain in unresolved.sorted() {
            io.errors.say("bootstrap: dns:\(domain): no name server answered in time")
        }
        for endpoint in unanswered.sorted(by: { $0.description < $1.description }) {
            io.errors.say("bootstrap: \(endpoint): no answer in time")
        }
        try writeLinks()
        try writeEarlier()
        keepFound()
        if io.common.summary || ending == .stopped { try io.output.write(summary) }
        try io.output.finish()
        tellDrops()
        dht?.save()
        dht?.tellDrops()
        if Streams.isErrorTerminal, !io.common.quiet { io.errors.say(farewell) }
        return io.status(status)
    }

    private var status: ExitStatus {
        if options.isWatch { return options.until == nil || discovery.untilSeen ? .yes : .no }
        if options.until != nil, discovery.untilSeen { return .yes }
        let broken = options.asked.filter { discovery.failures[$0] != nil || isSilent($0) }
        guard !broken.isEmpty else {
            let count = discovery.peerCount + earlierCount
            return options.until == nil && count > 0 ? .yes : .no
        }
        let someWorked = options.chosen.methods.contains { discovery.failures[$0] == nil }
        return someWorked && discovery.peerCount > 0 ? .partly : .failure
    }

    /// Whether relays were asked and none has answered when time was up.
    private func isSilent(_ method: DiscoveryMethodName) -> Bool {
        method == .bootstrap && relays.isEmpty && !(unanswered.isEmpty && unresolved.isEmpty)
    }

    private func tellDrops() {
        for (drop, count) in discovery.drops.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            io.errors.note("\(count) announcements not believed: \(drop.rawValue)")
        }
    }

    var summary: SummaryRecord {
        var dropped = JSONObject()
        for (drop, count) in discovery.drops.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            dropped[drop.rawValue] = .number(Double(count))
        }
        return SummaryRecord(
            timestamp: SystemClock.timestamp, tool: io.tool,
            counters: [
                "peers": .number(Double(discovery.peerCount)),
                "durationMs": .number(Double((SystemClock.now - started).nanoseconds / 1_000_000)),
                "methods": .array(options.chosen.methods.map { .string($0.rawValue) }),
                "dropped": .object(dropped),
            ])
    }

    /// `2 peers in 1.2 s (mdns, static; not tried: gossip)`.
    private var farewell: String {
        let tried = options.chosen.methods
        let worked = tried.filter { discovery.failures[$0] == nil }.map(\.rawValue)
        let failed = tried.compactMap { method in
            discovery.failures[method].map { "\(method.rawValue) \($0)" }
        }
        let untried = DiscoveryMethodName.allCases.filter { $0 != .capture && !tried.contains($0) }
        let count = discovery.peerCount
        let tenths = (SystemClock.now - started).nanoseconds / 100_000_000
        let parts = [
            worked.joined(separator: ", "),
            failed.isEmpty ? "" : "failed: " + failed.joined(separator: ", "),
            "not tried: " + untried.map(\.rawValue).joined(separator: ", "),
        ].filter { !$0.isEmpty }
        return "\(count) \(count == 1 ? "peer" : "peers") in \(tenths / 10).\(tenths % 10) s "
            + "(\(parts.joined(separator: "; ")))"
    }
}
