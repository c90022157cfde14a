import KosCore
import KosNet
import KosTool

/// Nodes of which a method told too little, asked who they are: announcements that did not fit into
/// their method's record, and the bare addresses of a DHT.
final class Inquiries {
    struct Question: Hashable {
        let endpoint: Endpoint
        let sighting: Sighting
    }
    struct Answer {
        let question: Question
        /// Who answered, and what it said, signed; nil when nobody did.
        let node: (id: NodeID, info: NodeInfo)?
    }
    private static let maxOpen = 16
    private static let maxWaiting = 1024
    /// How long an answer is waited for, and when the same question is asked again.
    private static let patience = Duration.seconds(1)
    private static let pause = Duration.seconds(60)

    private let mailbox: Mailbox<(Endpoint, MeshProbe.Event)>
    private let identity: NodeIdentity
    private let files: TLSFiles
    private var open: [Endpoint: (question: Question, probe: MeshProbe, end: Instant)] = [:]
    private var waiting: [Question] = []
    private var asked: [Endpoint: Instant] = [:]

    init(_ identity: NodeIdentity, _ files: TLSFiles) throws {
        self.identity = identity
        self.files = files
        guard let mailbox = Mailbox<(Endpoint, MeshProbe.Event)>(capacity: 4096) else {
            throw ToolFailure(.failure, code: "resource", "no descriptors left")
        }
        self.mailbox = mailbox
    }

    var descriptor: Int32 { mailbox.descriptor }
    var nextDeadline: Instant? { open.values.map(\.end).min() }

    /// Whether nothing that `method` asked is open.
    func isSettled(_ method: DiscoveryMethodName) -> Bool {
        !waiting.contains { $0.sighting.source.method == method }
            && !open.values.contains { $0.question.sighting.source.method == method }
    }

    /// Asks, unless the same was asked within the last minute.
    func ask(_ question: Question) {
        let now = SystemClock.now
        if let last = asked[question.endpoint], now - last < Inquiries.pause { return }
        guard waiting.count < Inquiries.maxWaiting else { return }
        if asked.count >= 4 * Inquiries.maxWaiting {
            asked = asked.filter { now - $0.value < Inquiries.pause }
        }
        asked[question.endpoint] = now
        waiting.append(question)
        begin()
    }

    private func begin() {
        let now = SystemClock.now
        let epoch = SystemClock.timestamp + .nanoseconds(-now.nanoseconds)
        while open.count < Inquiries.maxOpen, !waiting.isEmpty {
            let question = waiting.removeFirst()
            let endpoint = question.endpoint
            let probe = MeshProbe(
                [endpoint], identity: identity, files: files, wantsTopology: false, epoch: epoch,
                seed: SystemClock.seed, now: { SystemClock.now },
                tell: { [mailbox] in mailbox.post((endpoint, $0)) })
            open[endpoint] = (question, probe, now + Inquiries.patience)
        }
    }

    /// What was answered since the last call.
    func take() -> [Answer] {
        var answers: [Answer] = []
        for (endpoint, event) in mailbox.take() {
            switch event {
            case .reached(_, let node, let info): end(endpoint, (node, info), &answers)
            case .failed, .gone: end(endpoint, nil, &answers)
            case .measured, .topology: break
            }
        }
        let now = SystemClock.now
        for endpoint in open.filter({ $0.value.end <= now }).keys { end(endpoint, nil, &answers) }
        begin()
        return answers
    }

    private func end(
        _ endpoint: Endpoint, _ node: (NodeID, NodeInfo)?, _ answers: inout [Answer]
    ) {
        guard let (question, probe, _) = open.removeValue(forKey: endpoint) else { return }
        probe.stop()
        answers.append(Answer(question: question, node: node))
    }

    func stop() {
        for entry in open.values { entry.probe.stop() }
        open = [:]
    }
}
