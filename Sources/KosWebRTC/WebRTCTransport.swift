#if WebRTC
    package import KosCore
    import KosCrypto
    package import KosNet
    package import NIOCore

    /// WebRTC data channels as links of a node: offers of others are answered as ICE-lite on one
    /// UDP port for all of them, own offers go out over HTTP, or in packets to another node.
    package final class WebRTCTransport: SessionTransport {
        package static let maxSessions = 1024
        /// Sessions that have no channel yet.
        package static let maxUnproven = 128

        private let identity: NodeIdentity
        let now: () -> Timestamp
        private var ownContext: DTLSContext?
        private var hub: ICESockets?
        private var opening: EventLoopFuture<NIOLoopBound<ICESockets>>?
        /// Sessions that others have offered, by token, by fragment and by where they are.
        private var sessions: [String: PeerConnection] = [:]
        private var fragments: [String: PeerConnection] = [:]
        private var paths: [ICEAgent.Path: PeerConnection] = [:]
        private var unproven = 0
        /// Sessions that this node has offered, or answered in packets: each has its own sockets.
        private var own: [ObjectIdentifier: PeerConnection] = [:]
        private var isStopped = false
        /// Sessions that are described in packets: offered by this node, and by others.
        var asked: [String: PeerConnection] = [:]
        var answered: [String: PeerConnection?] = [:]
        /// Told of every channel that has become open, before anything comes over it.
        package var channelOpened: (DataChannel) -> Void = { _ in }
        /// Told of input that was not accepted.
        package var refused: (String, ContactAddress) -> Void = { _, _ in }

        package init(_ identity: NodeIdentity, now: @escaping () -> Timestamp) {
            self.identity = identity
            self.now = now
        }

        private func context() throws -> DTLSContext {
            if let ownContext { return ownContext }
            guard Library.openSSL != nil, Library.usrsctp != nil else {
                throw Transports.Failure("libssl3 or libusrsctp2 is not on this system")
            }
            let pair = try CertificateProof.pair(identity, at: now())
            guard let made = DTLSContext(certificate: pair.certificate, key: pair.key) else {
                throw Transports.Failure("OpenSSL does not take this node's certificate")
            }
            ownContext = made
            return made
        }

        private static func settings(isLite: Bool, isControlling: Bool) -> ICEAgent.Settings {
            var system = SystemRandomNumberGenerator()
            let secret = (0..<64).map { _ in UInt8.random(in: 0...255, using: &system) }
            var settings = ICEAgent.Settings(
                local: ICECredentials(secret: Array(secret[..<32])),
                tieBreaker: system.next(), secret: Array(secret[32...]),
                authenticator: STUNHash())
            settings.isLite = isLite
            settings.isControlling = isControlling
            return settings
        }

        static func token() -> String {
            var system = SystemRandomNumberGenerator()
            return String(system.next(), radix: 36) + String(system.next(), radix: 36)
        }

        // MARK: Offers of others

        package func answer(
            _ offer: String, from remote: Endpoint, via local: SocketAddress?, driver: NodeDriver,
            then tell: @escaping (Result<SessionAnswer, SessionRefusal>) -> Void
        ) {
            guard !isStopped, sessions.count < WebRTCTransport.maxSessions,
                unproven < WebRTCTransport.maxUnproven
            else { return tell(.failure(.busy)) }
            let description: SessionDescription
            do throws(SessionDescription.Flaw) {
                description = try SessionDescription(offer)
                guard !description.isLite else { throw .notOne }
            } catch {
                return tell(.failure(.unusable(error.rawValue)))
            }
            let bound = NIOLoopBound((self, driver, tell), eventLoop: driver.loop)
            openHub(via: local, on: driver.loop).assumeIsolated().whenComplete { result in
                let (transport, driver, tell) = bound.value
                switch result {
                case .failure(let error):
                    tell(.failure(.unusable(Transports.describe(error))))
                case .success(let sockets):
                    tell(transport.accept(description, from: remote, driver, sockets.value))
                }
            }
        }

        /// The sockets of all sessions that others offer, from the first offer on: on the port of
        /// the node's HTTP where that is free for UDP.
        private func openHub(
            via local: SocketAddress?, on loop: any EventLoop
        ) -> EventLoopFuture<NIOLoopBound<ICESockets>> {
            if let opening { return opening }
            // A node that listens on the loopback interface alone stays there.
            let isPrivate = local?.contact?.ip.isLoopback == true && isLoopbackOnly
            let addresses = ICESockets.localAddresses().filter { !isPrivate || $0.isLoopback }
            let opened = ICESockets.open(addresses, port: local?.port ?? 0, on: loop)
            opening = opened
            let bound = NIOLoopBound(self, eventLoop: loop)
            opened.assumeIsolated().whenComplete { result in
                let transport = bound.value
                guard case .success(let sockets) = result else {
                    transport.opening = nil
                    return
                }
                guard !transport.isStopped else { return sockets.value.close() }
                transport.hub = sockets.value
                sockets.value.received = { [weak transport] in transport?.take($0, $1) }
            }
            return opened
        }

        /// Whether every listener is on the loopback interface.
        package var isLoopbackOnly = false

        private func accept(
            _ offer: SessionDescription, from remote: Endpoint, _ driver: NodeDriver,
            _ sockets: ICESockets
        ) -> Result<SessionAnswer, SessionRefusal> {
            let context: DTLSContext
            do { context = try self.context() } catch {
                return .failure(.unusable(Transports.describe(error)))
            }
            let connection = PeerConnection(
                PeerConnection.Plan(
                    remote: remote, isOutgoing: false,
                    agent: WebRTCTransport.settings(isLite: true, isControlling: false),
                    context: context, now: now),
                driver, sockets)
            let answer = offer.answer(
                credentials: connection.agent.local, fingerprint: context.fingerprint,
                candidates: sockets.bases, isLite: true)
            let token = WebRTCTransport.token()
            keep(connection, token, driver)
            connection.begin(remote: offer, isServer: answer.setup == .passive)
            return .success(SessionAnswer(token: token, description: answer.text))
        }

        private func keep(_ connection: PeerConnection, _ token: String, _ driver: NodeDriver) {
            let fragment = connection.agent.local.fragment
            sessions[token] = connection
            fragments[fragment] = connection
            unproven += 1
            connection.met = { [weak self] path in self?.paths[path] = connection }
            connection.opened = { [weak self] channel in
                self?.unproven -= 1
                self?.channelOpened(channel)
            }
            connection.refused = { [weak self] in self?.refused($0, $1) }
            connection.ended = { [weak self] reason in
                guard let self else { return }
                sessions[token] = nil
                fragments[fragment] = nil
                for path in connection.paths where paths[path] === connection {
                    paths[path] = nil
                }
                if !connection.wasOpen { unproven -= 1 }
                if let reason { driver.refused(reason, connection.plan.remote) }
            }
        }

        private func take(_ data: ByteBuffer, _ path: ICEAgent.Path) {
            guard let first = data.readableBytesView.first else { return }
            guard first <= 3 else {
                paths[path]?.take(data, path)
                return
            }
            guard let message = STUNMessage(Array(data.readableBytesView)) else {
                return refused(ICEAgent.Refusal.malformed.rawValue, path.remote)
            }
            if let name = message[STUNMessage.Name.username] {
                let fragment = name.prefix { $0 != 0x3A }
                guard let session = fragments[String(decoding: fragment, as: UTF8.self)] else {
                    return refused(ICEAgent.Refusal.wrongName.rawValue, path.remote)
                }
                session.take(data, path)
            } else if let session = paths[path] {
                session.take(data, path)
            } else if message.kind == .request {
                // Somebody asks for the address that it is seen under.
                hub?.send(STUN.answer(to: message, from: path.remote), path)
            }
        }

        package func amend(_ token: String, with fragment: String) -> Bool {
            guard let session = sessions[token], let offer = session.remoteCredentials,
                let candidates = SessionDescription.candidates(fragment: fragment, of: offer)
            else { return false }
            for candidate in candidates { session.add(candidate) }
            return true
        }

        package func end(_ token: String) -> Bool {
            guard let session = sessions[token] else { return false }
            session.finish()
            return true
        }

        package func stop() {
            isStopped = true
            for session in Array(sessions.values) + Array(own.values) { session.finish() }
            guard let hub else { return }
            let bound = NIOLoopBound(hub, eventLoop: hub.loop)
            // After what the sessions have to say last.
            hub.loop.scheduleTask(in: .milliseconds(4)) { bound.value.close() }
            self.hub = nil
        }

        // MARK: Own offers

        package func connect(_ endpoint: Endpoint, driver: NodeDriver) -> EventLoopFuture<Void> {
            let ready = driver.loop.makePromise(of: Void.self)
            let bound = NIOLoopBound((self, driver), eventLoop: driver.loop)
            ICESockets.open(ICESockets.localAddresses(), port: 0, on: driver.loop).assumeIsolated()
                .whenComplete { result in
                    let (transport, driver) = bound.value
                    switch result {
                    case .failure(let error): ready.fail(error)
                    case .success(let sockets):
                        if let node = endpoint.describedTo {
                            transport.offer(to: node, endpoint, driver, sockets.value, ready)
                        } else {
                            transport.offer(to: endpoint, driver, sockets.value, ready)
                        }
                    }
                }
            return ready.futureResult
        }

        private func offer(
            to endpoint: Endpoint, _ driver: NodeDriver, _ sockets: ICESockets,
            _ ready: EventLoopPromise<Void>
        ) {
            guard let connection = prepare(endpoint, driver, sockets, ready) else { return }
            var place: String?
            let forget = connection.ended
            connection.ended = { reason in
                forget(reason)
                if let place, !connection.wasOpen {
                    SessionSignalling.withdraw(place, at: endpoint, driver: driver)
                }
            }
            let offer = connection.description(.actpass, sockets.bases).text
            let bound = NIOLoopBound(connection, eventLoop: driver.loop)
            SessionSignalling.offer(offer, to: endpoint, driver: driver).assumeIsolated()
                .whenComplete { result in
                    switch result {
                    case .failure(let error): bound.value.end(Transports.describe(error))
                    case .success(let answer):
                        place = answer.place
                        do throws(SessionDescription.Flaw) {
                            let description = try SessionDescription(answer.description)
                            guard description.setup != .actpass else { throw .badSetup }
                            bound.value.begin(
                                remote: description, isServer: description.setup == .active)
                        } catch {
                            bound.value.end("the answer: \(error.rawValue)")
                        }
                    }
                }
        }

        /// A connection that tells `ready` what becomes of it; nil where that is told already.
        func prepare(
            _ endpoint: Endpoint, _ driver: NodeDriver, _ sockets: ICESockets,
            _ ready: EventLoopPromise<Void>
        ) -> PeerConnection? {
            let connection: PeerConnection
            do {
                connection = try begin(endpoint, driver, sockets, isControlling: true)
            } catch {
                sockets.close()
                ready.fail(error)
                return nil
            }
            connection.opened = { [weak self] channel in
                self?.channelOpened(channel)
                driver.phase(endpoint, .ready)
                ready.succeed()
            }
            let forget = connection.ended
            connection.ended = { reason in
                forget(reason)
                ready.fail(Transports.Failure(reason ?? "the connection was closed"))
            }
            return connection
        }

        /// A connection with sockets of its own.
        func begin(
            _ endpoint: Endpoint, _ driver: NodeDriver, _ sockets: ICESockets, isControlling: Bool
        ) throws -> PeerConnection {
            guard !isStopped, own.count < WebRTCTransport.maxSessions else {
                throw Transports.Failure("no room for another connection")
            }
            let connection = PeerConnection(
                PeerConnection.Plan(
                    remote: endpoint, isOutgoing: isControlling,
                    agent: WebRTCTransport.settings(isLite: false, isControlling: isControlling),
                    context: try context(), now: now),
                driver, sockets)
            let name = ObjectIdentifier(connection)
            own[name] = connection
            sockets.received = { [weak connection] in connection?.take($0, $1) }
            connection.refused = { [weak self] in self?.refused($0, $1) }
            connection.ended = { [weak self] _ in
                self?.own[name] = nil
                sockets.close()
            }
            return connection
        }
    }
#endif
