import KosCore
import KosNet
import KosTool

/// While the node runs: as much as the window allows goes out.
extension Feed {
    func start(_ host: NodeHost, _ neighbour: NodeID) throws {
        self.host = host
        if !payloads.isEmpty || copies != nil || content.lines || holdsUnknown {
            destination = try destination(target.to, neighbour)
        }
        if !isAtEnd {
            let source = OctetSource(0, on: host.driver.loop) { [unowned self] octets in
                host.guarded { try take(octets) }
            }
            self.source = source
            source.start()
        }
        try fill()
    }

    /// Sends as much as the window, the links and the pace allow, and reads no more than that.
    func fill() throws {
        guard let host else { return }
        if !express.isEmpty { try session.outbox.relay(express.takeRun(), host.driver) }
        while mayGo(host), let payload = nextPayload() { post(payload, host.driver) }
        while mayGo(host), !packets.isEmpty { send(packets.removeFirst(), host.driver) }
        source?.isPaused =
            packets.count + payloads.count > Outbox.window || host.driver.isCongested
    }

    /// Whether one more packet may go now; where it has to wait for its time, an alarm is set.
    private func mayGo(_ host: NodeHost) -> Bool {
        let isWaiting = payloads.isEmpty && packets.isEmpty && copies == nil
        guard !isWaiting, !session.outbox.isFull, !host.driver.isCongested, !isPacing else {
            return false
        }
        guard let wait = pace.wait() else { return true }
        isPacing = true
        host.schedule(after: wait) { [unowned self] in
            isPacing = false
            try fill()
        }
        return false
    }

    private func nextPayload() -> JSONValue? {
        if !payloads.isEmpty { return payloads.removeFirst() }
        guard let copy = copies else { return nil }
        copies?.left -= 1
        if copy.left == 1 { copies = nil }
        return copy.payload
    }

    /// A neighbour is there: packets that were for it alone go out.
    func arrived(_ peer: NodeID) {
        guard let host else { return }
        for packet in held.removeValue(forKey: peer.text) ?? [] {
            forward(packet, host.driver)
        }
    }

    /// Nobody can be reached at `endpoint`: what was for the node there alone has failed. Nil: the
    /// time is over, for whatever still waits.
    func failed(_ endpoint: Endpoint?, _ reason: String) throws {
        for (destination, packets) in held.sorted(by: { $0.key < $1.key }) {
            let lost = packets.filter { endpoint == nil || $0.address == endpoint }
            let kept = packets.filter { !(endpoint == nil || $0.address == endpoint) }
            held[destination] = kept.isEmpty ? nil : kept
            for packet in lost {
                try session.outbox.refuse(packet, code: "cannotConnect", reason)
            }
        }
    }

    private func post(_ payload: JSONValue, _ driver: NodeDriver) {
        var message = Message(to: destination ?? "", payload)
        message.priority = target.priority
        message.ttl = target.ttl
        message.options = target.options
        message.persistence = session.persistence
        message.isSealable = target.seal != false
        if let route {
            message.route =
                [session.identity.node.text] + route.hops.map { $0.nodeId?.text ?? $0.address }
        }
        guard mayGo(message.destination, driver) else {
            return refuseUnsealed(
                author.packet(
                    to: message.destination, type: message.type, payload: payload,
                    at: SystemClock.now))
        }
        session.outbox.post(message, route: route, driver)
    }

    private func send(_ taken: Packet, _ driver: NodeDriver) {
        var packet = taken
        if packet.destination == Feed.unknown { packet.destination = destination ?? "" }
        if let address = packet.address {
            let isThere =
                NodeID(packet.destination).map { driver.node.links.neighbours.contains($0) }
                ?? false
            if !isThere {
                held[packet.destination, default: []].append(packet)
                return driver.post(.connect(address))
            }
        }
        forward(packet, driver)
    }

    private func forward(_ packet: Packet, _ driver: NodeDriver) {
        guard mayGo(packet.destination, driver) else { return refuseUnsealed(packet) }
        var packet = packet
        packet.sealingKey = sealingKey(of: packet.destination, driver)
        session.outbox.forward(packet, session.persistence, driver)
    }

    /// `-n`: prints what would be sent.
    func show() throws -> ExitStatus {
        for payload in payloads + (copies.map { [$0.payload] } ?? []) {
            let to = route?.destination?.text ?? target.to ?? ""
            var packet = author.packet(
                to: to, type: Packet.Kind.data, payload: payload, at: SystemClock.now)
            packet.metadata.priority = target.priority
            packet.metadata.ttl = target.ttl
            packet.metadata.flags = target.ack ? [Packet.ackFlag] : []
            packet.options = target.options
            if let route { packet.route += route.hops.map { $0.nodeId?.text ?? $0.address } }
            try io.output.write(PacketRecord(packet.signed(by: session.identity)))
        }
        for packet in packets { try io.output.write(PacketRecord(packet)) }
        if let route { try io.output.write(route) }
        return payloads.isEmpty && packets.isEmpty && copies == nil ? .no : .yes
    }
}
