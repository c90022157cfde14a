import KosCore
import NIOCore
import NIOHTTP1

/// Sessions over HTTP: `POST` of an offer anywhere, `PATCH` and `DELETE` of what it answers.
extension HTTPHandler {
    static func isOffer(_ head: HTTPRequestHead) -> Bool {
        let type = head.headers.first(name: "Content-Type")?.lowercased() ?? ""
        return head.method == .POST && type.hasPrefix(SessionSignalling.mediaType)
    }

    /// Whether the request was about a session; then it is answered.
    func session(_ head: HTTPRequestHead, _ target: RequestTarget, _ body: [UInt8]) -> Bool {
        if HTTPHandler.isOffer(head) {
            answer(String(decoding: body, as: UTF8.self))
            return true
        }
        guard target.segments.first == SessionSignalling.place else { return false }
        guard let sessions = driver.sessions, target.segments.count == 2 else {
            refuse(.notFound, "no such session")
            return true
        }
        let token = target.segments[1]
        switch head.method {
        case .PATCH:
            let type = head.headers.first(name: "Content-Type")?.lowercased() ?? ""
            guard type.hasPrefix(SessionSignalling.fragmentType) else {
                let accepted = [("Accept-Patch", SessionSignalling.fragmentType)]
                refuse(.unsupportedMediaType, "candidates are an SDP fragment", accepted)
                return true
            }
            guard sessions.amend(token, with: String(decoding: body, as: UTF8.self)) else {
                refuse(.notFound, "no such session")
                return true
            }
            respond(.noContent, [])
        case .DELETE:
            guard sessions.end(token) else {
                refuse(.notFound, "no such session")
                return true
            }
            respond(.ok, [])
        default: refuse(.methodNotAllowed, "no such method", [("Allow", "PATCH, DELETE")])
        }
        return true
    }

    private func answer(_ offer: String) {
        guard let sessions = driver.sessions else {
            return refuse(.notImplemented, "webrtc is not built in")
        }
        sessions.answer(
            offer, from: webRTCRemote, via: context?.channel.localAddress, driver: driver
        ) { [weak self] result in
            switch result {
            case .success(let answer):
                self?.respond(
                    .created, Array(answer.description.utf8), type: SessionSignalling.mediaType,
                    headers: [
                        ("Location", "/\(SessionSignalling.place)/\(answer.token)"),
                        ("Accept-Patch", SessionSignalling.fragmentType),
                    ])
            case .failure(.unusable(let reason)): self?.refuse(.badRequest, reason)
            case .failure(.busy):
                self?.refuse(.serviceUnavailable, "too many sessions", [("Retry-After", "10")])
            }
        }
    }

    private var webRTCRemote: Endpoint {
        Transports.endpoint(.webrtc, context?.remoteAddress)
    }
}
