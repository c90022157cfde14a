import KosCore
import KosCrypto
import KosNet
import KosTool

/// The DHT as a method of a session: the nodes that announced themselves under the mesh's name, and
/// the signed announcement of a node that is asked for by its id.
extension Session {
    func startDHT() throws {
        guard DHTClient.canBegin(options.dht, io) else {
            return try fail(
                .dht, "no node to begin with", hint: "name one with --dht-node host:port")
        }
        let client = try DHTClient(options.dht, io, isReadOnly: !options.isWatch)
        dht = client
        loop.watch(client.socket.descriptor)
        // Lookups begin once the first nodes near us are known.
        dhtStart = SystemClock.now + .milliseconds(400)
    }

    /// Begins what is to be looked up, and hands on what was found.
    func runDHT() throws {
        guard let dht else { return }
        let results = dht.run()
        if let start = dhtStart, SystemClock.now >= start || dht.nodeCount >= 8 {
            dhtStart = nil
            if let key = awaitedKey {
                dhtOpen.insert(dht.look(.item(publicKey: key, salt: DHTClient.salt)))
            } else {
                lookUpMesh()
            }
        }
        for result in results {
            let time = SystemClock.timestamp
            switch result {
            case .peers(_, let contacts): for contact in contacts { try see(contact) }
            case .item(_, let item): try see(item, time)
            case .finished(let id, let outcome):
                io.errors.note(
                    "dht: asked \(outcome.asked) nodes, \(outcome.answered) answered", level: 2)
                dhtOpen.remove(id)
                scheduleNext(.dht, hasNews: discovery.peerCount != dhtPeerCount)
                dhtPeerCount = discovery.peerCount
                if dhtOpen.isEmpty { try completeWhenSettled(.dht) }
            case .send, .ownAddress: break
            }
        }
    }

    private func lookUpMesh() {
        guard let dht, let hash = DHTKey(Digest.sha1(Array(options.dht.mesh.utf8))) else { return }
        dhtOpen.insert(dht.look(.peers(hash)))
    }

    /// The key of the one node that is asked for.
    private var awaitedKey: [UInt8]? {
        (options.until ?? options.node).flatMap { NodeID($0)?.publicKey }
    }

    /// An address alone: who is there is asked.
    private func see(_ contact: ContactAddress) throws {
        guard let node = NodeID(contact.description) else { return }
        var sighting = Sighting(
            source: Sighting.Source(.dht, contact.description), nodeId: node,
            addresses: [
                PeerAddress(type: .tcp, address: contact.ip.description, port: Int(contact.port))
            ],
            capabilities: [], trust: .opaque)
        sighting.lifetime = Session.dhtLifetime
        let endpoint = Endpoint(
            transport: .tcp, host: contact.ip.description, port: Int(contact.port))
        try inquire(endpoint, for: sighting)
    }

    /// How long nodes of a DHT keep an announcement (BEP 5).
    private static let dhtLifetime = Duration.seconds(1800)

    /// Who is at an address that the DHT told of; the address itself when nobody says so.
    func see(_ answer: Inquiries.Answer, _ time: Timestamp) throws {
        var sighting = answer.question.sighting
        if let (id, info) = answer.node {
            sighting.nodeId = id
            sighting.addresses += info.addresses.filter {
                !sighting.addresses.contains($0)
                    && !$0.isLoopbackOfAnother(than: answer.question.endpoint.host)
            }
            sighting.capabilities = info.capabilities
            sighting.name = info.name
            sighting.trust = .signed(sequence: Int64(info.sequence))
            sighting.document = .nodeInfo
        }
        try feed(.seen(sighting, at: time))
    }

    private func see(_ item: DHTItem, _ time: Timestamp) throws {
        guard let octets = item.value.octets, let fields = try? RecordFields(parsing: octets.span),
            let announcement = try? PeerAnnouncement(fields),
            announcement.nodeId.publicKey == item.publicKey
        else { return io.errors.note("dht: an item is no announcement; left out") }
        // The item is signed by the same key as the announcement in it would be.
        let trust =
            announcement.signature == nil
            ? .signed(sequence: announcement.timestamp.milliseconds)
            : announcement.trust(by: Authenticity.verifier)
        var sighting = Sighting(
            source: Sighting.Source(.dht, announcement.nodeId.text), nodeId: announcement.nodeId,
            addresses: announcement.endpoints.map(\.peerAddress),
            capabilities: announcement.capabilities,
            trust: trust)
        sighting.isPartial = announcement.isPartial
        sighting.ttlMs = announcement.ttlMs
        sighting.lifetime = .milliseconds(announcement.ttlMs)
        try feed(.seen(try completed(sighting), at: time))
    }
}
