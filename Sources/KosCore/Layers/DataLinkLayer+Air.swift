/// Neighbours over the air: each announces itself to whoever hears, signed and as often as air time
/// allows. Nobody is asked to prove anything, and there are no heartbeats: every packet is signed
/// by its source, and whoever brings the link tells when the neighbour has fallen silent.
extension DataLinkLayer {
    /// A radio is up, or a neighbour was heard: one greeting is for all who hear it.
    mutating func welcomeOnAir(
        _ link: LinkID, _ traits: LinkTraits, at now: Instant, into flow: inout Flow<Hop, Frame>
    ) {
        guard traits.air?.isNeighbour == false else { return }
        announceOnAir(link, asks: true, at: now, into: &flow)
    }

    mutating func greetAgain(
        _ link: LinkID, at now: Instant, into flow: inout Flow<Hop, Frame>
    ) {
        if links[link]?.traits.air == nil {
            greet(link, wantsAnswer: true, at: now, into: &flow)
        } else {
            announceOnAir(link, asks: true, at: now, into: &flow)
        }
    }

    mutating func announceOnAir(
        _ link: LinkID, asks: Bool, at now: Instant, into flow: inout Flow<Hop, Frame>
    ) {
        guard let entry = links[link], let air = entry.traits.air else { return }
        var payload = info.object(kind: .nodeInfo)
        let isKnown = entry.greetings > 0 && hasAirNeighbour
        payload["wantsAnswer"] = .boolean(asks && !isKnown)
        let line = author.line(
            to: Packet.broadcast, type: Packet.Kind.discovery, payload: .object(payload), at: now)
        post(line, on: link, at: now, into: &flow)
        guard !air.isNeighbour else { return }
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
        timers.set(.greeting(link), at: now + wait)
    }

    private var hasAirNeighbour: Bool {
        links.entries.values.contains { $0.traits.air?.isNeighbour == true }
    }

    /// Takes an announcement: binds the link to its author.
    mutating func hearOnAir(
        _ packet: JSONObject, on link: LinkID, at now: Instant, into flow: inout Flow<Hop, Frame>
    ) {
        guard let source = packet["source"]?.string.flatMap({ NodeID($0) }),
            let payload = packet["payload"]?.object,
            let info = payload.nodeInfo, let entry = links[link]
        else { return flow.notices.append(.dropped(.malformed, packet: "", from: nil)) }
        let flaw: DropReason?
        switch Packet.signatureState(of: packet, by: verifier) {
        case .ok: flaw = nil
        case .bad: flaw = .badSignature
        case .missing: flaw = settings.isInsecure ? nil : .notAuthenticated
        }
        // An announcement that was heard before is somebody's recording.
        let isOld = entry.info.map { $0.sequence > info.sequence } ?? false
        if let reason = flaw ?? refusal(of: source, on: link) ?? (isOld ? .replayed : nil) {
            links[link]?.counters.errors += 1
            flow.notices.append(.dropped(reason, packet: "", from: entry.traits.place))
            if entry.peer == nil { flow.down.append(.close(link, reason)) }
            return
        }
        let isFirst = links.bind(link, to: source, info, at: now)
        if isFirst, let measure = measure(of: source) {
            flow.up.append(.neighbourUp(source, measure))
        } else {
            tellChange(of: source, into: &flow)
        }
        if payload["wantsAnswer"]?.boolean == true {
            // The other end has not heard who is here, or has begun anew.
            announceOnAir(link, asks: false, at: now, into: &flow)
        }
    }
}
