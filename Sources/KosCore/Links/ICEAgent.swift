/// One ICE session with one component (RFC 8445): finds the pair of addresses over which two nodes
/// reach each other, and watches that it stays good (RFC 7675). A lite agent (§2.5) only answers.
package struct ICEAgent: Engine {
    package struct Settings: Sendable {
        package var local: ICECredentials
        package var isLite = false
        package var isControlling = false
        package var tieBreaker: UInt64
        /// Transaction ids come out of this: nobody who has not seen one can foresee the next.
        package var secret: [UInt8]
        package var authenticator: any STUNAuthenticator
        /// Between two new checks (§14.2 asks for 5 ms at least).
        package var pace = Duration.milliseconds(10)
        /// Until a check is repeated for the first time (§14.3).
        package var repeatAfter = Duration.milliseconds(500)
        /// How long a better pair is waited for once one is good.
        package var nominationDelay = Duration.milliseconds(50)
        package var consentInterval = Duration.seconds(5)
        /// RFC 7675 §5.1.
        package var consentPatience = Duration.seconds(30)
        /// How long there may be no pair.
        package var patience = Duration.seconds(15)

        package init(
            local: ICECredentials, tieBreaker: UInt64, secret: [UInt8],
            authenticator: any STUNAuthenticator
        ) {
            self.local = local
            self.tieBreaker = tieBreaker
            self.secret = secret
            self.authenticator = authenticator
        }
    }

    /// A socket of this agent, by its place in `bases`, and an address at the other end.
    package struct Path: Hashable, Sendable {
        package let base: Int
        package let remote: ContactAddress

        package init(base: Int, remote: ContactAddress) {
            self.base = base
            self.remote = remote
        }
    }

    package enum Input: Sendable {
        /// What the other side's description says.
        case remote(ICECredentials, [ICECandidate], isLite: Bool)
        /// One that became known later (RFC 8838).
        case candidate(ICECandidate)
        /// A STUN datagram.
        case datagram([UInt8], Path)
        /// Ask these servers under which address they see this agent.
        case gather([ContactAddress])
    }

    package enum Refusal: String, Hashable, Sendable, CaseIterable {
        case malformed = "no STUN message of ICE"
        case wrongName = "wrong ufrag"
        case wrongIntegrity = "wrong message integrity"
        case replayed = "replayed request"
        case unknownTransaction = "answer to nothing that was asked"
        case wrongSource = "answer from elsewhere"
    }

    package enum Output: Sendable, Hashable {
        case send([UInt8], Path)
        case selected(Path)
        case gathered(ICECandidate)
        case gatheringDone
        case refused(Refusal, from: ContactAddress)
        case failed(String)
    }

    struct Pair: Hashable {
        enum State { case waiting, inProgress, succeeded, failed }
        let path: Path
        let remotePriority: UInt32
        let localPriority: UInt32
        var state = State.waiting
        /// The other side wants it.
        var isNominated = false

        /// §6.1.2.3.
        func priority(isControlling: Bool) -> UInt64 {
            let ours = UInt64(localPriority)
            let theirs = UInt64(remotePriority)
            let (controlling, controlled) = isControlling ? (ours, theirs) : (theirs, ours)
            return min(controlling, controlled) << 32 &+ 2 * max(controlling, controlled)
                &+ (controlling > controlled ? 1 : 0)
        }
    }

    /// A request that was sent and not answered yet.
    struct Check: Hashable {
        let pair: Int
        let octets: [UInt8]
        let nominates: Bool
        var tries = 1
        var next: Instant
    }

    struct Gathering: Hashable {
        let path: Path
        let octets: [UInt8]
        var next: Instant
    }

    static let maxPairs = 100
    static let maxRemotes = 32
    static let maxTries = 7
    static let maxSeen = 1024
    static let gatheringTime = Duration.milliseconds(1000)
    static let gatheringRepeat = Duration.milliseconds(250)

    var settings: Settings
    /// Where this agent's sockets are bound.
    package let bases: [ICECandidate]
    var remote: ICECredentials?
    private(set) var isRemoteLite = false
    package var isControlling: Bool { settings.isControlling }
    package var local: ICECredentials { settings.local }
    package var pairCount: Int { pairs.count }
    var pairs: [Pair] = []
    var checks: [[UInt8]: Check] = [:]
    /// Pairs that are to be checked next, out of turn (§7.3.1.4).
    var triggered: [Int] = []
    var nominationTime: Instant?
    var isNominating = false
    package internal(set) var selected: Path?
    var nextCheck: Instant?
    var nextConsent: Instant?
    var consentUntil: Instant?
    private var deadline: Instant?
    private(set) var isOver = false
    private var gatherings: [[UInt8]: Gathering] = [:]
    private var gatheringUntil: Instant?
    /// Transactions of requests that were answered, and where they came from.
    private var seen: [[UInt8]: Path] = [:]
    private var seenOrder: [[UInt8]] = []
    private var seenNext = 0
    private var counter: UInt64 = 0

    /// `bases` are host candidates, one for each socket.
    package init(_ settings: Settings, bases: [ICECandidate], at now: Instant) {
        self.settings = settings
        self.bases = bases
        deadline = now + settings.patience
    }

    // MARK: Engine

    package var nextDeadline: Instant? {
        guard !isOver else { return nil }
        let times = checks.values.map(\.next) + gatherings.values.map(\.next)
        let others = [
            selected == nil ? deadline : nil,
            // Checks wait for the description with whose password they are made.
            remote == nil ? nil : nextCheck, nextConsent, consentUntil, nominationTime,
            gatheringUntil,
        ]
        return (times + others.compactMap { $0 }).min()
    }

    package mutating func handle(_ input: Input, at now: Instant, into outputs: inout [Output]) {
        guard !isOver else { return }
        switch input {
        case .remote(let credentials, let candidates, let isLite):
            remote = credentials
            isRemoteLite = isLite
            // A lite agent never controls a full one (§6.1.1).
            if isLite, !settings.isLite { settings.isControlling = true }
            for candidate in candidates { learn(candidate, at: now) }
        case .candidate(let candidate): learn(candidate, at: now)
        case .datagram(let octets, let path): take(octets, path, at: now, into: &outputs)
        case .gather(let servers): gather(servers, at: now, into: &outputs)
        }
        advance(to: now, into: &outputs)
    }

    package mutating func advance(to now: Instant, into outputs: inout [Output]) {
        guard !isOver else { return }
        repeatGatherings(at: now, into: &outputs)
        if selected == nil, let deadline, now >= deadline {
            return fail("no pair of addresses works", into: &outputs)
        }
        if let consentUntil, now >= consentUntil {
            return fail("the other end has not been heard for a while", into: &outputs)
        }
        repeatChecks(at: now, into: &outputs)
        sendNextCheck(at: now, into: &outputs)
        if let time = nominationTime, now >= time { nominate(at: now, into: &outputs) }
        keepConsent(at: now, into: &outputs)
    }

    private mutating func fail(_ reason: String, into outputs: inout [Output]) {
        isOver = true
        checks = [:]
        outputs.append(.failed(reason))
    }

    // MARK: Datagrams

    private mutating func take(
        _ octets: [UInt8], _ path: Path, at now: Instant, into outputs: inout [Output]
    ) {
        guard let message = STUNMessage(octets), message.method == STUNMessage.binding,
            bases.indices.contains(path.base)
        else { return outputs.append(.refused(.malformed, from: path.remote)) }
        switch message.kind {
        case .request: answer(message, path, at: now, into: &outputs)
        case .success, .failure:
            if gatherings[message.transaction] != nil {
                return reflect(message, path, into: &outputs)
            }
            settle(message, path, at: now, into: &outputs)
        case .indication: break
        }
    }

    private func flaw(of request: STUNMessage) -> Refusal? {
        guard request.hasFingerprint, let name = request[STUNMessage.Name.username] else {
            return .malformed
        }
        let ours = Array("\(settings.local.fragment):".utf8)
        guard name.starts(with: ours) else { return .wrongName }
        if let remote, Array(name.dropFirst(ours.count)) != Array(remote.fragment.utf8) {
            return .wrongName
        }
        guard request.isIntact(key: settings.local.key, settings.authenticator) else {
            return .wrongIntegrity
        }
        return nil
    }

    private mutating func answer(
        _ request: STUNMessage, _ path: Path, at now: Instant, into outputs: inout [Output]
    ) {
        if let flaw = flaw(of: request) {
            return outputs.append(.refused(flaw, from: path.remote))
        }
        if let before = seen[request.transaction] {
            guard before == path else {
                return outputs.append(.refused(.replayed, from: path.remote))
            }
            // Its answer was lost, or somebody repeats it: either way it has had its effect.
            return respond(to: request, path, into: &outputs)
        }
        remember(request.transaction, path)
        if isConflict(request) {
            return send(
                .failure, [STUNMessage.error(487, "Role Conflict")], request, path, into: &outputs)
        }
        respond(to: request, path, into: &outputs)
        guard STUN.unknownAttributes(request).isEmpty else { return }
        let nominates = request.has(STUNMessage.Name.useCandidate)
        if settings.isLite {
            if nominates, selected != path { select(path, at: now, into: &outputs) }
            if selected == path { consentUntil = now + settings.consentPatience }
        } else {
            let priority = request.number32(STUNMessage.Name.priority) ?? 1
            meet(path, priority: priority, isNominated: nominates, at: now, into: &outputs)
        }
    }

    private mutating func respond(
        to request: STUNMessage, _ path: Path, into outputs: inout [Output]
    ) {
        let unknown = STUN.unknownAttributes(request)
        guard unknown.isEmpty else {
            let types = unknown.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
            let list = STUNMessage.Attribute(STUNMessage.Name.unknownAttributes, types)
            return send(
                .failure, [STUNMessage.error(420, "Unknown Attribute"), list], request, path,
                into: &outputs)
        }
        send(
            .success, [STUNMessage.xorMapped(path.remote, request.transaction)], request, path,
            into: &outputs)
    }

    private func send(
        _ kind: STUNMessage.Class, _ attributes: [STUNMessage.Attribute], _ request: STUNMessage,
        _ path: Path, into outputs: inout [Output]
    ) {
        let octets = STUNMessage.encode(
            kind, transaction: request.transaction, attributes,
            integrity: (settings.local.key, settings.authenticator))
        outputs.append(.send(octets, path))
    }

    /// §7.3.1.1: both think that they control, or that the other does.
    private mutating func isConflict(_ request: STUNMessage) -> Bool {
        guard !settings.isLite else { return false }
        let name =
            isControlling ? STUNMessage.Name.iceControlling : STUNMessage.Name.iceControlled
        guard let theirs = request.number64(name) else { return false }
        let isOurs = settings.tieBreaker >= theirs
        if isControlling == isOurs { return true }
        settings.isControlling = isOurs
        return false
    }

    private mutating func remember(_ transaction: [UInt8], _ path: Path) {
        seen[transaction] = path
        guard seenOrder.count == ICEAgent.maxSeen else { return seenOrder.append(transaction) }
        seen[seenOrder[seenNext]] = nil
        seenOrder[seenNext] = transaction
        seenNext = (seenNext + 1) % ICEAgent.maxSeen
    }

    mutating func select(_ path: Path, at now: Instant, into outputs: inout [Output]) {
        guard selected != path else { return }
        selected = path
        consentUntil = now + settings.consentPatience
        if !settings.isLite { nextConsent = now + settings.consentInterval }
        triggered = []
        nextCheck = nil
        outputs.append(.selected(path))
    }

    // MARK: Gathering

    /// A transaction id, 96 bits.
    mutating func transaction() -> [UInt8] {
        counter &+= 1
        let message = (0..<8).map { UInt8(truncatingIfNeeded: counter >> (8 * $0)) }
        let hash = settings.authenticator.hmacSHA1(message, key: settings.secret)
        return Array(hash.prefix(STUNMessage.transactionSize))
    }

    private mutating func gather(
        _ servers: [ContactAddress], at now: Instant, into outputs: inout [Output]
    ) {
        for server in servers.prefix(4) {
            for (base, candidate) in bases.enumerated()
            where candidate.address.ip.isIPv6 == server.ip.isIPv6
                && candidate.address.ip.isLoopback == server.ip.isLoopback
            {
                let id = transaction()
                let octets = STUNMessage.encode(.request, transaction: id, [])
                let path = Path(base: base, remote: server)
                gatherings[id] = Gathering(
                    path: path, octets: octets, next: now + ICEAgent.gatheringRepeat)
                outputs.append(.send(octets, path))
            }
        }
        gatheringUntil = now + (gatherings.isEmpty ? .zero : ICEAgent.gatheringTime)
    }

    private mutating func repeatGatherings(at now: Instant, into outputs: inout [Output]) {
        guard let until = gatheringUntil else { return }
        guard now < until, !gatherings.isEmpty else {
            gatherings = [:]
            gatheringUntil = nil
            return outputs.append(.gatheringDone)
        }
        let due = gatherings.filter { $0.value.next <= now }
        for (id, gathering) in due.sorted(by: { $0.value.path.base < $1.value.path.base }) {
            gatherings[id]?.next = now + ICEAgent.gatheringRepeat
            outputs.append(.send(gathering.octets, gathering.path))
        }
    }

    private mutating func reflect(
        _ message: STUNMessage, _ path: Path, into outputs: inout [Output]
    ) {
        guard gatherings[message.transaction]?.path == path else {
            return outputs.append(.refused(.wrongSource, from: path.remote))
        }
        gatherings[message.transaction] = nil
        let base = bases[path.base].address
        guard message.kind == .success, let address = message.mappedAddress, address.isUsable,
            !bases.contains(where: { $0.address == address })
        else { return }
        outputs.append(
            .gathered(
                ICECandidate(local: .serverReflexive, address, rank: path.base, base: base)))
    }
}
