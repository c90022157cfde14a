/// One relay on a message system with subjects (NATS): subscribes for the nodes that it has, tells
/// where they are and renews that, hands packets on and hears when nobody has the destination.
///
/// An engine: the adapter brings what the client library says, and does what this puts out.
package struct BackplaneSession: Engine {
    /// What came under a subject.
    package struct Message: Hashable, Sendable {
        package let subject: String
        package let reply: String?
        /// Of the header: 503 where nobody listens to what was asked, 404 where nothing is stored.
        package let status: Int?
        /// Whether the entry of a bucket was deleted.
        package let isDeletion: Bool
        package let octets: [UInt8]

        package init(
            subject: String, reply: String? = nil, status: Int? = nil, isDeletion: Bool = false,
            octets: [UInt8]
        ) {
            self.subject = subject
            self.reply = reply
            self.status = status
            self.isDeletion = isDeletion
            self.octets = octets
        }
    }

    package enum Input: Hashable, Sendable {
        case request(Backplane.Request)
        case connected
        case disconnected(String)
        case message(Message)
        /// All of the bucket is wanted.
        case list
        /// This relay leaves.
        case leave
    }

    package enum Output: Hashable, Sendable {
        case subscribe(String)
        case unsubscribe(String)
        case publish(String, reply: String?, isDeletion: Bool, [UInt8])
        case event(Backplane.Event)
        /// Something that a person may want to know.
        case note(String)
        /// Where every node of the cluster is.
        case listed([Presence])
    }

    /// An entry of the bucket.
    package struct Presence: Hashable, Sendable {
        package let claim: Attachments.Claim
        package let relay: NodeID
        package let keeps: Bool
    }

    package struct Settings: Sendable {
        /// Whether this relay keeps packets for nodes that are away.
        package var keeps = false
        /// Name for the inbox; nobody else's.
        package var token: UInt64 = 0
        package init() {}
    }

    enum Timer: Hashable { case renew, expire, listed }

    /// A packet without an answer for so long has found its relay.
    static let patience = Duration.seconds(2)
    static let maxPending = 16_384
    static let maxPendingOctets = 32 << 20
    static let maxWatched = 65_536
    static let listTime = Duration.seconds(2)

    let relay: NodeID
    let settings: Settings
    let inbox: String
    private(set) var isConnected = false
    var hasBucket = false
    private(set) var own: [String: Int] = [:]
    /// The nodes of `own` in the order in which they are renewed.
    private var round: [String] = []
    private var rounding: Set<String> = []
    private(set) var watched: [String: Instant] = [:]
    var pending: [UInt64: Backplane.Parcel] = [:]
    /// Their tokens in the order in which they went out, from `first` on.
    var order: [(token: UInt64, sentAt: Instant)] = []
    private var first = 0
    var pendingOctets = 0
    var serial: UInt64 = 0
    var listing: (subject: String, found: [Presence])?
    var timers = Timers<Timer>()

    package init(of relay: NodeID, _ settings: Settings = Settings()) {
        self.relay = relay
        self.settings = settings
        inbox =
            "_INBOX.kos.\(String(settings.token, radix: 36)).\(BackplaneSubjects.token(relay.text))"
    }

    package var nextDeadline: Instant? { timers.next }
    /// Nodes that this relay has told of.
    package var count: Int { own.count }

    package mutating func handle(
        _ input: Input, at now: Instant, into outputs: inout [Output]
    ) {
        switch input {
        case .request(let request): take(request, at: now, into: &outputs)
        case .connected: begin(at: now, into: &outputs)
        case .disconnected(let reason): end(reason, into: &outputs)
        case .message(let message): take(message, at: now, into: &outputs)
        case .list: list(at: now, into: &outputs)
        case .leave:
            for node in own.keys.sorted() {
                detach(.init(node: node, epoch: own[node] ?? 0), isTold: true, into: &outputs)
            }
        }
    }

    package mutating func advance(to now: Instant, into outputs: inout [Output]) {
        while let timer = timers.popDue(at: now) {
            switch timer {
            case .renew: renew(at: now, into: &outputs)
            case .expire: expire(at: now)
            case .listed: finishList(into: &outputs)
            }
        }
    }

    // MARK: The connection

    private mutating func begin(at now: Instant, into outputs: inout [Output]) {
        guard !isConnected else { return }
        isConnected = true
        outputs.append(.subscribe("\(inbox).*"))
        outputs.append(.subscribe(BackplaneSubjects.node(relay.text)))
        outputs.append(.subscribe(BackplaneSubjects.relay(relay.text)))
        outputs.append(.subscribe(BackplaneSubjects.everybody))
        let bucket = BackplaneSubjects.bucketRequest
        outputs.append(
            .publish(bucket.subject, reply: "\(inbox).bucket", isDeletion: false, bucket.octets))
        for node in own.keys.sorted() {
            subscribe(node, into: &outputs)
            tell(node, into: &outputs)
        }
        for node in watched.keys.sorted() { look(up: node, isNew: true, into: &outputs) }
        timers.set(.renew, at: now + .seconds(1))
        outputs.append(.event(.up))
    }

    /// What was under way may have arrived or not: it is treated as if nobody had it, since whoever
    /// gets a packet twice knows it.
    private mutating func end(_ reason: String, into outputs: inout [Output]) {
        guard isConnected else { return }
        isConnected = false
        hasBucket = false
        timers.cancel(.renew)
        outputs.append(.event(.down(reason)))
        for entry in order {
            guard let parcel = pending.removeValue(forKey: entry.token) else { continue }
            outputs.append(.event(.nobody(parcel)))
        }
        order = []
        first = 0
        pendingOctets = 0
        if listing != nil { finishList(into: &outputs) }
    }

    // MARK: Nodes of this relay

    private mutating func take(
        _ request: Backplane.Request, at now: Instant, into outputs: inout [Output]
    ) {
        switch request {
        case .attach(let claim):
            let isNew = own.updateValue(claim.epoch, forKey: claim.node) == nil
            if isNew, rounding.insert(claim.node).inserted { round.append(claim.node) }
            guard isConnected else { return }
            if isNew { subscribe(claim.node, into: &outputs) }
            tell(claim.node, into: &outputs)
            publish(claim, "attached", into: &outputs)
        case .detach(let claim, let isTold):
            // Where it is now is of use until its connection here is over.
            if !isTold, watched.count < BackplaneSession.maxWatched { watched[claim.node] = now }
            detach(claim, isTold: isTold, into: &outputs)
        case .watch(let node):
            guard watched[node] != nil || watched.count < BackplaneSession.maxWatched else {
                return
            }
            let isNew = watched.updateValue(now, forKey: node) == nil && own[node] == nil
            if isConnected { look(up: node, isNew: isNew, into: &outputs) }
        case .forward(let parcel): forward(parcel, at: now, into: &outputs)
        case .spread(let line):
            guard isConnected else { return }
            outputs.append(
                .publish(BackplaneSubjects.everybody, reply: nil, isDeletion: false, line))
        }
    }

    private func subscribe(_ node: String, into outputs: inout [Output]) {
        outputs.append(.subscribe(BackplaneSubjects.node(node)))
        guard watched[node] == nil else { return }
        outputs.append(.subscribe(BackplaneSubjects.entry(node)))
    }

    private mutating func detach(
        _ claim: Attachments.Claim, isTold: Bool, into outputs: inout [Output]
    ) {
        guard own.removeValue(forKey: claim.node) != nil else { return }
        outputs.append(.unsubscribe(BackplaneSubjects.node(claim.node)))
        if watched[claim.node] == nil {
            outputs.append(.unsubscribe(BackplaneSubjects.entry(claim.node)))
        }
        guard isTold, isConnected else { return }
        outputs.append(
            .publish(
                BackplaneSubjects.entry(claim.node), reply: nil, isDeletion: true,
                presence(claim, "detached")))
        publish(claim, "detached", into: &outputs)
    }

    /// Writes a node's entry anew.
    func tell(_ node: String, into outputs: inout [Output]) {
        guard let epoch = own[node] else { return }
        let claim = Attachments.Claim(node: node, epoch: epoch)
        outputs.append(
            .publish(
                BackplaneSubjects.entry(node), reply: nil, isDeletion: false,
                presence(claim, "attached")))
    }

    private func publish(
        _ claim: Attachments.Claim, _ event: String, into outputs: inout [Output]
    ) {
        outputs.append(
            .publish(
                BackplaneSubjects.presence(claim.node), reply: nil, isDeletion: false,
                presence(claim, event)))
    }

    private func presence(_ claim: Attachments.Claim, _ event: String) -> [UInt8] {
        let object: JSONObject = [
            "event": .string(event), "node": .string(claim.node), "relay": .string(relay.text),
            "epoch": .number(Double(claim.epoch)), "keeps": .boolean(settings.keeps),
        ]
        return Array(JSONValue.object(object).text.utf8)
    }

    /// Each second its share of the nodes, so that each is told anew within a refresh.
    private mutating func renew(at now: Instant, into outputs: inout [Output]) {
        let seconds = max(1, Int(Attachments.refresh.seconds))
        let share = min(round.count, (round.count + seconds - 1) / seconds)
        let due = Array(round.prefix(share))
        round.removeFirst(share)
        for node in due {
            guard own[node] != nil else {
                rounding.remove(node)
                continue
            }
            round.append(node)
            tell(node, into: &outputs)
        }
        for (node, since) in watched where since + Attachments.lifetime <= now {
            watched[node] = nil
            guard own[node] == nil else { continue }
            outputs.append(.unsubscribe(BackplaneSubjects.entry(node)))
            outputs.append(.event(.unwatched(node)))
        }
        timers.set(.renew, at: now + .seconds(1))
    }

    mutating func look(up node: String, isNew: Bool, into outputs: inout [Output]) {
        if isNew { outputs.append(.subscribe(BackplaneSubjects.entry(node))) }
        guard hasBucket else { return }
        outputs.append(
            .publish(
                BackplaneSubjects.lookUp(node), reply: "\(inbox).entry", isDeletion: false, []))
    }

    // MARK: Packets

    private mutating func forward(
        _ parcel: Backplane.Parcel, at now: Instant, into outputs: inout [Output]
    ) {
        guard isConnected else { return outputs.append(.event(.nobody(parcel))) }
        expire(at: now)
        serial &+= 1
        pending[serial] = parcel
        order.append((serial, now))
        pendingOctets += parcel.original.count
        let subject =
            parcel.isForRelay
            ? BackplaneSubjects.relay(parcel.destination)
            : BackplaneSubjects.node(parcel.destination)
        outputs.append(
            .publish(
                subject, reply: "\(inbox).\(serial)", isDeletion: false, parcel.line))
        if timers.deadline(of: .expire) == nil {
            timers.set(.expire, at: now + BackplaneSession.patience)
        }
    }

    /// Forgets what has been answered by silence, and the oldest where it has become too much.
    private mutating func expire(at now: Instant) {
        while first < order.count {
            let entry = order[first]
            let isOver =
                pending.count > BackplaneSession.maxPending
                || pendingOctets > BackplaneSession.maxPendingOctets
            guard
                pending[entry.token] == nil || isOver
                    || entry.sentAt + BackplaneSession.patience <= now
            else { break }
            if let parcel = pending.removeValue(forKey: entry.token) {
                pendingOctets -= parcel.original.count
            }
            first += 1
        }
        if first > 1024, first > order.count / 2 {
            order.removeFirst(first)
            first = 0
        }
        timers.cancel(.expire)
        guard first < order.count else { return }
        timers.set(.expire, at: order[first].sentAt + BackplaneSession.patience)
    }
}
