#if WebRTC
    import KosCore
    import KosCrypto
    import KosNet
    import NIOCore

    /// One WebRTC connection from the first check to the last octet: ICE finds the way, DTLS proves
    /// who is there, SCTP carries the messages of one data channel, which is one link of the node.
    final class PeerConnection {
        struct Plan {
            /// What the node is at the other end of, for records.
            let remote: Endpoint
            let isOutgoing: Bool
            let agent: ICEAgent.Settings
            let context: DTLSContext
            let now: () -> Timestamp
        }
        enum Stage: Equatable { case signalling, connecting, securing, associating, open, over }

        /// Time for everything up to the open channel.
        static let patience = TimeAmount.seconds(20)
        /// Time for what was written to arrive, once it is over.
        static let farewell = TimeAmount.seconds(2)

        let plan: Plan
        let driver: NodeDriver
        let sockets: ICESockets
        private(set) var agent: ICEAgent
        private(set) var stage = Stage.signalling
        private(set) var limit = AmplificationLimit()
        private var remote: SessionDescription?
        private var isServer = false
        private var dtls: DTLSSession?
        private(set) var sctp: SCTPAssociation?
        private(set) var channel: DataChannel?
        private var iceAlarm: Scheduled<Void>?
        private var dtlsAlarm: Scheduled<Void>?
        private var deadline: Scheduled<Void>?
        private var early: [[UInt8]] = []
        /// Where DTLS goes: what ICE has chosen, or the last that came with a good request.
        private var path: ICEAgent.Path?
        var paths: Set<ICEAgent.Path> = []

        /// The node whose signature is on the other side's description.
        var expected: NodeID?
        /// What this side has said in answer to a packet.
        var said: JSONObject?
        /// Whether this side opens the channel.
        var isOfferer = true
        /// Told of paths over which a good request has come.
        var met: (ICEAgent.Path) -> Void = { _ in }
        var gathered: (ICECandidate?) -> Void = { _ in }
        /// Told once, when the channel is open.
        var opened: (DataChannel) -> Void = { _ in }
        /// Told once, with a reason where it is one's fault.
        var ended: (String?) -> Void = { _ in }
        /// Told of input that was not accepted.
        var refused: (String, ContactAddress) -> Void = { _, _ in }

        init(_ plan: Plan, _ driver: NodeDriver, _ sockets: ICESockets) {
            self.plan = plan
            self.driver = driver
            self.sockets = sockets
            agent = ICEAgent(plan.agent, bases: sockets.bases, at: PeerConnection.now())
            let bound = NIOLoopBound(self, eventLoop: driver.loop)
            deadline = driver.loop.scheduleTask(in: PeerConnection.patience) {
                bound.value.end("no data channel within 20 s")
            }
        }

        static func now() -> Instant {
            Instant(nanoseconds: Int64(NIODeadline.now().uptimeNanoseconds))
        }

        // MARK: Descriptions

        var fingerprint: SessionDescription.Fingerprint { plan.context.fingerprint }

        /// This side's offer or answer; `setup` is what it says of DTLS.
        func description(
            _ setup: SessionDescription.Setup, _ candidates: [ICECandidate]
        ) -> SessionDescription {
            var own = SessionDescription(
                credentials: agent.local, fingerprint: fingerprint, setup: setup,
                candidates: candidates)
            own.isLite = plan.agent.isLite
            return own
        }

        /// Begins, with what both sides have described.
        func begin(remote: SessionDescription, isServer: Bool) {
            guard stage == .signalling else { return }
            self.remote = remote
            self.isServer = isServer
            stage = .connecting
            post(.remote(remote.credentials, remote.candidates, isLite: remote.isLite))
        }

        func gather(_ servers: [ContactAddress]) { post(.gather(servers)) }

        func add(_ candidate: ICECandidate) { post(.candidate(candidate)) }

        // MARK: Datagrams

        /// STUN, DTLS and what is neither are told apart by the first octet (RFC 7983).
        func take(_ data: ByteBuffer, _ path: ICEAgent.Path) {
            guard stage != .over, let first = data.readableBytesView.first else { return }
            limit.received(data.readableBytes)
            switch first {
            case 0...3: post(.datagram(Array(data.readableBytesView), path))
            case 20...63:
                guard let dtls else {
                    // The other side may be done before we are.
                    if early.count < 4 { early.append(Array(data.readableBytesView)) }
                    return
                }
                if !plan.agent.isLite || paths.contains(path) || path == agent.selected {
                    data.withUnsafeReadableBytes { take(dtls, $0) }
                }
            default: refused("neither STUN nor DTLS", path.remote)
            }
        }

        private func post(_ input: ICEAgent.Input) {
            var outputs: [ICEAgent.Output] = []
            agent.handle(input, at: PeerConnection.now(), into: &outputs)
            perform(outputs)
        }

        private func perform(_ outputs: [ICEAgent.Output]) {
            for output in outputs {
                guard stage != .over else { break }
                switch output {
                case .send(let octets, let path):
                    if plan.agent.isLite {
                        // A lite agent sends nothing but answers to good requests.
                        if paths.count < 16, paths.insert(path).inserted { met(path) }
                        guard limit.admits(octets.count) else { continue }
                    }
                    sockets.send(octets, path)
                case .selected(let path): select(path)
                case .gathered(let candidate): gathered(candidate)
                case .gatheringDone: gathered(nil)
                case .refused(let reason, let from): refused(reason.rawValue, from)
                case .failed(let reason): end("ICE: \(reason)")
                }
            }
            setIceAlarm()
        }

        private func setIceAlarm() {
            iceAlarm?.cancel()
            guard stage != .over, let next = agent.nextDeadline else { return }
            let wait = max(0, (next - PeerConnection.now()).nanoseconds)
            let bound = NIOLoopBound(self, eventLoop: driver.loop)
            iceAlarm = driver.loop.scheduleTask(in: .nanoseconds(wait)) {
                let connection = bound.value
                var outputs: [ICEAgent.Output] = []
                connection.agent.advance(to: PeerConnection.now(), into: &outputs)
                connection.perform(outputs)
            }
        }

        private func select(_ path: ICEAgent.Path) {
            self.path = path
            // A full agent has had an answer to something that nobody else could know.
            if !plan.agent.isLite { limit.prove() }
            guard stage == .connecting, let session = DTLSSession(plan.context, isServer: isServer)
            else { return }
            stage = .securing
            dtls = session
            session.send = { [weak self] in self?.send($0) }
            session.received = { [weak self] in self?.sctp?.take($0) }
            advance(session.start())
            for octets in early { octets.withUnsafeBytes { take(session, $0) } }
            early = []
        }

        private func send(_ octets: [UInt8]) {
            if !limit.isProven, dtls?.isProven == true { limit.prove() }
            guard let path, limit.admits(octets.count) else { return }
            sockets.send(octets, path)
        }

        // MARK: DTLS

        private func take(_ session: DTLSSession, _ octets: UnsafeRawBufferPointer) {
            advance(session.take(octets))
        }

        private func advance(_ progress: DTLSSession.Progress) {
            switch progress {
            case .going: break
            case .ready: secured()
            case .closed: end(nil)
            case .failed(let reason):
                guard stage == .securing else { return end(nil) }
                end(reason)
            }
            setDTLSAlarm()
        }

        private func setDTLSAlarm() {
            dtlsAlarm?.cancel()
            guard stage == .securing, let wait = dtls?.timeout else { return }
            let bound = NIOLoopBound(self, eventLoop: driver.loop)
            dtlsAlarm = driver.loop.scheduleTask(in: .nanoseconds(wait.nanoseconds)) {
                let connection = bound.value
                guard let dtls = connection.dtls else { return }
                connection.advance(dtls.repeatFlight())
            }
        }

        private func secured() {
            guard stage == .securing, let remote, let dtls else { return }
            limit.prove()
            guard dtls.peerDigest == remote.fingerprint.octets else {
                if let path { refused("wrong fingerprint", path.remote) }
                return end("the certificate has not the fingerprint that was described")
            }
            proven = dtls.peerCertificate.flatMap {
                try? CertificateProof.node(of: $0, at: plan.now())
            }
            if let expected {
                guard proven == nil || proven == expected else {
                    return end("another node than the one that has signed the description")
                }
                proven = expected
            }
            stage = .associating
            sctp = SCTPAssociation(
                on: driver.loop, localPort: SessionDescription.sctpPort,
                send: { [weak self] in self?.dtls?.write($0) },
                tell: { [weak self] in self?.happened($0) })
            guard sctp?.connect(remotePort: remote.sctpPort) == true else {
                return end("SCTP cannot begin")
            }
        }

        /// Who the certificate, or the signed description of it, proves to be there; a browser's
        /// proves nobody.
        private(set) var proven: NodeID?

        // MARK: SCTP

        private func happened(_ event: SCTPAssociation.Event) {
            switch event {
            case .up:
                guard stage == .associating, let sctp else { return }
                stage = .open
                let limit = remote.map { $0.maxMessage == 0 ? LinkTraits.maxPacket : $0.maxMessage }
                let channel = DataChannel(
                    self, sctp, isServer: isServer, maxMessage: limit ?? 65536)
                self.channel = channel
                if plan.isOutgoing, isOfferer { channel.open() }
            case .lost: end(nil)
            case .reset(let streams): channel?.reset(streams)
            case .piece(let stream, let payload, let octets, let isLast):
                channel?.take(stream, payload, octets, isLast)
            case .writable: channel?.pump()
            }
        }

        private(set) var wasOpen = false
        var remoteCredentials: ICECredentials? { remote?.credentials }

        /// The channel has an other end.
        func channelOpened(_ channel: DataChannel) {
            wasOpen = true
            deadline?.cancel()
            opened(channel)
            opened = { _ in }
        }

        // MARK: The end

        /// Nothing more is sent once what waits has arrived.
        func finish() {
            // Where everything has arrived there is nothing to wait for.
            guard stage == .open, let sctp, sctp.waitingOctets > 0 else { return end(nil) }
            sctp.finish()
            deadline?.cancel()
            let bound = NIOLoopBound(self, eventLoop: driver.loop)
            deadline = driver.loop.scheduleTask(in: PeerConnection.farewell) {
                bound.value.end(nil)
            }
        }

        func end(_ reason: String?) {
            guard stage != .over else { return }
            stage = .over
            iceAlarm?.cancel()
            dtlsAlarm?.cancel()
            deadline?.cancel()
            channel?.connectionEnded()
            let bound = NIOLoopBound(self, eventLoop: driver.loop)
            // Not from within a call of usrsctp or OpenSSL.
            driver.loop.execute {
                let connection = bound.value
                connection.sctp?.end()
                connection.sctp = nil
                // It knows the connection, which would otherwise outlive its end.
                connection.channel = nil
                connection.dtls?.close()
                connection.sockets.flush()
                connection.ended(reason)
                connection.ended = { _ in }
                connection.met = { _ in }
                connection.gathered = { _ in }
                connection.opened = { _ in }
            }
        }
    }
#endif
