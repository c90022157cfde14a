import KosCore
import KosNet
import KosTool

/// What follows once it is known where the relay listens.
extension RelaySession {
    /// Listeners are there (or not): tell the mesh and the reader where, then connect.
    func began(_ results: [Result<Endpoint, Transports.Failure>]) throws {
        var addresses: [PeerAddress] = []
        var bound: [Endpoint] = []
        for result in results {
            switch result {
            case .success(let endpoint):
                // What is in reach of a radio hears it; there is no address to dial.
                if endpoint.transport != .lora { addresses.append(reachable(endpoint)) }
                bound.append(endpoint)
            case .failure(let failure):
                throw ToolFailure(
                    .failure, code: "cannotListen", "cannot listen on \(failure.description)",
                    hint: failure.listenHint)
            }
        }
        guard let host else { return }
        host.driver.post(.listening(addresses))
        var metadata = PeerRecord.Metadata(
            discoveryMethod: .static, lastSeen: SystemClock.timestamp)
        metadata.name = options.name
        metadata.isSelf = true
        var record = PeerRecord(
            nodeId: identity.node, addresses: addresses, capabilities: capabilities,
            metadata: metadata)
        record.timestamp = metadata.lastSeen
        record.event = .found
        try io.output.write(record)
        join = RelayJoin(connecting, host, io)
        for endpoint in connecting { host.driver.post(.connect(endpoint)) }
        if let interval = options.metrics?.duration {
            host.every(interval) { [unowned self] in try writeMetrics(interval: interval) }
        }
        if let left = io.timeLeft { host.schedule(after: left) { [unowned self] in leave() } }
        if let url = options.mesh.backplane { backplane = try RelayBackplane(self, host, url) }
        if options.stdin { startInput(host) }
        if !options.gossip.gossipJoin.isEmpty {
            let gossip = RelayGossip(self, bound)
            self.gossip = gossip
            try gossip.start(host)
        }
        if options.announce { announcer = try RelayAnnouncer(self, host, bound) }
        try flush()
        announceService(listeners: addresses.count)
    }

    /// An address that others can use: a listener on every interface is told by the loopback one,
    /// which discovery replaces by what it sees.
    func reachable(_ endpoint: Endpoint) -> PeerAddress {
        let isAny = ["", "*", "::", "0.0.0.0"].contains(endpoint.host)
        return PeerAddress(
            type: endpoint.transport, address: isAny ? "127.0.0.1" : endpoint.host,
            port: endpoint.port)
    }

    func startInput(_ host: NodeHost) {
        let input = PacketInput(io, host, identity)
        self.input = input
        input.start()
    }
}
