import KosCore
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

/// WebSocket (RFC 6455): one text message is one packet, subprotocol `kos.v1`. The same port
/// answers plain HTTP: `POST /` takes packets, `GET /healthz` says that the relay lives.
enum WebSocketTransport {
    static let subprotocol = "kos.v1"

    static func connect(_ endpoint: Endpoint, driver: NodeDriver) -> EventLoopFuture<Void> {
        let bound = NIOLoopBound(driver, eventLoop: driver.loop)
        let upgraded = driver.loop.makePromise(of: Void.self)
        let bootstrap = ClientBootstrap(group: driver.loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.writeBufferWaterMark, value: NodeDriver.watermark)
            .connectTimeout(Transports.connectTimeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try addClient(channel, endpoint, bound, upgraded)
                }
            }
        let channel =
            Transports.address(of: endpoint).map { bootstrap.connect(to: $0) }
            ?? bootstrap.connect(host: endpoint.host, port: endpoint.port)
        channel.whenFailure { upgraded.fail($0) }
        channel.whenSuccess { channel in
            channel.closeFuture.whenComplete { _ in
                upgraded.fail(Transports.Failure("no WebSocket there"))
            }
        }
        return upgraded.futureResult
    }

    private static func addClient(
        _ channel: any Channel, _ endpoint: Endpoint, _ bound: NIOLoopBound<NodeDriver>,
        _ upgraded: EventLoopPromise<Void>
    ) throws {
        let upgrader = NIOWebSocketClientUpgrader(
            requestKey: NIOWebSocketClientUpgrader.randomRequestKey(),
            maxFrameSize: LinkTraits.maxPacket,
            automaticErrorHandling: true
        ) { channel, _ in
            channel.eventLoop.makeCompletedFuture {
                try WebSocketHandler.install(
                    on: channel,
                    WebSocketHandler(driver: bound.value, remote: endpoint, isClient: true))
                upgraded.succeed()
            }
        }
        var headers = HTTPHeaders()
        headers.add(name: "Host", value: "\(endpoint.host):\(endpoint.port)")
        headers.add(name: "Content-Length", value: "0")
        headers.add(name: "Sec-WebSocket-Protocol", value: subprotocol)
        let head = HTTPRequestHead(
            version: .http1_1, method: .GET, uri: endpoint.path, headers: headers)
        let sender = HandshakeSender(head: head)
        let boundSender = NIOLoopBound(sender, eventLoop: channel.eventLoop)
        try channel.pipeline.syncOperations.addHTTPClientHandlers(
            // The server's first words may come in one piece with its answer.
            leftOverBytesStrategy: .forwardBytes,
            withClientUpgrade: (
                upgraders: [upgrader],
                completionHandler: { context in
                    context.pipeline.syncOperations.removeHandler(boundSender.value, promise: nil)
                }
            ))
        try channel.pipeline.syncOperations.addHandler(sender)
    }

    static func listen(_ endpoint: Endpoint, driver: NodeDriver) -> EventLoopFuture<any Channel> {
        let bound = NIOLoopBound(driver, eventLoop: driver.loop)
        do {
            let bootstrap = ServerBootstrap(group: driver.loop)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .serverChannelOption(.backlog, value: 1024)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(.writeBufferWaterMark, value: NodeDriver.watermark)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture { try addServer(channel, bound) }
                }
            if let descriptor = endpoint.descriptor { return bootstrap.withBoundSocket(descriptor) }
            return bootstrap.bind(to: try Transports.bindAddress(of: endpoint))
        } catch {
            return driver.loop.makeFailedFuture(error)
        }
    }

    private static func addServer(_ channel: any Channel, _ bound: NIOLoopBound<NodeDriver>) throws
    {
        let upgrader = NIOWebSocketServerUpgrader(
            maxFrameSize: LinkTraits.maxPacket, automaticErrorHandling: true,
            shouldUpgrade: { channel, head in
                var headers = HTTPHeaders()
                let offered = head.headers[canonicalForm: "Sec-WebSocket-Protocol"]
                if offered.contains(where: { $0 == subprotocol }) {
                    headers.add(name: "Sec-WebSocket-Protocol", value: subprotocol)
                }
                return channel.eventLoop.makeSucceededFuture(headers)
            },
            upgradePipelineHandler: { channel, head in
                channel.eventLoop.makeCompletedFuture {
                    let remote = Transports.endpoint(.ws, channel.remoteAddress, path: head.uri)
                    try WebSocketHandler.install(
                        on: channel,
                        WebSocketHandler(driver: bound.value, remote: remote, isClient: false))
                }
            })
        let http = HTTPHandler(driver: bound.value)
        let boundHTTP = NIOLoopBound(http, eventLoop: channel.eventLoop)
        try channel.pipeline.syncOperations.configureHTTPServerPipeline(
            withServerUpgrade: (
                upgraders: [upgrader],
                completionHandler: { context in
                    context.pipeline.syncOperations.removeHandler(boundHTTP.value, promise: nil)
                }
            ))
        try channel.pipeline.syncOperations.addHandler(http)
    }
}

/// Sends the opening request as soon as the connection is there.
private final class HandshakeSender: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart
    private let head: HTTPRequestHead

    init(head: HTTPRequestHead) { self.head = head }

    func channelActive(context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.fireChannelActive()
    }

    /// An answer that is no upgrade: not for us.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) { context.close(promise: nil) }
}
