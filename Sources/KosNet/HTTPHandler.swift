import KosCore
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// Plain HTTP on the WebSocket port (kos(7), TRANSPORTS): `POST /` takes one packet
/// (`application/json`) or many (anything else, a packet a line, streamed) and answers with what
/// became of them; `/links` are connections that outlive a request; `GET /healthz`; `GET /metrics`.
final class HTTPHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum Work {
        case idle
        /// Packets, as they come.
        case packets(HTTPPackets)
        /// The body is kept until it is whole, then acted on.
        case whole(HTTPRequestHead)
        /// The answer is given; the rest of the request is let go.
        case answered
    }
    /// `Accept-Post` (RFC 5789's sibling in the Linked Data Platform): what may be posted.
    private static let mediaTypes =
        "application/json, application/x-ndjson, application/sdp"

    let driver: NodeDriver
    let transport: TransportType
    private var work = Work.idle
    private var body: [UInt8] = []
    private var isTooLarge = false
    private(set) var context: ChannelHandlerContext?

    init(driver: NodeDriver, transport: TransportType = .http) {
        self.driver = driver
        self.transport = transport
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): begin(head)
        case .body(let buffer):
            switch work {
            case .packets(let packets): packets.take(Array(buffer.readableBytesView))
            case .whole:
                isTooLarge =
                    isTooLarge || body.count + buffer.readableBytes > LinkTraits.maxPacket
                if !isTooLarge { body += buffer.readableBytesView }
            case .idle, .answered: break
            }
        case .end:
            switch work {
            case .packets(let packets): packets.end()
            case .whole(let head): act(head)
            case .idle, .answered: break
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if case .packets(let packets) = work { packets.leave() }
        work = .answered
        self.context = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A handshake that is none is answered as the request that it is.
        guard !(error is NIOWebSocketUpgradeError) else { return }
        context.close(promise: nil)
    }

    // MARK: Requests

    private func begin(_ head: HTTPRequestHead) {
        body = []
        isTooLarge = false
        work = .whole(head)
        let target = RequestTarget(head.uri)
        let type = head.headers.first(name: "Content-Type")?.lowercased() ?? ""
        if HTTPHandler.isOffer(head) {
            // Kept until it is whole.
        } else if head.method == .POST, target.segments.first != "links" {
            if ["text/html", "multipart/", "image/", "audio/", "video/"].contains(where: {
                type.hasPrefix($0)
            }) {
                let accepted = [("Accept-Post", HTTPHandler.mediaTypes)]
                return refuse(.unsupportedMediaType, "packets are JSON", accepted)
            }
            work = .packets(
                HTTPPackets(
                    self, isSingle: type.hasPrefix("application/json"),
                    wait: target.wait(usual: 10), remote: remote))
        }
        if head.headers.first(name: "Expect")?.lowercased() == "100-continue" {
            let interim = HTTPResponseHead(version: .http1_1, status: .continue)
            context?.writeAndFlush(wrapOutboundOut(.head(interim)), promise: nil)
        }
    }

    private var remote: Endpoint { Transports.endpoint(transport, context?.remoteAddress) }

    private func act(_ head: HTTPRequestHead) {
        guard !isTooLarge else {
            return refuse(.payloadTooLarge, "longer than \(LinkTraits.maxPacket) octets")
        }
        let target = RequestTarget(head.uri)
        let method = head.method == .HEAD ? HTTPMethod.GET : head.method
        if target.segments.first == "links" { return links(head, target) }
        if session(head, target, body) { return }
        switch (method, target.path) {
        case (.GET, "/healthz"): respond(.ok, "{\"status\":\"ok\"}\n")
        case (.GET, "/metrics"):
            guard let text = driver.exposition?() else {
                return refuse(.notFound, "this node tells no metrics")
            }
            respond(.ok, text, type: PrometheusText.contentType)
        case (.GET, "/") where isForPeople(head):
            respond(.ok, MeshPage.octets, type: MeshPage.contentType, headers: MeshPage.headers)
        case (.GET, _) where head.headers.contains(name: "Upgrade"):
            // NIO has found fault with the handshake (RFC 6455 §4.2.2).
            refuse(
                .upgradeRequired, "no handshake of WebSocket version 13",
                [("Sec-WebSocket-Version", "13"), ("Upgrade", "websocket")])
        case (.GET, _): refuse(.notFound, "POST packets here, or upgrade to a WebSocket")
        case (.OPTIONS, _): respond(.noContent, "", headers: HTTPHandler.allowed)
        default: refuse(.methodNotAllowed, "only GET and POST", HTTPHandler.allowed)
        }
    }

    /// A browser names HTML; only a node that forwards has a mesh to show.
    private func isForPeople(_ head: HTTPRequestHead) -> Bool {
        let types = head.headers["Accept"].joined(separator: ",")
        return driver.exposition != nil && !head.headers.contains(name: "Upgrade")
            && types.contains("text/html")
    }

    private static let allowed = [
        ("Allow", "GET, HEAD, POST, OPTIONS"), ("Accept-Post", mediaTypes),
    ]

    /// `POST /links` opens a connection; `POST`, `GET` and `DELETE` of what it answers bring
    /// packets, wait for some, and close it.
    private func links(_ head: HTTPRequestHead, _ target: RequestTarget) {
        if target.segments.count == 1 {
            guard head.method == .POST else {
                return refuse(.methodNotAllowed, "POST opens a link", [("Allow", "POST")])
            }
            guard let link = driver.web.open(driver, remote) else {
                return refuse(.serviceUnavailable, "too many links", [("Retry-After", "10")])
            }
            if !body.isEmpty { link.take(body) }
            return respond(.created, "", headers: [("Location", "/links/\(link.token)")])
        }
        guard target.segments.count == 2, let link = driver.web[target.segments[1]] else {
            return refuse(.notFound, "no such link")
        }
        switch head.method {
        case .POST:
            link.take(body)
            respond(.accepted, "")
        case .GET:
            work = .answered
            link.poll(for: target.wait(usual: 25)) { [weak self] lines in
                self?.respond(
                    lines.isEmpty ? .noContent : .ok, lines, type: "application/x-ndjson")
            }
        case .DELETE:
            link.close()
            respond(.noContent, "")
        default: refuse(.methodNotAllowed, "no such method", [("Allow", "GET, POST, DELETE")])
        }
    }

    // MARK: Answers

    func refuse(
        _ status: HTTPResponseStatus, _ reason: String, _ headers: [(String, String)] = []
    ) {
        let error: JSONObject = ["error": .string(reason)]
        respond(status, JSONValue.object(error).text + "\n", headers: headers)
    }

    private func respond(
        _ status: HTTPResponseStatus, _ text: String, type: String = "application/json",
        headers: [(String, String)] = []
    ) {
        respond(status, Array(text.utf8), type: type, headers: headers)
    }

    /// The whole answer at once.
    func respond(
        _ status: HTTPResponseStatus, _ octets: [UInt8], type: String = "application/json",
        headers: [(String, String)] = []
    ) {
        var headers = headers
        if status != .noContent { headers.append(("Content-Length", String(octets.count))) }
        start(status, type: octets.isEmpty ? nil : type, headers)
        write(octets)
        finish()
    }

    /// The head of an answer; without a length it is sent in chunks.
    func start(
        _ status: HTTPResponseStatus, type: String?, _ headers: [(String, String)] = []
    ) {
        work = .answered
        var fields = HTTPHeaders(headers)
        if let type { fields.add(name: "Content-Type", value: type) }
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: fields)
        context?.write(wrapOutboundOut(.head(head)), promise: nil)
    }

    func write(_ octets: [UInt8]) {
        guard let context, !octets.isEmpty else { return }
        let buffer = context.channel.allocator.buffer(bytes: octets)
        context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
    }

    func flush() { context?.flush() }

    func finish() {
        context?.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    /// The answer has begun while the request still comes.
    func keep(_ packets: HTTPPackets) { work = .packets(packets) }
}

/// Path and query of a request.
struct RequestTarget {
    let path: String
    private let query: [String: String]

    init(_ uri: String) {
        let parts = uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = String(parts[0])
        var query: [String: String] = [:]
        for pair in (parts.count > 1 ? parts[1] : "").split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1)
            if sides.count == 2 { query[String(sides[0])] = String(sides[1]) }
        }
        self.query = query
    }

    var segments: [String] { path.split(separator: "/").map(String.init) }

    /// `?wait=` in seconds, a minute at most.
    func wait(usual: Double) -> TimeAmount {
        let seconds = query["wait"].flatMap { Double($0) }.map { min(60, max(0, $0)) } ?? usual
        return .milliseconds(Int64(seconds * 1000))
    }
}
