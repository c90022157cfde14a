import KosCore
import KosNet
import KosTool

/// What whoever operates the relay may do to it while it runs.
extension RelaySession {
    // MARK: Who may be a neighbour

    /// The rules of `--deny` and `--allow`.
    func accessRules() throws -> AccessRules {
        var rules = AccessRules()
        if let path = options.deny { rules.deny = try list(path) }
        if let path = options.allow { rules.allow = try list(path) }
        return rules
    }

    private static let maxList = 16 << 20

    private func list(_ path: String) throws -> AccessList {
        let text = try io.input(path).readAll(limit: RelaySession.maxList)
        do throws(RecordError) {
            return try AccessList(parsing: String(decoding: text, as: UTF8.self))
        } catch {
            throw ToolFailure(
                .usage, code: "accessList", "\(path): \(error.message)", hint: error.hint)
        }
    }

    /// SIGHUP: the lists are read again; connections that they allow stay. A list with a mistake in
    /// it changes nothing.
    func reload() throws {
        notice.reloading()
        do {
            rules = try accessRules()
            host?.driver.post(.admit(rules))
        } catch let failure as ToolFailure {
            io.errors.say("not reloaded: \(failure.message)")
        }
        announceService(listeners: host?.driver.listeners.count ?? 0)
    }

    /// `ban NODE`: refused at once and until the lists are read again.
    func ban(_ request: String) -> any Record {
        let words = request.split(separator: " ")
        guard words.count == 2, words[0] == "ban", let driver = host?.driver else {
            return ErrorRecord(
                timestamp: SystemClock.timestamp, tool: io.tool, code: "unknownRequest",
                message: "no such request", hint: "status, who, ban, stop or reload")
        }
        let found = driver.node.nodes(named: String(words[1]))
        guard found.count == 1, let node = found.first, node != identity.node else {
            return ErrorRecord(
                timestamp: SystemClock.timestamp, tool: io.tool, code: "unknownNode",
                message: found.count > 1
                    ? "\(words[1]) may mean \(found.count) nodes" : "no node \(words[1]) is known",
                hint: "'kos-relay who' lists them")
        }
        rules.deny.insert(node)
        driver.post(.admit(rules))
        return RelayEventRecord(
            timestamp: SystemClock.timestamp, event: .dropped, packetId: "", from: node.text,
            to: nil, reason: DropReason.denied.rawValue, hops: 0, ttl: 0)
    }

    /// Every node that the relay knows to be attached to the mesh.
    func who() -> [PeerRecord] {
        host?.driver.node.mesh.peerRecords(at: SystemClock.timestamp, own: identity.node) ?? []
    }

    /// A packet with `{"cmd":"status"}` gets a reply: that the relay is there, and how long it is.
    func answer(_ packet: Packet) {
        guard packet.payload.object?["cmd"]?.string == "status", let driver = host?.driver,
            packet.metadata.type == Packet.Kind.data
        else { return }
        let uptime = SystemClock.now - startedAt
        var status: JSONObject = [
            "status": .string("ok"), "uptimeMs": .number(Double(uptime.milliseconds)),
            "links": .number(Double(driver.linkCount)),
        ]
        if let name = options.name { status["name"] = .string(name) }
        var message = Message(to: packet.source.text, .object(status))
        message.type = Packet.Kind.reply
        message.priority = packet.metadata.priority
        message.options["ref"] = .string(packet.id)
        message.persistence = nil
        driver.post(.service(.post(message, token: 0)))
    }

    // MARK: The service manager

    /// Sockets that the service manager opened: datagrams are udp, a stream whose name has `ws` in
    /// it is for WebSockets, another one is tcp.
    static func activated() -> [Endpoint] {
        ActivatedSocket.all().map { socket in
            let stream = socket.name.contains("ws") ? TransportType.ws : .tcp
            return Transports.adopted(socket.descriptor, socket.isDatagram ? .udp : stream)
        }
    }

    func announceService(listeners: Int) {
        notice.ready(status: "\(listeners) listeners, node \(identity.node.text)")
        guard let interval = notice.watchdog, !isWatched else { return }
        isWatched = true
        host?.every(interval) { [notice] in notice.alive() }
    }

    // MARK: The end

    /// Looks again and again whether anything is still on its way, then says goodbye and ends.
    func drain(_ host: NodeHost, until deadline: Instant) {
        let driver = host.driver
        let waiting = driver.waitingOctets + driver.node.queuedOctets
        let isQuiet =
            waiting == 0 && driver.node.unacknowledged == 0
            && gossip?.isGone ?? true
        guard isQuiet || SystemClock.now >= deadline else {
            return host.schedule(after: .milliseconds(10)) { [unowned self] in
                drain(host, until: deadline)
            }
        }
        if waiting > 0 {
            io.errors.say("\(waiting) octets were not taken by their neighbours in time")
        }
        driver.post(.service(.depart))
        host.schedule(after: .milliseconds(20)) { [unowned self] in
            driver.finishWriting()
            part(host, until: SystemClock.now + .milliseconds(500))
        }
    }

    /// The other ends close when they have read the last word. To close first, with something of
    /// theirs unread, would take it from them.
    private func part(_ host: NodeHost, until end: Instant) {
        guard host.driver.linkCount > 0, SystemClock.now < end else { return host.stop() }
        host.schedule(after: .milliseconds(2)) { [unowned self] in part(host, until: end) }
    }
}
