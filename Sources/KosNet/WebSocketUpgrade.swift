import KosCore
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// NIO's opening handshake (RFC 6455 §4) with our own reader behind it in place of NIO's decoder:
/// it takes a whole read at a time and checks what that one leaves unchecked.
struct WebSocketServerUpgrade: HTTPServerProtocolUpgrader {
    private let handshake: NIOWebSocketServerUpgrader
    private let install: @Sendable (any Channel, HTTPRequestHead, DeflateAgreement?) throws -> Void

    init(
        _ install:
            @escaping @Sendable (any Channel, HTTPRequestHead, DeflateAgreement?) throws
            -> Void
    ) {
        self.install = install
        handshake = NIOWebSocketServerUpgrader(
            shouldUpgrade: { channel, head in
                var headers = HTTPHeaders()
                let offered = head.headers[canonicalForm: "Sec-WebSocket-Protocol"]
                if offered.contains(where: { $0 == WebSocketTransport.subprotocol }) {
                    headers.add(
                        name: "Sec-WebSocket-Protocol", value: WebSocketTransport.subprotocol)
                }
                if let agreement = WebSocketServerUpgrade.agreement(head) {
                    headers.add(name: "Sec-WebSocket-Extensions", value: agreement.answer)
                }
                return channel.eventLoop.makeSucceededFuture(headers)
            },
            upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() })
    }

    private static func agreement(_ head: HTTPRequestHead) -> DeflateAgreement? {
        DeflateAgreement(offers: head.headers["Sec-WebSocket-Extensions"])
    }

    var supportedProtocol: String { handshake.supportedProtocol }
    var requiredUpgradeHeaders: [String] { handshake.requiredUpgradeHeaders }

    func buildUpgradeResponse(
        channel: any Channel, upgradeRequest: HTTPRequestHead, initialResponseHeaders: HTTPHeaders
    ) -> EventLoopFuture<HTTPHeaders> {
        handshake.buildUpgradeResponse(
            channel: channel, upgradeRequest: upgradeRequest,
            initialResponseHeaders: initialResponseHeaders)
    }

    func upgrade(
        context: ChannelHandlerContext, upgradeRequest: HTTPRequestHead
    ) -> EventLoopFuture<Void> {
        let channel = context.channel
        return channel.eventLoop.makeCompletedFuture {
            try install(channel, upgradeRequest, WebSocketServerUpgrade.agreement(upgradeRequest))
        }
    }
}

/// The client's half.
struct WebSocketClientUpgrade: NIOHTTPClientProtocolUpgrader {
    private let handshake: NIOWebSocketClientUpgrader
    /// Whether the request has offered compression.
    private let offers: Bool
    private let install: @Sendable (any Channel, DeflateAgreement?) throws -> Void

    init(
        offersDeflate: Bool,
        _ install: @escaping @Sendable (any Channel, DeflateAgreement?) throws -> Void
    ) {
        offers = offersDeflate
        self.install = install
        handshake = NIOWebSocketClientUpgrader(
            requestKey: NIOWebSocketClientUpgrader.randomRequestKey()
        ) { channel, _ in channel.eventLoop.makeSucceededVoidFuture() }
    }

    var supportedProtocol: String { handshake.supportedProtocol }
    var requiredUpgradeHeaders: [String] { handshake.requiredUpgradeHeaders }

    func addCustom(upgradeRequestHeaders: inout HTTPHeaders) {
        handshake.addCustom(upgradeRequestHeaders: &upgradeRequestHeaders)
        if offers {
            upgradeRequestHeaders.add(
                name: "Sec-WebSocket-Extensions", value: DeflateAgreement.offer)
        }
    }

    func shouldAllowUpgrade(upgradeResponse: HTTPResponseHead) -> Bool {
        let extensions = upgradeResponse.headers["Sec-WebSocket-Extensions"]
        // What was not offered cannot be agreed on (RFC 6455 §4.1).
        let isAgreed =
            extensions.isEmpty
            || offers && extensions.count == 1 && DeflateAgreement(answer: extensions[0]) != nil
        return isAgreed && handshake.shouldAllowUpgrade(upgradeResponse: upgradeResponse)
    }

    func upgrade(
        context: ChannelHandlerContext, upgradeResponse: HTTPResponseHead
    ) -> EventLoopFuture<Void> {
        let channel = context.channel
        let answer = upgradeResponse.headers["Sec-WebSocket-Extensions"].first
        return channel.eventLoop.makeCompletedFuture {
            try install(channel, answer.flatMap { DeflateAgreement(answer: $0) })
        }
    }
}
