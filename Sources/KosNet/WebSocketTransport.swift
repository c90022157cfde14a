import KosCore
import NIOCore
import NIOHTTP1
import NIOPosix

/// WebSocket (RFC 6455): one text message is one packet, subprotocol `kos.v1`; a binary one is a
/// packet in CBOR. The same port answers plain HTTP.
enum WebSocketTransport {
    static let subprotocol = "kos.v1"

    static func connect(_ endpoint: Endpoint, driver: NodeDriver) -> EventLoopFuture<Void> {
        let bound = NIOLoopBound(driver, eventLoop: driver.loop)
        let upgraded = driver.loop.makePromise(of: Void.self)
        let channel = Dial.connect(endpoint, driver: driver) { channel in
            try addClient(channel, endpoint, bound, upgraded)
        }
        channel.whenFailure { upgraded.fail($0) }
        channel.whenSuccess { channel in
            channel.closeFuture.whenComplete { _ in
                upgraded.fail(Transports.Failure("no WebSocket there"))
            }
        }
        return upgraded.futureResult
    }

    /// Puts the handlers of a client on a connection that is about to be made.
    static func addClient(
        _ channel: any Channel, _ endpoint: Endpoint, _ bound: NIOLoopBound<NodeDriver>,
        _ upgraded: EventLoopPromise<Void>
    ) throws {
        let driver = bound.value
        let offersDeflate = endpoint.query["deflate"] != nil
        let upgrade = WebSocketClientUpgrade(offersDeflate: offersDeflate) { channel, deflate in
            bound.value.phase(endpoint, .ready)
            try channel.pipeline.syncOperations.addHandler(
                WebSocketHandler(
                    driver: bound.value, remote: endpoint, isClient: true, deflate: deflate))
            upgraded.succeed()
        }
        var headers = HTTPHeaders()
        headers.add(name: "Host", value: endpoint.authority)
        headers.add(name: "Content-Length", value: "0")
        headers.add(name: "Sec-WebSocket-Protocol", value: subprotocol)
        for (name, value) in driver.dialing.headers { headers.add(name: name, value: value) }
        let head = HTTPRequestHead(
            version: .http1_1, method: .GET, uri: endpoint.requestTarget, headers: headers)
        let sender = HandshakeSender(head: head, upgraded)
        let boundSender = NIOLoopBound(sender, eventLoop: channel.eventLoop)
        try channel.pipeline.syncOperations.addHTTPClientHandlers(
            // The server's first words may come in one piece with its answer.
            leftOverBytesStrategy: .forwardBytes,
            withClientUpgrade: (
                upgraders: [upgrade],
                completionHandler: { context in
                    context.pipeline.syncOperations.removeHandler(boundSender.value, promise: nil)
                }
            ))
        try channel.pipeline.syncOperations.addHandler(sender)
    }

    static func listen(_ endpoint: Endpoint, driver: NodeDriver) -> EventLoopFuture<any Channel> {
        let bound = NIOLoopBound(driver, eventLoop: driver.loop)
        return Transports.serve(endpoint, driver: driver) { channel in
            try addServer(channel, endpoint.transport, bound)
        }
    }

    /// Puts the handlers of a server on a connection that was accepted.
    static func addServer(
        _ channel: any Channel, _ transport: TransportType, _ bound: NIOLoopBound<NodeDriver>
    ) throws {
        let scheme = transport.isSecure ? TransportType.wss : .ws
        let upgrade = WebSocketServerUpgrade { channel, head, deflate in
            let remote = Transports.endpoint(scheme, channel.remoteAddress, path: head.uri)
            try channel.pipeline.syncOperations.addHandler(
                WebSocketHandler(
                    driver: bound.value, remote: remote, isClient: false, deflate: deflate))
        }
        let caller = Transports.endpoint(transport, channel.remoteAddress)
        try channel.pipeline.syncOperations.addHandler(
            RequestGate { reason, words in bound.value.turnAway(reason, caller, words) })
        let http = HTTPHandler(
            driver: bound.value, transport: transport.isSecure ? .https : .http)
        let boundHTTP = NIOLoopBound(http, eventLoop: channel.eventLoop)
        try channel.pipeline.syncOperations.configureHTTPServerPipeline(
            withServerUpgrade: (
                upgraders: [upgrade],
                completionHandler: { context in
                    context.pipeline.syncOperations.removeHandler(boundHTTP.value, promise: nil)
                }
            ))
        try channel.pipeline.syncOperations.addHandler(http)
    }
}

extension Endpoint {
    /// As a `Host` header has it.
    var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Path and query as a request has them; what is meant for this end of the connection stays
    /// here.
    var requestTarget: String {
        let sent = query.filter { !["peer", "deflate", "fd"].contains($0.key) }
        guard !sent.isEmpty else { return path }
        return path + "?"
            + sent.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "&")
    }
}

/// Sends the opening request as soon as the connection is there.
private final class HandshakeSender: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart
    private let head: HTTPRequestHead
    private let upgraded: EventLoopPromise<Void>

    init(head: HTTPRequestHead, _ upgraded: EventLoopPromise<Void>) {
        self.head = head
        self.upgraded = upgraded
    }

    func channelActive(context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.fireChannelActive()
    }

    /// An answer that is no upgrade: not for us.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head(let head) = unwrapInboundIn(data) {
            upgraded.fail(Transports.Failure("no WebSocket there: HTTP \(head.status.code)"))
        }
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        upgraded.fail(error)
        context.close(promise: nil)
    }
}
