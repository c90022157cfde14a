/// What the data link exchanges with the physical layer: whole lines.
package enum Frame: Sendable, Hashable {
    case opened(LinkID, LinkTraits)
    case closed(LinkID)
    /// A run of packets, a newline behind each.
    case lines(LinkID, [UInt8])
    /// One packet that may be lost: whoever sends it does not mind, or says it again.
    case word(LinkID, [UInt8])
    /// Who is at the other end is proven: it is a node, and its address is its own.
    case proven(LinkID, takesFragments: Bool)
    case close(LinkID, DropReason)
    case busy(LinkID)
    case ready(LinkID)
    case read(LinkID, Bool)
}

/// Hop ↔ frame: who is at the other end (signed node info), whether it still is (heartbeats), how
/// far away (round trips), and which of several links to it is taken.
package struct DataLinkLayer: ProtocolLayer {
    package typealias Upper = Hop
    package typealias Lower = Frame

    package struct Settings: Sendable {
        package var heartbeat = Duration.milliseconds(2500)
        /// Take neighbours and packets without signatures.
        package var isInsecure = false
        package var outbox = Outbox.Settings()
        /// Packets a second that one neighbour may bring; nil for as many as come.
        package var rate: Double?
        package init() {}
    }

    /// Heartbeats a second to all leaves together.
    private static let leafBeats = 128

    enum Timer: Hashable {
        case heartbeat(LinkID)
        /// An echo is overdue.
        case echo(LinkID)
        /// Say again who is here: the first word may be lost where datagrams may be.
        case greeting(LinkID)
        /// Time for the other end to prove who it is, or to bring anything at all.
        case login(LinkID)
        /// More of what waits may be written.
        case drain(LinkID)
        /// What a neighbour brought too much is paid off.
        case resume(LinkID)
    }
    package internal(set) var links = LinkTable()
    /// What waits, for links that take nothing just now.
    package internal(set) var outboxes: [LinkID: Outbox] = [:]
    /// How good the way to each neighbour was when it was last told of.
    var told: [NodeID: Measure] = [:]
    /// What each neighbour may bring; of one that has not told who it is, by its connection.
    var buckets: [String: TokenBucket] = [:]
    package var info: NodeInfo
    /// Who may be a neighbour; links to others are closed as soon as it is known who is there.
    package private(set) var access = AccessRules()
    var author: Author
    let verifier: any Verifier
    let settings: Settings
    var timers = Timers<Timer>()
    var reader = JSONReader()
    private var scanner = PacketScanner()

    package init(info: NodeInfo, author: Author, verifier: any Verifier, settings: Settings) {
        self.info = info
        self.author = author
        self.verifier = verifier
        self.settings = settings
    }

    package var nextDeadline: Instant? { timers.next }

    // MARK: Outbound

    package mutating func processOutbound(
        _ unit: Hop, at now: Instant, into flow: inout Flow<Hop, Frame>
    ) {
        switch unit {
        case .transmit(let lines, to: let target, count: let count, let kind):
            let link: LinkID?
            switch target {
            case .neighbour(let peer):
                let all = links.ids(to: peer)
                if all.count > 1 {
                    return spread(lines, count, kind, to: peer, at: now, into: &flow)
                }
                link = all.first
            case .link(let id): link = id
            }
            guard let link, links.contains(link) else {
                return flow.notices.append(.dropped(.noSuchLink, packet: "", from: nil))
            }
            put(lines, count, kind, on: link, at: now, into: &flow)
        case .received, .neighbourUp, .neighbourDown, .neighbourChanged, .linkGone, .rerouted:
            break
        }
    }

    mutating func transmit(
        _ lines: [UInt8], on link: LinkID, count: Int, at now: Instant,
        into flow: inout Flow<Hop, Frame>
    ) {
        links.sent(count, lines.count, on: link, at: now)
        flow.down.append(.lines(link, lines))
    }

    // MARK: Inbound

    package mutating func processInbound(
        _ unit: Frame, at now: Instant, into flow: inout Flow<Hop, Frame>
    ) {
        switch unit {
        case .opened(let link, let traits):
            guard !links.isFull else { return flow.down.append(.close(link, .tooManyLinks)) }
            guard !access.refuses(host: traits.remote.host) else {
                flow.notices.append(.dropped(.denied, packet: "", from: traits.place))
                return flow.down.append(.close(link, .denied))
            }
            links.open(link, traits, at: now)
            if traits.air != nil {
                welcomeOnAir(link, traits, at: now, into: &flow)
            } else {
                welcome(link, traits, at: now, into: &flow)
            }
        case .closed(let link): lose(link, at: now, into: &flow)
        case .lines(let link, let run): receive(run, on: link, at: now, into: &flow)
        case .busy(let link): block(link)
        case .ready(let link):
            outboxes[link]?.isBlocked = false
            drain(link, at: now, into: &flow)
        case .close, .read, .word, .proven: break
        }
    }

    private mutating func lose(
        _ link: LinkID, at now: Instant, into flow: inout Flow<Hop, Frame>
    ) {
        timers.cancel(.heartbeat(link))
        timers.cancel(.echo(link))
        timers.cancel(.greeting(link))
        timers.cancel(.login(link))
        var waiting: [Outbox.Parcel] = []
        if let peer = links[link]?.peer, links.count(to: peer) > 1 {
            waiting = outboxes[link]?.take(.max, at: now) ?? []
        }
        forget(link, into: &flow)
        let (peer, isLast) = links.close(link)
        flow.up.append(.linkGone(link))
        guard let peer else { return }
        if isLast {
            told[peer] = nil
            flow.up.append(.neighbourDown(peer))
        } else {
            tellChange(of: peer, into: &flow)
            moveOn(waiting, to: peer, at: now, into: &flow)
        }
    }

    /// Takes new rules, and closes the links that they refuse.
    package mutating func admit(
        _ rules: AccessRules, into flow: inout Flow<Hop, Frame>
    ) {
        access = rules
        for (id, entry) in links.entries.sorted(by: { $0.key < $1.key })
        where rules.refuses(host: entry.traits.remote.host)
            || entry.peer.map(rules.refuses) ?? false
        {
            flow.notices.append(.dropped(.denied, packet: "", from: entry.traits.place))
            flow.down.append(.close(id, .denied))
        }
    }

    mutating func tellChange(of peer: NodeID, into flow: inout Flow<Hop, Frame>) {
        guard let measure = measure(of: peer) else { return }
        told[peer] = measure
        flow.up.append(.neighbourChanged(peer, measure))
    }

    func measure(of peer: NodeID) -> Measure? {
        links.best(to: peer).map { entry in
            Measure(
                transport: entry.traits.transport, latency: (entry.roundTrip ?? 2) / 2,
                reliability: min(1, entry.reliability), address: entry.traits.listeningAddress,
                isLeaf: entry.info?.role == .leaf)
        }
    }

    private mutating func receive(
        _ run: [UInt8], on link: LinkID, at now: Instant, into flow: inout Flow<Hop, Frame>
    ) {
        guard links.received(run.count, on: link, at: now) else { return }
        var packets: [Run.Packet] = []
        var sound = 0
        var start = 0
        let octets = run.span
        while start < octets.count {
            if let (scan, range) = scanner.next(octets, from: start) {
                start = range.upperBound + 1
                sound += 1
                if packets.isEmpty { packets.reserveCapacity(octets.count / (range.count + 1) + 1) }
                packets.append(Run.Packet(range: range, scan: scan))
                continue
            }
            let newline = octets.firstOffset(of: 0x0A, from: start) ?? octets.count
            let end = newline > start && octets[newline - 1] == 0x0D ? newline - 1 : newline
            let range = start..<end
            start = newline + 1
            guard !range.isEmpty else { continue }
            guard let scan = scan(octets.extracting(range), on: link, into: &flow) else { continue }
            sound += 1
            if consume(octets.extracting(range), scan, on: link, at: now, into: &flow) { continue }
            packets.append(Run.Packet(range: range, scan: scan))
        }
        links[link]?.counters.packetsReceived += sound
        charge(packets.count, to: link, at: now, into: &flow)
        guard !packets.isEmpty, let entry = links[link] else { return }
        let origin = Origin(
            link: link, peer: entry.peer, place: entry.traits.place,
            isOverheard: entry.traits.air != nil)
        flow.up.append(.received(Run(octets: run, packets: packets, origin: origin)))
    }

    private mutating func scan(
        _ line: borrowing Span<UInt8>, on link: LinkID, into flow: inout Flow<Hop, Frame>
    ) -> PacketScan? {
        do throws(RecordError) {
            try line.requireUTF8()
            return try scanner.scan(line)
        } catch {
            links[link]?.counters.errors += 1
            let place = links[link]?.traits.place
            flow.notices.append(.dropped(.malformed, packet: "", from: place))
            return nil
        }
    }

    /// Takes what is for this link alone: node info and heartbeats. False for all else.
    private mutating func consume(
        _ line: borrowing Span<UInt8>, _ scan: PacketScan, on link: LinkID, at now: Instant,
        into flow: inout Flow<Hop, Frame>
    ) -> Bool {
        if scan.type.equals("heartbeat", in: line) {
            heartbeat(line, on: link, at: now, into: &flow)
            return true
        }
        if scan.type.equals("discovery", in: line), let packet = try? JSONObject(parsing: line),
            packet["payload"]?.object?["kind"]?.string == Packet.Control.nodeInfo.rawValue
        {
            if links[link]?.traits.air != nil {
                hearOnAir(packet, on: link, at: now, into: &flow)
            } else {
                meet(packet, on: link, at: now, into: &flow)
            }
            return true
        }
        return takeRefusal(line, scan, on: link, into: &flow)
    }

    // MARK: Heartbeats

    private mutating func heartbeat(
        _ line: borrowing Span<UInt8>, on link: LinkID, at now: Instant,
        into flow: inout Flow<Hop, Frame>
    ) {
        guard let payload = (try? JSONObject(parsing: line))?["payload"]?.object,
            let stamp = payload["stamp"]?.string
        else { return flow.notices.append(.dropped(.malformed, packet: "", from: nil)) }
        switch payload["kind"]?.string {
        case Packet.Control.ping.rawValue:
            if let entry = links[link], entry.peer == nil, !entry.traits.transport.isReliable {
                // It knows this node from an earlier life, and this one has to learn who it is.
                return greet(link, wantsAnswer: true, at: now, into: &flow)
            }
            send(.pong, stamp: stamp, on: link, at: now, into: &flow)
        case Packet.Control.pong.rawValue:
            guard let sent = Int64(stamp), sent <= now.nanoseconds else { return }
            let isMeasured = links[link]?.roundTrip != nil
            links.echoed(link, after: Double(now.nanoseconds - sent) / 1e6)
            guard let peer = links[link]?.peer else { return }
            if isMeasured {
                tellIfNotable(peer, into: &flow)
            } else {
                tellChange(of: peer, into: &flow)
            }
        default: flow.notices.append(.dropped(.malformed, packet: "", from: nil))
        }
    }

    private mutating func send(
        _ kind: Packet.Control, stamp: String, on link: LinkID, at now: Instant,
        into flow: inout Flow<Hop, Frame>
    ) {
        var packet = author.packet(
            to: links[link]?.peer?.text ?? Packet.broadcast, type: Packet.Kind.heartbeat,
            payload: .object(["kind": .string(kind.rawValue), "stamp": .string(stamp)]), at: now)
        packet.metadata.hops = 1
        packet.metadata.ttl = 0
        packet.metadata.priority = 0
        say(packet.wire + [0x0A], on: link, at: now, into: &flow)
    }

    /// From one heartbeat to the next. Where very many leaves hold a connection open, their
    /// heartbeats share a rate: nothing hangs on a leaf but its own packets.
    private func rhythm(of entry: LinkTable.Entry) -> Duration {
        guard entry.info?.role == .leaf, entry.traits.transport.isReliable else {
            return settings.heartbeat
        }
        let shared = links.entries.count * 1000 / DataLinkLayer.leafBeats
        return max(settings.heartbeat, .milliseconds(shared))
    }

    /// Sends a heartbeat and plans the next; a link that stayed silent too often is closed.
    mutating func beat(_ link: LinkID, at now: Instant, into flow: inout Flow<Hop, Frame>) {
        guard let entry = links[link] else { return }
        // Whatever arrives is a sign of life: under load an echo may wait behind data.
        let isSilent = entry.lastReceived + settings.heartbeat <= now && !isPaused(link)
        if entry.isAwaitingEcho, isSilent, links.missed(link) {
            flow.notices.append(.dropped(.expired, packet: "", from: entry.traits.place))
            return flow.down.append(.close(link, .expired))
        }
        if entry.isAwaitingEcho, isSilent, let peer = entry.peer {
            tellIfNotable(peer, into: &flow)
        }
        links[link]?.isAwaitingEcho = true
        send(.ping, stamp: String(now.nanoseconds), on: link, at: now, into: &flow)
        timers.set(.heartbeat(link), at: now + rhythm(of: entry))
        timers.set(.echo(link), at: now + echoPatience(of: entry))
    }

    package mutating func advance(to now: Instant, into flow: inout Flow<Hop, Frame>) {
        while let timer = timers.popDue(at: now) {
            switch timer {
            case .heartbeat(let link): beat(link, at: now, into: &flow)
            case .echo(let link): suspect(link, at: now, into: &flow)
            case .greeting(let link): greetAgain(link, at: now, into: &flow)
            case .login(let link): judge(link, at: now, into: &flow)
            case .drain(let link): drain(link, at: now, into: &flow)
            case .resume(let link):
                links[link]?.lastReceived = now
                flow.down.append(.read(link, true))
            }
        }
    }
}
