import KosCore
import KosNet
import KosTool

/// Relays that are asked who they are, and with `--links` what they know of the mesh: the seed's
/// joinMesh without staying. Some may fail; only when all do has the method failed.
extension Session {
    func startBootstrap() throws {
        var endpoints = listedPeers.compactMap { $0.record.addresses.streamEndpoint }
        for option in options.bootstrap {
            switch option {
            case .relay(let endpoint): endpoints.append(endpoint)
            case .file(let path): endpoints += try BootstrapOption.relays(inFile: path)
            case .domain(let domain): unresolved.insert(domain)
            }
        }
        if endpoints.isEmpty, unresolved.isEmpty { endpoints = earlierEndpoints }
        guard !endpoints.isEmpty || !unresolved.isEmpty else {
            return try fail(.bootstrap, "no relay to ask", hint: "name one with --bootstrap URI")
        }
        guard let mailbox = Mailbox<MeshProbe.Event>(capacity: 4096),
            let domains = Mailbox<Domain>(capacity: 256)
        else { throw ToolFailure(.failure, code: "resource", "no descriptors left") }
        self.mailbox = mailbox
        self.domains = domains
        loop.watch(mailbox.descriptor)
        loop.watch(domains.descriptor)
        unanswered = Set(endpoints)
        let identity = try Authenticity.identity(io)
        self.identity = identity.node
        let now = SystemClock.now
        probe = MeshProbe(
            Array(unanswered), identity: identity, files: options.tls.files,
            wantsTopology: options.wantsLinks,
            epoch: SystemClock.timestamp + .nanoseconds(-now.nanoseconds), seed: SystemClock.seed,
            now: { SystemClock.now }, tell: { mailbox.post($0) })
        for domain in unresolved { resolve(domain) }
    }

    func runBootstrap() throws {
        takeDomains()
        for event in mailbox?.take() ?? [] {
            switch event {
            case .reached(let endpoint, let node, let info): try see(endpoint, node, info)
            case .measured(let node, let rtt):
                let rtt = (rtt * 1000).rounded() / 1000
                roundTrips[node] = rtt
                guard var sighting = relays[node] else { continue }
                sighting.rttMs = rtt
                relays[node] = sighting
                try feed(.seen(sighting, at: SystemClock.timestamp))
            case .gone(let node):
                guard let sighting = relays.removeValue(forKey: node) else { continue }
                try feed(.lost(sighting.source, .unreachable, at: SystemClock.timestamp))
            case .failed(let endpoint, let reason):
                guard unanswered.remove(endpoint) != nil else { continue }
                io.errors.say("bootstrap: \(endpoint): \(reason)")
            case .topology(let node, let peers, let links):
                pendingTopology.remove(node)
                guard options.wantsLinks else { continue }
                for peer in peers where relays[peer.nodeId] == nil { try seeFromAfar(peer, node) }
                for link in links { knownLinks[LinkKey(link)] = link }
            }
        }
        try settleBootstrap()
    }

    /// Over when every relay answered or failed, was measured, and gave its topology if asked for.
    private func settleBootstrap() throws {
        guard probe != nil, unresolved.isEmpty, unanswered.isEmpty, pendingTopology.isEmpty,
            !isBootstrapSettled
        else {
            return
        }
        guard relays.keys.allSatisfy({ roundTrips[$0] != nil }) else { return }
        isBootstrapSettled = true
        if relays.isEmpty {
            return try fail(.bootstrap, "no relay answered", hint: "are they running?")
        }
        try complete(.bootstrap)
    }

    private func see(_ endpoint: Endpoint, _ node: NodeID, _ info: NodeInfo) throws {
        unanswered.remove(endpoint)
        if options.wantsLinks { pendingTopology.insert(node) }
        let address = endpoint.peerAddress
        let others = info.addresses.filter {
            $0 != address && !$0.isLoopbackOfAnother(than: endpoint.host)
        }
        var sighting = Sighting(
            source: Sighting.Source(.bootstrap, endpoint.description), nodeId: node,
            addresses: [address] + others, capabilities: info.capabilities,
            trust: .signed(sequence: Int64(info.sequence)))
        sighting.document = .nodeInfo
        sighting.name = info.name
        relays[node] = sighting
        try feed(.seen(sighting, at: SystemClock.timestamp))
    }

    /// A node that a relay told of: its own signed word, passed on.
    private func seeFromAfar(_ peer: PeerRecord, _ relay: NodeID) throws {
        var sighting = Sighting(
            source: Sighting.Source(.bootstrap, "via \(relay) \(peer.nodeId)"), nodeId: peer.nodeId,
            addresses: peer.addresses, capabilities: peer.capabilities,
            trust: .signed(sequence: peer.metadata.lastSeen.milliseconds))
        sighting.document = .nodeInfo
        sighting.name = peer.metadata.name
        try feed(.seen(sighting, at: SystemClock.timestamp))
    }

    /// The links, with this node's own to the relays that it spoke to; this node itself first.
    func writeLinks() throws {
        guard options.wantsLinks, let identity else { return }
        let time = SystemClock.timestamp
        var metadata = PeerRecord.Metadata(discoveryMethod: .static, lastSeen: time)
        metadata.isSelf = true
        var me = PeerRecord(nodeId: identity, addresses: [], capabilities: [], metadata: metadata)
        me.timestamp = time
        me.event = .found
        try io.output.write(me)
        for (node, sighting) in relays.sorted(by: { $0.key < $1.key }) {
            guard let address = sighting.addresses.first else { continue }
            var link = LinkRecord(
                source: identity, destination: node, transport: address.type,
                latency: (roundTrips[node] ?? 2) / 2, reliability: 1)
            link.timestamp = time
            link.address = sighting.source.key
            link.isBidirectional = true
            try io.output.write(link)
        }
        for (_, link) in knownLinks.sorted(by: { $0.key < $1.key }) { try io.output.write(link) }
    }
}
