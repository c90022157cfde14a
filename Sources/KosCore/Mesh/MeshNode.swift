/// The engine that is a node: the six layers, the endpoints that it keeps up, the counts of what it
/// dropped. Relays, senders and discoverers are this engine with other settings; sockets and the
/// simulator drive it alike.
package struct MeshNode: Engine {
    package struct Settings: Sendable {
        package var name: String?
        package var role = NodeInfo.Role.relay
        package var capabilities: [String] = []
        package var addresses: [PeerAddress] = []
        package var isInsecure = false
        package var heartbeat = Duration.milliseconds(2500)
        /// Whether forwarded and received packets are worth notices; drops always are.
        package var tellsForwarding = false
        /// What may be kept for nodes that are away; nil to keep nothing. Whoever drives the node
        /// answers its `journal` outputs.
        package var custody: Custody.Settings?
        /// What may wait for one link.
        package var outbox = Outbox.Settings()
        /// How next hops are found.
        package var routing = MeshRouting.linkstate
        /// Packets a second that one neighbour may bring; nil for as many as come.
        package var rate: Double?
        /// What an earlier life has delivered; whoever gives it writes down what `takeDelivered`
        /// adds. Nil to remember for this life alone.
        package var past: DeliveryMemory?
        /// Seals payloads to those who have a sealing key, and opens what is for this node.
        package var sealer: (any Sealer)?
        package init() {}
    }

    package enum Input: Sendable {
        case link(Burst)
        case service(Service)
        /// Keep a connection to this endpoint.
        case connect(Endpoint)
        case dialFailed(Endpoint)
        case journal(Custody.Answer)
        /// The addresses at which this node listens became known.
        case listening([PeerAddress])
        /// Who may be a neighbour from now on.
        case admit(AccessRules)
        /// A connection that did not come about: what was wrong with the other end.
        case turnedAway(DropReason, from: String)
    }

    package enum Output: Sendable {
        case link(Burst)
        case service(Service)
        case dial(Endpoint)
        case notice(Notice)
        case journal(Custody.Request)
    }

    package typealias Stack = Stacked<
        ApplicationLayer,
        Stacked<
            SessionLayer,
            Stacked<TransportLayer, Stacked<NetworkLayer, Stacked<DataLinkLayer, PhysicalLayer>>>
        >
    >

    package let node: NodeID
    private var stack: Stack
    private var dialer: Dialer
    /// Packets dropped so far, by reason.
    package private(set) var dropped: [DropReason: Int] = [:]

    package init(
        signer: any Signer, verifier: any Verifier, settings: Settings, epoch: Timestamp,
        at now: Instant, seed: UInt64
    ) {
        node = signer.node
        var author = Author(signer: signer, epoch: epoch, seed: seed)
        func next() -> Author {
            Author(signer: signer, epoch: epoch, seed: author.roll())
        }
        let start = author.timestamp(at: now)
        let info = NodeInfo(
            name: settings.name, role: settings.role, capabilities: settings.capabilities,
            addresses: settings.addresses, sequence: Int(start.milliseconds),
            sealingKey: settings.sealer?.sealingKey)
        var link = DataLinkLayer.Settings()
        link.heartbeat = settings.heartbeat
        link.isInsecure = settings.isInsecure
        link.outbox = settings.outbox
        link.rate = settings.rate
        var network = NetworkLayer.Settings()
        network.isInsecure = settings.isInsecure
        network.tellsForwarding = settings.tellsForwarding
        network.custody = settings.custody
        network.routing = settings.routing
        var session = SessionLayer.Settings()
        session.isInsecure = settings.isInsecure
        session.sealer = settings.sealer
        session.past = settings.past
        let dataLink = DataLinkLayer(info: info, author: next(), verifier: verifier, settings: link)
        let networkLayer = NetworkLayer(
            info: info, author: next(), verifier: verifier, settings: network, at: now)
        let sessionLayer = SessionLayer(
            author: next(), verifier: verifier, settings: session, at: now)
        stack = Stacked(
            ApplicationLayer(author: next()),
            Stacked(
                sessionLayer,
                Stacked(
                    TransportLayer(),
                    Stacked(
                        networkLayer,
                        Stacked(dataLink, PhysicalLayer(seed: author.roll()))))))
        dialer = Dialer(seed: author.roll())
    }

    package var nextDeadline: Instant? {
        Instant.earlier(stack.nextDeadline, dialer.nextDeadline)
    }

    package var links: LinkTable { stack.bottom.bottom.bottom.bottom.top.links }
    /// Octets that wait for a link.
    package func queueLength(of link: LinkID) -> Int {
        stack.bottom.bottom.bottom.bottom.top.outboxes[link]?.octets ?? 0
    }
    /// What was delivered since the last call, to be written down before its receipts go out.
    package mutating func takeDelivered() -> [OctetHash] { stack.bottom.top.takeFresh() }
    package var custody: Custody? { stack.bottom.bottom.bottom.top.custody }
    package var mesh: LinkState { stack.bottom.bottom.bottom.top.mesh }
    package var protocols: MeshProtocols { stack.bottom.bottom.bottom.top.protocols }
    package var unacknowledged: Int { stack.bottom.bottom.top.unacknowledged }

    /// Nodes that `text` may mean: an id, a name, or the beginning of an id (6 characters at
    /// least).
    package func nodes(named text: String) -> [NodeID] {
        let known = mesh.nodes
        if let node = NodeID(text), known[node] != nil || node.publicKey != nil { return [node] }
        let byName = known.filter { $0.value.info.name == text }.keys
        if !byName.isEmpty { return byName.sorted() }
        // A neighbour over the air has told its name, if not yet its links.
        let near = links.entries.values.filter { $0.info?.name == text }.compactMap(\.peer)
        if !near.isEmpty { return Set(near).sorted() }
        guard text.utf8.count >= 6 else { return [] }
        return known.keys.filter { $0.text.hasPrefix(text) }.sorted()
    }

    /// The key to which payloads for a node may be sealed; nil where it is not known.
    package func sealingKey(of destination: String) -> [UInt8]? {
        guard let peer = NodeID(destination) else { return nil }
        return links.best(to: peer)?.info?.sealingKey ?? mesh.nodes[peer]?.info.sealingKey
    }

    package mutating func handle(_ input: Input, at now: Instant, into outputs: inout [Output]) {
        var flow = Flow<Service, Burst>()
        switch input {
        case .link(let burst):
            switch burst {
            case .opened(let link, let traits):
                dialer.opened(link, traits.remote, at: now)
                if let air = traits.air { slowDown(to: air.interval) }
            case .closed(let link):
                dialer.closed(link, wasProven: links[link]?.peer != nil, at: now)
            default: break
            }
            stack.processInbound(burst, at: now, into: &flow)
        case .service(.post(var message, let token)):
            if message.isSealable { message.sealingKey = sealingKey(of: message.destination) }
            stack.processOutbound(.post(message, token: token), at: now, into: &flow)
        case .service(let service): stack.processOutbound(service, at: now, into: &flow)
        case .connect(let endpoint): dialer.keep(endpoint, at: now)
        case .dialFailed(let endpoint): dialer.failed(endpoint, at: now)
        case .listening(let addresses): listen(on: addresses, at: now)
        case .admit(let rules): admit(rules, at: now, into: &flow)
        case .turnedAway(let reason, let place):
            flow.notices.append(.dropped(reason, packet: "", from: place))
        case .journal(let answer):
            stack.bottom.bottom.bottom.top.take(answer, at: now)
            stack.advance(to: now, into: &flow)
        }
        emit(flow, into: &outputs)
        dial(at: now, into: &outputs)
    }

    package mutating func advance(to now: Instant, into outputs: inout [Output]) {
        var flow = Flow<Service, Burst>()
        stack.advance(to: now, into: &flow)
        emit(flow, into: &outputs)
        dial(at: now, into: &outputs)
    }

    private mutating func admit(
        _ rules: AccessRules, at now: Instant, into flow: inout Flow<Service, Burst>
    ) {
        var inner = Flow<Hop, Frame>()
        stack.bottom.bottom.bottom.bottom.top.admit(rules, into: &inner)
        flow.notices += inner.notices
        for frame in inner.down {
            guard case .close(let link, let reason) = frame else { continue }
            flow.down.append(.close(link, reason))
        }
    }

    private mutating func listen(on addresses: [PeerAddress], at now: Instant) {
        let kept = Array(addresses.prefix(NodeInfo.maxAddresses))
        stack.bottom.bottom.bottom.bottom.top.info.addresses = kept
        stack.bottom.bottom.bottom.top.info.addresses = kept
        stack.bottom.bottom.bottom.top.plan(at: now)
    }

    /// What this node says of itself reaches some of the others only this often.
    private mutating func slowDown(to interval: Duration) {
        let refresh = Int(interval.nanoseconds / 1_000_000) * 4
        stack.bottom.bottom.bottom.bottom.top.info.refreshMs = refresh
        stack.bottom.bottom.bottom.top.info.refreshMs = refresh
    }

    private mutating func emit(_ flow: Flow<Service, Burst>, into outputs: inout [Output]) {
        for notice in flow.notices {
            switch notice {
            case .dropped(let reason, _, _): dropped[reason, default: 0] += 1
            case .duplicate: dropped[.duplicate, default: 0] += 1
            case .shed(let reason, let count, _): dropped[reason, default: 0] += count
            case .refused: dropped[.refused, default: 0] += 1
            default: break
            }
            outputs.append(.notice(notice))
        }
        for request in stack.bottom.bottom.bottom.top.takeRequests() {
            outputs.append(.journal(request))
        }
        for burst in flow.down { outputs.append(.link(burst)) }
        for service in flow.up { outputs.append(.service(service)) }
    }

    private mutating func dial(at now: Instant, into outputs: inout [Output]) {
        while let endpoint = dialer.next(at: now) { outputs.append(.dial(endpoint)) }
    }
}
