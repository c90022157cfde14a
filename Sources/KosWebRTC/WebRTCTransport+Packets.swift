#if WebRTC
    package import KosCore
    package import KosNet
    import NIOCore

    /// Offers and answers between nodes, as signed packets over whatever path there is: what the
    /// packet says of the certificate is bound to the node that has signed it.
    extension WebRTCTransport {
        /// Between two of an offer's repetitions.
        private static let repeatAfter = TimeAmount.seconds(2)
        /// Age of an offer that is still answered.
        private static let maxAge = Duration.seconds(120)
        private static let maxAnswered = 64

        /// Offers a connection to `node`.
        func offer(
            to node: NodeID, _ endpoint: Endpoint, _ driver: NodeDriver, _ sockets: ICESockets,
            _ ready: EventLoopPromise<Void>
        ) {
            guard let connection = prepare(endpoint, driver, sockets, ready) else { return }
            connection.expected = node
            let session = WebRTCTransport.token()
            asked[session] = connection
            let bound = NIOLoopBound((self, connection), eventLoop: driver.loop)
            gather(connection, endpoint.query["stun"]) { candidates in
                let offer = bound.value.1.description(.actpass, candidates).text
                let payload = WebRTCTransport.offer(offer, session, endpoint.query["stun"])
                bound.value.1.driver.loop.scheduleRepeatedTask(
                    initialDelay: .zero, delay: WebRTCTransport.repeatAfter
                ) { task in
                    let (transport, connection) = bound.value
                    guard transport.asked[session] === connection, connection.stage == .signalling
                    else { return task.cancel() }
                    transport.send(Packet.Kind.webRTCOffer, payload, to: node, connection.driver)
                }
            }
            let forget = connection.ended
            connection.ended = { [weak self] reason in
                self?.asked[session] = nil
                forget(reason)
            }
        }

        /// Finds out under which addresses a STUN server (`?stun=address:port`) sees this machine.
        private func gather(
            _ connection: PeerConnection, _ server: String?,
            then body: @escaping ([ICECandidate]) -> Void
        ) {
            var found = connection.agent.bases
            connection.gathered = { [weak connection] candidate in
                if let candidate { return found.append(candidate) }
                connection?.gathered = { _ in }
                body(found)
            }
            connection.gather(server.flatMap { ContactAddress($0) }.map { [$0] } ?? [])
        }

        private static func offer(
            _ description: String, _ session: String, _ server: String?
        ) -> JSONObject {
            var payload: JSONObject = ["session": .string(session), "sdp": .string(description)]
            if let server { payload["stun"] = .string(server) }
            return payload
        }

        private func send(
            _ kind: String, _ payload: JSONObject, to node: NodeID, _ driver: NodeDriver
        ) {
            var message = Message(to: node.text, .object(payload))
            message.type = kind
            message.persistence = nil
            driver.post(.service(.post(message, token: -1)))
        }

        // MARK: Packets of others

        package func take(_ packet: Packet, driver: NodeDriver) {
            guard packet.source != driver.node.node,
                (now() - packet.timestamp) < WebRTCTransport.maxAge,
                let session = packet.payload.object?["session"]?.string, session.utf8.count <= 64,
                let text = packet.payload.object?["sdp"]?.string
            else { return }
            let place = Endpoint(transport: .webrtc, host: packet.source.text, port: 0)
            let description: SessionDescription
            do throws(SessionDescription.Flaw) {
                description = try SessionDescription(text)
            } catch {
                return driver.refused("\(packet.metadata.type): \(error.rawValue)", place)
            }
            if packet.metadata.type == Packet.Kind.webRTCAnswer {
                guard let connection = asked[session], connection.expected == packet.source else {
                    return driver.refused("an answer to nothing that was asked", place)
                }
                guard description.setup != .actpass else { return connection.end("bad answer") }
                return connection.begin(remote: description, isServer: description.setup == .active)
            }
            let server = packet.payload.object?["stun"]?.string
            let name = "\(packet.source) \(session)"
            answer(Offer(description, session, name, packet.source, server), place, driver)
        }

        /// What has to be answered.
        private struct Offer {
            let description: SessionDescription
            let session: String
            let name: String
            let node: NodeID
            /// Whom the other side asks for its address, and this one may ask as well.
            let server: String?

            init(
                _ description: SessionDescription, _ session: String, _ name: String,
                _ node: NodeID, _ server: String?
            ) {
                self.description = description
                self.session = session
                self.name = name
                self.node = node
                self.server = server
            }
        }

        private func answer(_ offer: Offer, _ place: Endpoint, _ driver: NodeDriver) {
            // An offer is repeated until its answer has arrived.
            if let known = answered[offer.name] {
                guard let said = known?.said else { return }
                return send(Packet.Kind.webRTCAnswer, said, to: offer.node, driver)
            }
            guard answered.count < WebRTCTransport.maxAnswered else { return }
            answered[offer.name] = .some(nil)
            let bound = NIOLoopBound((self, driver), eventLoop: driver.loop)
            ICESockets.open(ICESockets.localAddresses(), port: 0, on: driver.loop).assumeIsolated()
                .whenComplete { result in
                    let (transport, driver) = bound.value
                    guard case .success(let sockets) = result,
                        let connection = try? transport.begin(
                            place, driver, sockets.value,
                            isControlling: offer.description.isLite)
                    else {
                        transport.answered[offer.name] = nil
                        return
                    }
                    transport.answer(offer, connection, driver)
                }
        }

        private func answer(_ offer: Offer, _ connection: PeerConnection, _ driver: NodeDriver) {
            answered[offer.name] = connection
            connection.expected = offer.node
            connection.isOfferer = false
            let forget = connection.ended
            connection.ended = { [weak self] reason in
                self?.answered[offer.name] = nil
                forget(reason)
                if let reason { driver.refused(reason, connection.plan.remote) }
            }
            gather(connection, offer.server) { [weak self, weak connection] candidates in
                guard let self, let connection else { return }
                let answer = offer.description.answer(
                    credentials: connection.agent.local, fingerprint: connection.fingerprint,
                    candidates: candidates, isLite: false)
                let payload: JSONObject = [
                    "session": .string(offer.session), "sdp": .string(answer.text),
                ]
                connection.said = payload
                send(Packet.Kind.webRTCAnswer, payload, to: offer.node, driver)
                connection.begin(
                    remote: offer.description, isServer: answer.setup == .passive)
            }
        }
    }
#endif
