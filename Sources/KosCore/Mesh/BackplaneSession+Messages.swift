/// What comes over the backplane: packets, answers, and word of where nodes are.
extension BackplaneSession {
    mutating func take(
        _ message: Message, at now: Instant, into outputs: inout [Output]
    ) {
        guard isConnected else { return }
        // What a stream sends comes under its own subject; only its reply tells that it does.
        if let reply = message.reply, reply.utf8.starts(with: BackplaneSubjects.listed.utf8) {
            return found(message, pending: reply, into: &outputs)
        }
        if message.subject.utf8.starts(with: "\(inbox).".utf8) {
            return answered(message, into: &outputs)
        }
        if message.subject.utf8.starts(with: "$KV.".utf8) {
            return hear(message, into: &outputs)
        }
        if message.subject == BackplaneSubjects.relay(relay.text), let reply = message.reply,
            (try? JSONObject(parsing: message.octets.span))?["kind"]?.string == "ping"
        {
            let pong: JSONObject = [
                "kind": .string("pong"), "relay": .string(relay.text),
                "attached": .number(Double(own.count)), "keeps": .boolean(settings.keeps),
            ]
            let answer = Array(JSONValue.object(pong).text.utf8)
            return outputs.append(.publish(reply, reply: nil, isDeletion: false, answer))
        }
        outputs.append(.event(.arrived(message.octets + [0x0A])))
    }

    private mutating func answered(_ message: Message, into outputs: inout [Output]) {
        let word = message.subject.dropFirst(inbox.count + 1)
        switch word {
        case "bucket": takeBucket(message, into: &outputs)
        case "entry":
            if message.status == nil { hear(message, into: &outputs) }
        case "list":
            if message.status == 503 { return finishList(into: &outputs) }
            let answer = try? JSONObject(parsing: message.octets.span)
            if answer?["num_pending"]?.integer ?? 0 == 0 { finishList(into: &outputs) }
        default:
            guard message.status == 503, let token = UInt64(word),
                let parcel = pending.removeValue(forKey: token)
            else { return }
            pendingOctets -= parcel.original.count
            outputs.append(.event(.nobody(parcel)))
        }
    }

    private mutating func takeBucket(_ message: Message, into outputs: inout [Output]) {
        if message.status == 503 {
            return outputs.append(
                .note("the server has no JetStream: where nodes are is told, but not kept"))
        }
        let answer = try? JSONObject(parsing: message.octets.span)
        if let error = answer?["error"]?.object, error["err_code"]?.integer != 10058 {
            let text = error["description"]?.string ?? "no reason given"
            return outputs.append(.note("no bucket \(BackplaneSubjects.bucket): \(text)"))
        }
        hasBucket = true
        for node in watched.keys.sorted() { look(up: node, isNew: false, into: &outputs) }
    }

    private func presence(in message: Message) -> Presence? {
        guard let object = try? JSONObject(parsing: message.octets.span),
            let node = object["node"]?.string.flatMap({ NodeID($0) }),
            let relay = object["relay"]?.string.flatMap({ NodeID($0) }),
            let epoch = object["epoch"]?.integer, epoch >= 0
        else { return nil }
        return Presence(
            claim: .init(node: node.text, epoch: epoch), relay: relay,
            keeps: object["keeps"]?.boolean ?? false)
    }

    /// Somebody tells where a node is.
    private mutating func hear(_ message: Message, into outputs: inout [Output]) {
        guard let presence = presence(in: message), presence.relay != relay else { return }
        if message.isDeletion {
            // The bucket has lost the entry, which is ours where the other came too late.
            if own[presence.claim.node] != nil { tell(presence.claim.node, into: &outputs) }
            return outputs.append(.event(.absent(presence.claim, relay: presence.relay)))
        }
        if let epoch = own[presence.claim.node],
            (presence.claim.epoch, presence.relay) < (epoch, relay)
        {
            // A relay that does not know yet has written over what is right.
            tell(presence.claim.node, into: &outputs)
        }
        outputs.append(
            .event(.present(presence.claim, relay: presence.relay, keeps: presence.keeps)))
    }

    // MARK: All of the bucket

    mutating func list(at now: Instant, into outputs: inout [Output]) {
        guard listing == nil else { return }
        guard isConnected, hasBucket else { return outputs.append(.listed([])) }
        serial &+= 1
        let subject = "\(inbox).list.\(serial)"
        listing = (subject, [])
        let request = BackplaneSubjects.listRequest(to: subject)
        outputs.append(.subscribe(subject))
        outputs.append(
            .publish(request.subject, reply: "\(inbox).list", isDeletion: false, request.octets))
        timers.set(.listed, at: now + BackplaneSession.listTime)
    }

    /// An entry of the list; the last part of `pending` is how many more there are.
    private mutating func found(
        _ message: Message, pending: String, into outputs: inout [Output]
    ) {
        if !message.isDeletion, let presence = presence(in: message) {
            listing?.found.append(presence)
        }
        if pending.split(separator: ".").last == "0" { finishList(into: &outputs) }
    }

    mutating func finishList(into outputs: inout [Output]) {
        guard let listing else { return }
        self.listing = nil
        timers.cancel(.listed)
        if isConnected { outputs.append(.unsubscribe(listing.subject)) }
        outputs.append(.listed(listing.found))
    }
}
