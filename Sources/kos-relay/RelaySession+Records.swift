import KosCore
import KosNet
import KosTool

/// What a running relay tells, and what it is told.
extension RelaySession {
    func observe(_ output: MeshNode.Output, _ time: Instant) throws {
        switch output {
        case .service(.received(let packet, _, _)):
            try io.output.write(PacketRecord(packet))
            answer(packet)
        case .service(.dialogue(.delivery(.neighbour(let peer, let isUp)))):
            let link = host?.driver.node.link(
                to: peer, event: isUp ? .up : .down, at: SystemClock.timestamp)
            if let link { try io.output.write(link) }
        case .service(.dialogue(.delivery(.topologyComplete(let peer)))): join?.mapCame(from: peer)
        case .journal(let request): custodian?.take(request)
        case .backplane(let request): backplane?.take(request)
        case .notice(let notice):
            let record = notice.record(at: SystemClock.timestamp)
            if events.contains(record.event.rawValue) { try io.output.write(record) }
        default: break
        }
    }

    /// What was delivered is handed on and written down; then its receipts may go out.
    func commit(_ driver: NodeDriver) throws {
        try join?.look()
        try flush()
        memory.add(driver.takeDelivered())
    }

    /// Hands the records on; a reader that sleeps finds them when it comes back, though the mesh be
    /// silent.
    func flush() throws {
        try io.output.flush()
        guard io.output.isHolding, !isAwaitingReader, let host else { return }
        isAwaitingReader = true
        host.schedule(after: .milliseconds(20)) { [unowned self] in
            isAwaitingReader = false
            try flush()
        }
    }

    func dialFailed(_ endpoint: Endpoint, _ reason: String) throws {
        io.errors.note("cannot connect to \(endpoint): \(reason)")
        try join?.failed(endpoint, reason)
    }

    func writeMetrics(interval: Duration?) throws {
        for record in metrics(interval: interval) { try io.output.write(record) }
        try flush()
    }

    func metrics(interval: Duration?) -> [MetricsRecord] {
        guard let driver = host?.driver else { return [] }
        return driver.node.metrics(
            at: SystemClock.now, timestamp: SystemClock.timestamp, interval: interval)
    }

    func answer(_ request: String, _ reply: @escaping ([UInt8]) -> Void) {
        switch request {
        case "status": reply(metrics(interval: nil).flatMap(\.line))
        case "who": who { reply($0.flatMap(\.line)) }
        case "stop":
            leave()
            reply([])
        case "reload":
            host?.guarded { _ = try io.take([.reload]) }
            reply([])
        default: reply(ban(request).line)
        }
    }

    /// The normal end: no new connections, what is on its way arrives, a word to the mesh, then
    /// out. Asked a second time it does not wait.
    func leave() {
        guard let host else { return }
        guard !isLeaving else { return host.stop() }
        isLeaving = true
        notice.stopping()
        host.driver.stopListening()
        announcer?.stop()
        gossip?.leave()
        host.driver.post(.leaving)
        drain(host, until: SystemClock.now + (options.drain?.duration ?? .seconds(10)))
    }

    func finish() throws {
        custodian?.close()
        if let socketPath { ControlSocket.remove(socketPath) }
        gossip?.close()
        backplane?.close()
        guard let total = metrics(interval: nil).first else { return }
        try io.output.write(
            SummaryRecord(
                timestamp: SystemClock.timestamp, tool: io.tool,
                counters: [
                    "nodeId": .string(identity.node.text),
                    "packetsReceived": .number(Double(total.packetsReceived)),
                    "packetsSent": .number(Double(total.packetsSent)),
                    "dropped": .object(JSONObject(counts: total.dropped)),
                    "logOctetsDropped": .number(Double(io.output.octetsDropped)),
                ]))
    }
}

extension JSONObject {
    /// Counters under their names, sorted.
    init(counts: [String: Int]) {
        self.init()
        for (name, count) in counts.sorted(by: { $0.key < $1.key }) {
            self[name] = .number(Double(count))
        }
    }
}
