/// What the data link exchanges with the physical layer: whole lines.
package enum Frame: Sendable, Hashable {
    case opened(LinkID, LinkTraits)
    case closed(LinkID)
    /// A run of packets, a newline behind each.
    case lines(LinkID, [UInt8])
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

    enum Timer: Hashable {
        case heartbeat(LinkID)
        /// Say again who is here: the first word may be lost where datagrams may be.
        case greeting(LinkID)
        /// More of what waits may be written.
        case drain(LinkID)
        /// What a neighbour brought too much is paid off.
        case resume(LinkID)
    }
    /// Greetings to an end that stays silent, a second apart.
    private static let maxGreetings = 10

    package internal(set) var links = LinkTable()
    /// What waits, for links that take nothing just now.
    package internal(set) var outboxes: [LinkID: Outbox] = [:]
    /// What each neighbour may bring; of one that has not told who it is, by its connection.
    var buckets: [String: TokenBucket] = [:]
    package var info: NodeInfo
    /// Who may be a neighbour; links to others are closed as soon as it is known who is there.
    package private(set) var access = AccessRules()
    private var author: Author
    private let verifier: any Verifier
    let settings: Settings
    var timers = Timers<Timer>()
    private var reader = JSONReader()

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
            case .neighbour(let peer): link = links.best(to: peer)?.id
            case .link(let id): link = id
            }
            guard let link, links[link] != nil else {
                return flow.notices.append(.dropped(.noSuchLink, packet: "", from: nil))
            }
            if outboxes[link] != nil {
                hold(lines, count, kind, for: link, at: now, into: &flow)
            } else {
                transmit(lines, on: link, count: count, at: now, into: &flow)
            }
        case .received, .neighbourUp, .neighbourDown, .neighbourChanged, .linkGone: break
        }
    }

    mutating func transmit(
        _ lines: [UInt8], on link: LinkID, count: Int, at now: Instant,
        into flow: inout Flow<Hop, Frame>
    ) {
        links[link]?.counters.packetsSent += count
        links[link]?.counters.bytesSent += lines.count
        links[link]?.counters.lastActivity = now
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
            // Over the air one greeting is for all who hear it.
            if traits.air?.isNeighbour != true {
                greet(link, wantsAnswer: true, at: now, into: &flow)
            }
        case .closed(let link): lose(link, into: &flow)
        case .lines(let link, let run): receive(run, on: link, at: now, into: &flow)
        case .busy(let link): block(link)
        case .ready(let link):
            outboxes[link]?.isBlocked = false
            drain(link, at: now, into: &flow)
        case .close, .read: break
        }
    }

    private mutating func greet(
        _ link: LinkID, wantsAnswer: Bool, at now: Instant, into flow: inout Flow<Hop, Frame>
    ) {
        guard let entry = links[link] else { return }
        var payload = info.object(kind: .nodeInfo)
        let isKnown = entry.traits.air != nil && entry.greetings > 0 && hasAirNeighbour
        payload["wantsAnswer"] = .boolean(wantsAnswer && !isKnown)
        let line = author.line(
            to: Packet.broadcast, type: Packet.Kind.discovery, payload: .object(payload), at: now)
        post(line, on: link, at: now, into: &flow)
        if let air = entry.traits.air, !air.isNeighbour {
            links[link]?.greetings += 1
            var wait = air.interval
            if !hasAirNeighbour {
                // Not heard of anybody yet: ask again soon, then ever more seldom.
                let step = Int64(air.roundTrip * 8) << Int64(min(8, entry.greetings))
                wait = min(wait, .milliseconds(step))
            }
            // Nobody in step with anybody else: between three and five quarters of the time.
            let dice = Int64(author.roll() % 1024)
            wait = .nanoseconds(wait.nanoseconds / 2048 * (1536 + dice))
            return timers.set(.greeting(link), at: now + wait)
        }
        guard wantsAnswer, !entry.traits.transport.isReliable, entry.traits.air == nil,
            entry.greetings < DataLinkLayer.maxGreetings
        else { return }
        links[link]?.greetings += 1
        timers.set(.greeting(link), at: now + .seconds(1))
    }

    private var hasAirNeighbour: Bool {
        links.entries.values.contains { $0.traits.air?.isNeighbour == true }
    }

    private mutating func lose(_ link: LinkID, into flow: inout Flow<Hop, Frame>) {
        timers.cancel(.heartbeat(link))
        timers.cancel(.greeting(link))
        forget(link, into: &flow)
        let (peer, isLast) = links.close(link)
        flow.up.append(.linkGone(link))
        guard let peer else { return }
        if isLast {
            flow.up.append(.neighbourDown(peer))
        } else {
            tellChange(of: peer, into: &flow)
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

    private func tellChange(of peer: NodeID, into flow: inout Flow<Hop, Frame>) {
        guard let measure = measure(of: peer) else { return }
        flow.up.append(.neighbourChanged(peer, measure))
    }

    private func measure(of peer: NodeID) -> Measure? {
        links.best(to: peer).map { entry in
            Measure(
                transport: entry.traits.transport, latency: (entry.roundTrip ?? 2) / 2,
                reliability: min(1, entry.reliability), address: entry.traits.listeningAddress)
        }
    }

    private mutating func receive(
        _ run: [UInt8], on link: LinkID, at now: Instant, into flow: inout Flow<Hop, Frame>
    ) {
        guard links[link] != nil else { return }
        links[link]?.counters.bytesReceived += run.count
        links[link]?.counters.lastActivity = now
        links[link]?.lastReceived = now
        var packets: [Run.Packet] = []
        var sound = 0
        var start = 0
        let octets = run.span
        while start < octets.count {
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
            let scan = try PacketScan(line, using: &reader)
            return scan
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
            meet(packet, on: link, at: now, into: &flow)
            return true
        }
        return false
    }

    /// Takes a neighbour's node info: binds the link to it, or closes the link.
    private mutating func meet(
        _ packet: JSONObject, on link: LinkID, at now: Instant, into flow: inout Flow<Hop, Frame>
    ) {
        let state = Packet.signatureState(of: packet, by: verifier)
        guard let source = packet["source"]?.string.flatMap({ NodeID($0) }),
            let payload = packet["payload"]?.object,
            let info = try? NodeInfo(RecordFields(payload)), let entry = links[link]
        else { return flow.notices.append(.dropped(.malformed, packet: "", from: nil)) }
        let refusal: DropReason?
        switch state {
        case .ok: refusal = nil
        case .bad: refusal = .badSignature
        case .missing: refusal = settings.isInsecure ? nil : .notAuthenticated
        }
        let isOther =
            entry.peer.map { $0 != source } ?? false
            || entry.traits.remote.pinnedPeer.map { $0 != source } ?? false
        if let reason = refusal
            ?? (source == author.node
                ? .selfConnection
                : isOther ? .wrongPeer : access.refuses(source) ? .denied : nil)
        {
            links[link]?.counters.errors += 1
            flow.notices.append(.dropped(reason, packet: "", from: entry.traits.place))
            return flow.down.append(.close(link, reason))
        }
        let isFirst = links.bind(link, to: source, info)
        if isFirst, let measure = measure(of: source) {
            flow.up.append(.neighbourUp(source, measure))
        } else {
            tellChange(of: source, into: &flow)
        }
        timers.cancel(.greeting(link))
        // Over the air heartbeats would cost too much: whoever brings the link tells when it is
        // gone.
        if entry.peer == nil, entry.traits.air == nil {
            beat(link, at: now, into: &flow)
        } else if payload["wantsAnswer"]?.boolean == true {
            // The other end has not heard who is here, or has begun anew.
            greet(link, wantsAnswer: false, at: now, into: &flow)
        }
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
        case Packet.Control.ping.rawValue: send(.pong, stamp: stamp, on: link, at: now, into: &flow)
        case Packet.Control.pong.rawValue:
            guard let sent = Int64(stamp), sent <= now.nanoseconds else { return }
            let isMeasured = links[link]?.roundTrip != nil
            links.echoed(link, after: Double(now.nanoseconds - sent) / 1e6)
            if !isMeasured, let peer = links[link]?.peer { tellChange(of: peer, into: &flow) }
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
        post(packet.wire + [0x0A], on: link, at: now, into: &flow)
    }

    /// Sends a heartbeat and plans the next; a link that stayed silent too often is closed.
    private mutating func beat(_ link: LinkID, at now: Instant, into flow: inout Flow<Hop, Frame>) {
        guard let entry = links[link] else { return }
        // Whatever arrives is a sign of life: under load an echo may wait behind data.
        let isSilent = entry.lastReceived + settings.heartbeat <= now && !isPaused(link)
        if entry.isAwaitingEcho, isSilent, links.missed(link) {
            flow.notices.append(.dropped(.expired, packet: "", from: entry.traits.place))
            return flow.down.append(.close(link, .expired))
        }
        links[link]?.isAwaitingEcho = true
        send(.ping, stamp: String(now.nanoseconds), on: link, at: now, into: &flow)
        timers.set(.heartbeat(link), at: now + settings.heartbeat)
    }

    package mutating func advance(to now: Instant, into flow: inout Flow<Hop, Frame>) {
        while let timer = timers.popDue(at: now) {
            switch timer {
            case .heartbeat(let link): beat(link, at: now, into: &flow)
            case .greeting(let link): greet(link, wantsAnswer: true, at: now, into: &flow)
            case .drain(let link): drain(link, at: now, into: &flow)
            case .resume(let link):
                links[link]?.lastReceived = now
                flow.down.append(.read(link, true))
            }
        }
    }
}
