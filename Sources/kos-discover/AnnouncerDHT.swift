import KosCore
import KosCrypto
import KosNet
import KosTool

/// `-A -m dht`: this node's port under the mesh's name (BEP 5), and its signed announcement as an
/// item under its own key (BEP 44).
extension Announcer {
    /// Nodes of the DHT keep an address for half an hour (BEP 5); it is announced anew after a
    /// quarter.
    private static let lifetimeDHT = Duration.seconds(1800)

    /// Until the next announcement, drawn so that nodes do not come together.
    static func pauseDHT(_ random: inout SplitMix64) -> Duration {
        .seconds(Int64.random(in: 800...1000, using: &random))
    }

    func announceOverDHT() throws {
        guard DHTClient.canBegin(options.dht, io) else {
            return try tell(
                .dht, error: "no node to begin with; name one with --dht-node host:port")
        }
        let client = try DHTClient(options.dht, io, isReadOnly: !isHeld)
        loop.watch(client.socket.descriptor)
        let end = io.deadline ?? SystemClock.now + .seconds(10)
        wait(client, until: min(SystemClock.now + .milliseconds(600), end)) { _ in false }
        let isTold = try put(into: client, until: end)
        try tell(
            .dht, lifetime: max(ttl, Announcer.lifetimeDHT),
            error: isTold ? nil : "no node of the DHT took the announcement")
        // What is held goes on as a node among the others, and answers them.
        if isTold, isHeld { dht = client } else { leaveDHT(client) }
    }

    /// Announces anew into the DHT.
    func renewDHT() throws {
        guard let dht else { return }
        _ = try put(into: dht, until: SystemClock.now + .seconds(10))
    }

    /// Keeps the table for the next run.
    func leaveDHT(_ client: DHTClient) {
        loop.unwatch(client.socket.descriptor)
        client.save()
        client.tellDrops()
    }

    /// Whether any node took the address or the announcement.
    private func put(into client: DHTClient, until end: Instant) throws -> Bool {
        guard let hash = DHTKey(Digest.sha1(Array(options.dht.mesh.utf8))) else { return false }
        let port = UInt16(clamping: endpoints.first?.port ?? Endpoint.defaultPort)
        var stored: [Int: Int] = [:]
        var open: Set<Int> = [client.look(.announce(hash, port: port))]
        let announcement = publicAnnouncement(client.ownAddress)
        let item = DHTItem(
            salt: DHTClient.salt, sequence: announcement.timestamp.milliseconds,
            value: .octets(announcement.json), signer: identity)
        let put = client.look(.put(item))
        open.insert(put)
        wait(client, until: end) { output in
            guard case .finished(let id, let outcome) = output else { return false }
            stored[id] = outcome.stored
            open.remove(id)
            return open.isEmpty
        }
        let addresses = stored.filter { $0.key != put }.values.reduce(0, +)
        let items = stored[put] ?? 0
        io.errors.note("dht: \(addresses) nodes took the address, \(items) the announcement")
        // Nodes of BEP 5 alone take an address, and who asks there learns the rest.
        return addresses + items > 0
    }

    /// With the address under which the DHT sees us, where an endpoint names no host.
    private func publicAnnouncement(_ own: ContactAddress?) -> PeerAnnouncement {
        let seen = endpoints.map { endpoint in
            guard endpoint.host.isEmpty, let own else { return endpoint }
            return Endpoint(
                transport: endpoint.transport, host: own.ip.description, port: endpoint.port,
                path: endpoint.path)
        }
        return PeerAnnouncement(
            nodeId: identity.node, capabilities: options.capability, endpoints: seen,
            timestamp: SystemClock.timestamp,
            ttlMs: Int(max(ttl, Announcer.lifetimeDHT).nanoseconds / 1_000_000)
        ).fittingTXT(maxOctets: 800).signed(by: identity)
    }

    private func wait(
        _ client: DHTClient, until end: Instant, _ isDone: (Kademlia.Output) -> Bool
    ) {
        while SystemClock.now < end {
            let next = min(end, client.nextDeadline ?? end)
            _ = loop.wait(max(.zero, next - SystemClock.now))
            for output in client.run() where isDone(output) { return }
        }
    }
}
