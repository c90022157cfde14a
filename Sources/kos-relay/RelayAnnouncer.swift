import KosCore
import KosCrypto
import KosMDNS
import KosNet
import KosTool

/// The relay on the local network: its signed announcement, renewed for as long as it runs.
final class RelayAnnouncer {
    private static let ttl = Duration.seconds(120)
    private static let service = "_kos._tcp"

    private let announcement: MDNSAnnouncement

    /// Fails when the endpoints do not fit into an announcement.
    init(_ session: RelaySession, _ host: NodeHost, _ bound: [Endpoint]) throws {
        let endpoints = bound.map(\.announced)
        let identity = session.identity
        let capabilities = session.capabilities
        let record: @Sendable () -> TXTRecord? = {
            PeerAnnouncement(
                nodeId: identity.node, capabilities: capabilities, endpoints: endpoints,
                timestamp: SystemClock.timestamp,
                ttlMs: Int(RelayAnnouncer.ttl.nanoseconds / 1_000_000)
            ).fittingTXT().signed(by: identity)
                .txt(keyHash: identity.node.publicKey.map(Digest.keyHash))
        }
        guard let txt = record() else {
            throw ToolFailure.usage(
                "the --listen endpoints do not fit into an announcement", hint: "name fewer of them"
            )
        }
        let errors = session.io.errors
        let tell = host.entrance { (event: MDNSEvent) in RelayAnnouncer.note(event, errors) }
        let setup = MDNSAnnouncement.Setup(
            announcing: MDNSClient.Announcing(
                name: session.options.name ?? identity.node.text, type: RelayAnnouncer.service,
                domain: nil, port: endpoints.first?.port ?? Endpoint.defaultPort, txt: txt),
            renewal: RelayAnnouncer.ttl * 0.5, seed: SystemClock.seed, now: { SystemClock.now },
            record: record, tell: tell)
        guard let announcement = MDNSAnnouncement(setup) else {
            throw ToolFailure(.failure, code: "resource", "no descriptors left")
        }
        self.announcement = announcement
    }

    func stop() { announcement.stop() }

    private static func note(_ event: MDNSEvent, _ errors: ErrorOutput) {
        switch event {
        case .published(let name): errors.note("mdns: announced as '\(name)'")
        case .unavailable(let reason):
            errors.say("mdns: \(reason); not announced until it is there")
        case .publishFailed(let reason), .lost(let reason):
            errors.say("mdns: not announced: \(reason)")
        default: break
        }
    }
}

extension Endpoint {
    /// As others are told of it: no host where it listens on every interface.
    var announced: Endpoint {
        let isAny = ["*", "::", "0.0.0.0"].contains(host)
        return Endpoint(transport: transport, host: isAny ? "" : host, port: port, path: path)
    }
}
