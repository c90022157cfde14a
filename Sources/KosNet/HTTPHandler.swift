import KosCore
import NIOCore
import NIOHTTP1

/// Plain HTTP on the WebSocket port: `POST` takes one packet (`application/json`) or many
/// (`application/x-ndjson`) and answers 202; `GET /healthz` answers 200, `GET /metrics` what
/// Prometheus reads.
final class HTTPHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let driver: NodeDriver
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    private var isTooLarge = false

    init(driver: NodeDriver) { self.driver = driver }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
            isTooLarge = false
        case .body(let buffer):
            isTooLarge = isTooLarge || body.count + buffer.readableBytes > LinkTraits.maxPacket
            if !isTooLarge { body += buffer.readableBytesView }
        case .end: answer(context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func answer(_ context: ChannelHandlerContext) {
        guard let head else { return }
        switch (head.method, head.uri) {
        case _ where isTooLarge:
            respond(context, .payloadTooLarge, "{\"error\":\"longer than 1 MiB\"}\n")
        case (.POST, _): post(context)
        case (.GET, "/healthz"): respond(context, .ok, "{\"status\":\"ok\"}\n")
        case (.GET, "/metrics"):
            guard let text = driver.exposition?() else { fallthrough }
            respond(context, .ok, text, type: PrometheusText.contentType)
        case (.GET, _):
            respond(
                context, .notFound, "{\"error\":\"POST packets here, or upgrade to a WebSocket\"}\n"
            )
        default: respond(context, .methodNotAllowed, "{\"error\":\"only GET and POST\"}\n")
        }
    }

    /// Each line becomes a packet of a connection that lives as long as the request.
    private func post(_ context: ChannelHandlerContext) {
        var reader = JSONReader()
        var accepted = 0
        var refused = 0
        let octets = body
        Lines.forEach(of: octets) { range in
            let isPacket = (try? PacketScan(octets.span.extracting(range), using: &reader)) != nil
            if isPacket { accepted += 1 } else { refused += 1 }
        }
        guard accepted > 0 else {
            return respond(context, .badRequest, "{\"accepted\":0,\"refused\":\(refused)}\n")
        }
        let remote = Transports.endpoint(.http, context.remoteAddress)
        let link = driver.opened(
            InputConduit(), LinkTraits(transport: .tcp, remote: remote, isOutgoing: false))
        driver.received(body + [0x0A], on: link)
        driver.closed(link)
        respond(context, .accepted, "{\"accepted\":\(accepted),\"refused\":\(refused)}\n")
    }

    private func respond(
        _ context: ChannelHandlerContext, _ status: HTTPResponseStatus, _ text: String,
        type: String = "application/json"
    ) {
        var headers = HTTPHeaders()
        headers.add(name: "Content-Type", value: type)
        headers.add(name: "Content-Length", value: String(text.utf8.count))
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        let buffer = context.channel.allocator.buffer(string: text)
        context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}
