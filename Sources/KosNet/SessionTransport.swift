package import KosCore
package import NIOCore

/// A transport that is described before it is there (WebRTC): an offer, an answer, then a link.
/// Another adapter brings it; what of it is HTTP is here.
package protocol SessionTransport: AnyObject {
    /// Opens a link to what answers at `endpoint`.
    func connect(_ endpoint: Endpoint, driver: NodeDriver) -> EventLoopFuture<Void>
    /// Answers an offer; the link comes to be, or not, in its own time.
    func answer(
        _ offer: String, from remote: Endpoint, via local: SocketAddress?, driver: NodeDriver,
        then tell: @escaping (Result<SessionAnswer, SessionRefusal>) -> Void)
    /// Takes candidates that became known later; false where there is no such session, or they
    /// belong to another one.
    func amend(_ token: String, with fragment: String) -> Bool
    /// Ends a session; false where there is none.
    func end(_ token: String) -> Bool
    /// Takes an offer or an answer that came as a packet of another node, its signature checked.
    func take(_ packet: Packet, driver: NodeDriver)
    /// Ends everything.
    func stop()
}

/// What is said to an offer.
package struct SessionAnswer: Sendable {
    /// Names the session from now on; nobody can guess it.
    package let token: String
    package let description: String

    package init(token: String, description: String) {
        self.token = token
        self.description = description
    }
}

package enum SessionRefusal: Error, Sendable {
    /// The offer is not one that could be answered.
    case unusable(String)
    /// There is no room for another session just now.
    case busy
}

/// The client's half of the signalling over HTTP (shaped as in RFC 9725): an offer is posted, its
/// answer comes back with the place of the session.
package enum SessionSignalling {
    static let mediaType = "application/sdp"
    static let fragmentType = "application/trickle-ice-sdpfrag"
    /// Path of sessions on a node's HTTP port.
    static let place = "sessions"

    /// Posts an offer; the answer's description and the path of the session.
    package static func offer(
        _ description: String, to endpoint: Endpoint, driver: NodeDriver
    ) -> EventLoopFuture<(description: String, place: String)> {
        let loop = driver.loop
        let ready = loop.makePromise(of: (description: String, place: String).self)
        HTTPTransport.dial(endpoint.signalling, driver: driver).assumeIsolated()
            .whenComplete { result in
                switch result {
                case .failure(let error): ready.fail(error)
                case .success(let exchange):
                    exchange.value.send(
                        .POST, endpoint.signalling.requestTarget, Array(description.utf8),
                        type: mediaType
                    ) { answer in
                        exchange.value.closeWhenIdle()
                        guard let answer else {
                            return ready.fail(Transports.Failure("the connection was closed"))
                        }
                        guard answer.status == .created,
                            let place = answer.headers.first(name: "Location")
                        else {
                            return ready.fail(
                                Transports.Failure(
                                    "no WebRTC there: HTTP \(answer.status.code)"))
                        }
                        ready.succeed((String(decoding: answer.body, as: UTF8.self), place))
                    }
                }
            }
        return ready.futureResult
    }

    /// Ends a session that did not become a link.
    package static func withdraw(_ place: String, at endpoint: Endpoint, driver: NodeDriver) {
        guard place.hasPrefix("/") else { return }
        HTTPTransport.dial(endpoint.signalling, driver: driver).assumeIsolated()
            .whenSuccess { exchange in
                exchange.value.send(.DELETE, place) { _ in }
                exchange.value.closeWhenIdle()
            }
    }
}

extension Endpoint {
    /// Where the offer goes.
    var signalling: Endpoint {
        Endpoint(
            transport: isSecure ? .https : .http, host: host, port: port, path: path, query: query)
    }
}
