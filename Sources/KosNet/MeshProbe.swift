package import KosCore
import KosCrypto
import NIOCore
import NIOPosix

/// Asks relays who they are, and what they know of the mesh: a leaf node on an event loop of its
/// own.
package final class MeshProbe: Sendable {
    package enum Event: Sendable {
        /// The relay at this endpoint has said, signed, who it is.
        case reached(Endpoint, NodeID, NodeInfo)
        /// How long a heartbeat took there and back, ms.
        case measured(NodeID, rttMs: Double)
        /// The connection to the relay broke.
        case gone(NodeID)
        case failed(Endpoint, String)
        /// All that the relay knows: nodes, and links that both of their ends announce.
        case topology(NodeID, [PeerRecord], [LinkRecord])
    }

    private let loop: any EventLoop
    private let driver: NIOLoopBoundBox<NodeDriver?>

    /// Connects to every endpoint; `tell` is called on another thread.
    package init(
        _ endpoints: [Endpoint], identity: NodeIdentity, files: TLSFiles, wantsTopology: Bool,
        epoch: Timestamp,
        seed: UInt64,
        now: @escaping @Sendable () -> Instant, tell: @escaping @Sendable (Event) -> Void
    ) {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        self.loop = loop
        let box = NIOLoopBoundBox<NodeDriver?>.makeBoxSendingValue(nil, eventLoop: loop)
        driver = box
        loop.execute {
            var settings = MeshNode.Settings()
            settings.role = .leaf
            settings.sealer = identity
            settings.heartbeat = .milliseconds(500)
            let node = MeshNode(
                signer: identity, verifier: SignatureVerifier(), settings: settings, epoch: epoch,
                at: now(),
                seed: seed)
            let driver = NodeDriver(node, on: loop, now: now)
            driver.tls = TLSCredentials(identity, files) {
                epoch + .nanoseconds(now().nanoseconds)
            }
            box.value = driver
            let watch = Watch(driver, wantsTopology: wantsTopology, epoch: epoch, tell: tell)
            driver.observer = { output, time in watch.observe(output, time) }
            driver.settled = { watch.measure() }
            driver.dialFailed = { endpoint, reason in tell(.failed(endpoint, reason)) }
            for endpoint in endpoints { driver.post(.connect(endpoint)) }
        }
    }

    /// Connects to more of them.
    package func connect(_ endpoints: [Endpoint]) {
        loop.execute { [driver] in
            for endpoint in endpoints { driver.value?.post(.connect(endpoint)) }
        }
    }

    /// Closes every connection.
    package func stop() {
        loop.execute { [driver] in
            driver.value?.closeAll()
            driver.value = nil
        }
    }

    /// What the probe looks at, on its loop.
    private final class Watch {
        private unowned let driver: NodeDriver
        private let wantsTopology: Bool
        private let epoch: Timestamp
        private let tell: (Event) -> Void
        private var measured: Set<NodeID> = []
        private var reached: Set<NodeID> = []

        init(
            _ driver: NodeDriver, wantsTopology: Bool, epoch: Timestamp,
            tell: @escaping @Sendable (Event) -> Void
        ) {
            self.driver = driver
            self.wantsTopology = wantsTopology
            self.epoch = epoch
            self.tell = tell
        }

        func observe(_ output: MeshNode.Output, _ time: Instant) {
            guard case .service(.dialogue(.delivery(let delivery))) = output else { return }
            switch delivery {
            case .neighbour(let peer, true):
                guard let entry = driver.node.links.best(to: peer), let info = entry.info else {
                    return
                }
                reached.insert(peer)
                tell(.reached(entry.traits.remote, peer, info))
                if wantsTopology { driver.post(.service(.requestTopology(peer))) }
            case .neighbour(let peer, false): tell(.gone(peer))
            case .topologyComplete(let peer):
                let now = epoch + .nanoseconds(time.nanoseconds)
                let own = driver.node.node
                let mesh = driver.node.mesh
                tell(
                    .topology(
                        peer, mesh.peerRecords(at: now, own: own).filter { $0.nodeId != own },
                        mesh.linkRecords(at: now).filter {
                            $0.source != own && $0.destination != own
                        }))
            default: return
            }
        }

        /// Tells each neighbour's round-trip time once it is known.
        func measure() {
            for peer in reached.subtracting(measured) {
                guard let roundTrip = driver.node.links.best(to: peer)?.roundTrip else { continue }
                measured.insert(peer)
                tell(.measured(peer, rttMs: roundTrip))
            }
        }
    }
}
