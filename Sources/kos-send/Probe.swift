import KosCore
import KosNet
import KosTool

/// What looks at the way to a node instead of sending something to it.
protocol ProbeTask: AnyObject {
    var isOver: Bool { get }
    var status: ExitStatus { get }
    func start(_ host: NodeHost) throws
    func accepted(_ token: Int, _ packet: Packet, at time: Instant)
    func answered(
        _ id: String, _ control: Packet.Control, by node: NodeID, hops: Int, at time: Instant)
        throws
    func lost(_ id: String, at time: Instant) throws
    /// The time is over: what is not answered is lost.
    func runOut() throws
    /// Writes the summary.
    func finish() throws
}

/// `--probe`: packets that only their receipts answer, at an interval.
final class Probe: ProbeTask {
    private struct Sent {
        let seq: Int
        let at: Instant
    }
    private let session: SendSession
    private let destination: String
    private let count: Int
    private var host: NodeHost?
    private var started = SystemClock.now
    private var sent: [String: Sent] = [:]
    private var sequences: [Int: Int] = [:]
    private var sentCount = 0
    private var received = 0
    private var reordered = 0
    private var highest = 0
    private var trips = RoundTrips()

    init(_ session: SendSession, _ destination: String) {
        self.session = session
        self.destination = destination
        count = session.options.count ?? 5
    }

    private var label: String { session.options.target.to ?? destination }
    var isOver: Bool { sentCount == count && sent.isEmpty && sequences.isEmpty }
    private var lossRatio: Double {
        sentCount == 0 ? 1 : Double(sentCount - received) / Double(sentCount)
    }
    var status: ExitStatus {
        let isTooLossy = session.options.maxLoss.map { lossRatio > $0 } ?? false
        return received > 0 && !isTooLossy ? .yes : .no
    }

    func start(_ host: NodeHost) throws {
        self.host = host
        started = SystemClock.now
        send()
    }

    private func send() {
        guard let host, sentCount < count else { return }
        sentCount += 1
        let filler = String(repeating: "x", count: session.options.size ?? 32)
        var message = Message(to: destination, .string(filler))
        message.type = Packet.Kind.probe
        message.ttl = session.options.target.ttl
        // One try: a probe that is lost is lost.
        let patience = max(.seconds(2), session.options.probeInterval)
        message.persistence = Persistence(attempts: 1, patience: patience)
        sequences[sentCount] = sentCount
        host.driver.post(.service(.post(message, token: sentCount)))
        guard sentCount < count else { return }
        host.schedule(after: session.options.probeInterval) { [unowned self] in send() }
    }

    func accepted(_ token: Int, _ packet: Packet, at time: Instant) {
        guard let seq = sequences.removeValue(forKey: token) else { return }
        sent[packet.id] = Sent(seq: seq, at: time)
    }

    func answered(
        _ id: String, _ control: Packet.Control, by node: NodeID, hops: Int, at time: Instant
    ) throws {
        guard let probe = sent.removeValue(forKey: id) else { return }
        guard control == .receipt else {
            return try write(probe, rtt: nil, hops: nil, error: "\(control.rawValue) at \(node)")
        }
        let rtt = ((time - probe.at).milliseconds * 1000).rounded() / 1000
        received += 1
        trips.add(rtt)
        if probe.seq < highest { reordered += 1 }
        highest = max(highest, probe.seq)
        try write(probe, rtt: rtt, hops: hops, error: nil)
    }

    func lost(_ id: String, at time: Instant) throws {
        guard let probe = sent.removeValue(forKey: id) else { return }
        try write(probe, rtt: nil, hops: nil, error: "timeout")
    }

    func runOut() throws {
        for probe in sent.values.sorted(by: { $0.seq < $1.seq }) {
            try write(probe, rtt: nil, hops: nil, error: "timeout")
        }
        sent = [:]
    }

    private func write(_ probe: Sent, rtt: Double?, hops: Int?, error: String?) throws {
        try session.io.output.write(
            ProbeRecord(
                timestamp: SystemClock.timestamp, destination: label, seq: probe.seq, rttMs: rtt,
                hops: hops, error: error))
    }

    func finish() throws {
        var times = trips.value.object ?? JSONObject()
        times["last"] = nil
        try session.io.output.write(
            SummaryRecord(
                timestamp: SystemClock.timestamp, tool: session.io.tool,
                counters: [
                    "destination": .string(label), "sent": .number(Double(sentCount)),
                    "received": .number(Double(received)),
                    "lossRatio": .number((lossRatio * 10_000).rounded() / 10_000),
                    "duplicates": .number(0), "reordered": .number(Double(reordered)),
                    "rttMs": trips.count == 0 ? .null : .object(times),
                    "durationMs": .number((SystemClock.now - started).milliseconds.rounded()),
                ]))
    }
}
