import KosCore
import KosNet
import KosTool

/// What the node says while it runs, and when that is enough.
extension SendSession {
    func observe(_ output: MeshNode.Output, _ time: Instant) throws {
        switch output {
        case .service(.accepted(let token, let packet)):
            outbox.accepted(token, packet)
            task?.accepted(token, packet, at: time)
        case .service(.received(let packet, _, _)): try received(packet)
        case .service(.dialogue(.answered(let id, let control, let node, let hops))):
            switch control {
            case .receipt: break
            case .stored: outbox.kept(id, by: node)
            default: outbox.complained(id, control, by: node)
            }
            try task?.answered(id, control, by: node, hops: hops, at: time)
        case .service(.dialogue(.delivery(let delivery))): try take(delivery, at: time)
        case .notice(let notice): noticed(notice)
        default: break
        }
    }

    func take(_ delivery: Delivery, at time: Instant) throws {
        switch delivery {
        case .neighbour(let peer, isUp: true):
            timings.met(driver?.node.links.best(to: peer)?.traits.remote)
            if neighbour == nil { neighbour = peer }
            feed?.arrived(peer)
            // A URI names the node that answers there: no need to know more of the mesh.
            if feed?.needsTopology == false { try begin() }
        case .neighbour(let peer, isUp: false): turn(from: peer)
        case .topologyComplete(let peer):
            if peer == neighbour { try begin() }
        case .confirmed(let id, let attempts, let octets, let milliseconds):
            timings.confirmed()
            try outbox.confirmed(id, attempts: attempts, octets: octets, milliseconds: milliseconds)
            if options.target.reply, earlyReplies.remove(id) == nil { unanswered.insert(id) }
        case .entrusted(let id, let attempts, let octets, let milliseconds):
            try outbox.entrusted(id, attempts: attempts, octets: octets, milliseconds: milliseconds)
        case .timedOut(let id, let attempts, let octets):
            try outbox.lost(
                id, code: "ackTimeout", "no acknowledgement after \(attempts) attempts",
                attempts: attempts, octets: octets)
            try task?.lost(id, at: time)
        case .sent(let id, let octets): try outbox.sent(id, octets: octets)
        case .undeliverable(let id, let reason) where outbox.isRelaying:
            outbox.unplaced[id] = reason
        case .undeliverable(let id, let reason):
            try outbox.lost(
                id, code: reason.rawValue, "could not be sent: \(reason.rawValue)", attempts: 0,
                octets: 0)
        default: break
        }
    }

    func begin() throws {
        guard !isReady, let host, let neighbour else { return }
        isReady = true
        if options.probe || options.trace {
            guard let destination = try feed?.destination(options.target.to, neighbour) else {
                return
            }
            let task: any ProbeTask =
                options.trace
                ? Trace(self, destination) : Probe(self, destination)
            self.task = task
            try task.start(host)
        } else {
            try feed?.start(host, neighbour)
        }
    }

    func received(_ packet: Packet) throws {
        guard options.target.reply else { return }
        var record = PacketRecord(packet)
        record.ref = packet.options["ref"]?.string
        try io.output.write(record)
        guard let ref = record.ref else { return }
        if unanswered.remove(ref) == nil, outbox.holds(ref) { earlyReplies.insert(ref) }
    }

    /// After each turn: the output goes out, and the run ends when nothing is left to wait for.
    func settle() throws {
        try feed?.fill()
        try outbox.spool?.commit(isLasting: false)
        try io.output.flush()
        guard isReady else { return }
        let isOver = task.map(\.isOver) ?? (feed?.isDone == true && outbox.isEmpty)
        if isOver, unanswered.isEmpty { leave() }
    }

    func runOut() throws {
        if let task {
            try task.runOut()
        } else if !isReady, neighbour == nil {
            throw ToolFailure(
                .failure, code: "noAnswer", "no relay answered in time",
                hint: "see -v, or give more -t")
        } else {
            try feed?.failed(nil, "not connected within the time given")
            try outbox.giveUp(code: "deadline", "no acknowledgement within the time given")
            if !unanswered.isEmpty {
                io.errors.say("\(unanswered.count) delivered without a reply within the time given")
            }
        }
        host?.stop()
    }

    func end(_ status: ExitStatus) {
        self.status = status
        host?.stop()
    }
}
