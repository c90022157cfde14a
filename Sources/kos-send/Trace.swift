import KosCore
import KosNet
import KosTool

/// `--trace`: probes that live for one hop more each time, so that every node on the way answers.
final class Trace: ProbeTask {
    private struct Hop {
        var node: NodeID?
        var sent = 0
        var received = 0
        var trips = RoundTrips()
        var open = 0
    }
    private let session: SendSession
    private let destination: String
    private let count: Int
    private var host: NodeHost?
    private var hop = 1
    private var hops: [Int: Hop] = [:]
    private var sent: [String: (hop: Int, at: Instant)] = [:]
    private var lastToken = 0
    private var isReached = false
    private(set) var isOver = false

    init(_ session: SendSession, _ destination: String) {
        self.session = session
        self.destination = destination
        count = session.options.count ?? 3
    }

    private var label: String { session.options.target.to ?? destination }
    var status: ExitStatus { isReached ? .yes : .no }

    func start(_ host: NodeHost) throws {
        self.host = host
        sendRound()
    }

    private func sendRound() {
        guard let host else { return }
        hops[hop] = Hop()
        for index in 0..<count {
            host.schedule(after: .milliseconds(20 * index)) { [unowned self] in send() }
        }
        hops[hop]?.open = count
    }

    private func send() {
        guard let host else { return }
        lastToken += 1
        hops[hop]?.sent += 1
        var message = Message(to: destination, .string(""))
        message.type = Packet.Kind.probe
        message.ttl = hop
        message.persistence = Persistence(attempts: 1, patience: .seconds(2))
        host.driver.post(.service(.post(message, token: lastToken)))
    }

    func accepted(_ token: Int, _ packet: Packet, at time: Instant) {
        sent[packet.id] = (hop, time)
    }

    func answered(
        _ id: String, _ control: Packet.Control, by node: NodeID, hops: Int, at time: Instant
    ) throws {
        guard let probe = sent.removeValue(forKey: id) else { return }
        host?.driver.post(.service(.cancel(id)))
        if control == .receipt { isReached = true }
        self.hops[probe.hop]?.node = node
        self.hops[probe.hop]?.received += 1
        self.hops[probe.hop]?.trips.add((time - probe.at).milliseconds)
        try settle(probe.hop)
    }

    func lost(_ id: String, at time: Instant) throws {
        guard let probe = sent.removeValue(forKey: id) else { return }
        try settle(probe.hop)
    }

    /// One probe of a hop has its answer; with the last one the hop is told, and the next begins.
    private func settle(_ number: Int) throws {
        hops[number]?.open -= 1
        guard let done = hops[number], done.open <= 0 else { return }
        try write(number, done)
        if isReached || hop >= session.options.maxHops {
            isOver = true
        } else {
            hop += 1
            sendRound()
        }
    }

    private func write(_ number: Int, _ done: Hop) throws {
        let address = done.node.flatMap {
            session.driver?.node.mesh.nodes[$0]?.info.addresses.first?.uri
        }
        try session.io.output.write(
            HopRecord(
                timestamp: SystemClock.timestamp, destination: label, hop: number,
                nodeId: done.node,
                address: address, sent: done.sent, received: done.received, rttMs: done.trips))
    }

    func runOut() throws {
        if let done = hops[hop], done.open > 0, done.sent > 0 { try write(hop, done) }
        isOver = true
    }

    func finish() throws {
        let answered = hops.filter { $0.value.received > 0 }
        func loss(_ hop: Hop) -> Double {
            Double(hop.sent - hop.received) / Double(max(1, hop.sent))
        }
        func mean(_ hop: Hop) -> Double { hop.trips.value.object?["avg"]?.number ?? 0 }
        let lossiest = hops.max { (loss($0.value), -$0.key) < (loss($1.value), -$1.key) }
        let slowest = answered.max { (mean($0.value), -$0.key) < (mean($1.value), -$1.key) }
        try session.io.output.write(
            SummaryRecord(
                timestamp: SystemClock.timestamp, tool: session.io.tool,
                counters: [
                    "destination": .string(label), "reached": .boolean(isReached),
                    "hops": .number(Double(isReached ? hop : answered.keys.max() ?? 0)),
                    "slowestHop": slowest.map { .number(Double($0.key)) } ?? .null,
                    "lossiestHop": lossiest.map { .number(Double($0.key)) } ?? .null,
                ]))
    }
}
