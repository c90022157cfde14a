import KosCore
import NIOCore
import NIOWebSocket

/// A WebSocket connection after the handshake: messages in, messages out.
final class WebSocketHandler: ChannelInboundHandler, Conduit {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private let driver: NodeDriver
    private let remote: Endpoint
    private let isClient: Bool
    private var context: ChannelHandlerContext?
    private var link: LinkID?
    private var isClosing = false
    private(set) var isDirty = false

    init(driver: NodeDriver, remote: Endpoint, isClient: Bool) {
        self.driver = driver
        self.remote = remote
        self.isClient = isClient
    }

    static func install(on channel: any Channel, _ handler: WebSocketHandler) throws {
        try channel.pipeline.syncOperations.addHandler(
            NIOWebSocketFrameAggregator(
                minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: 4096,
                maxAccumulatedFrameSize: LinkTraits.maxPacket))
        try channel.pipeline.syncOperations.addHandler(handler)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let traits = LinkTraits(transport: .ws, remote: remote, isOutgoing: isClient)
        link = driver.opened(self, traits)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        // RFC 6455 §5.1: a client masks every frame, a server none.
        guard (frame.maskKey != nil) != isClient else { return end(.protocolError, context) }
        let payload = frame.unmaskedData
        switch frame.opcode {
        case .text, .binary:
            guard let link, !isClosing else { return }
            driver.received(Array(payload.readableBytesView), on: link)
        case .ping: send(.pong, payload, flush: true)
        case .connectionClose:
            if isClosing { return context.close(promise: nil) }
            isClosing = true
            send(.connectionClose, payload, flush: true)
            context.close(promise: nil)
        default: break
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let link { driver.closed(link) }
        self.context = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func end(_ code: WebSocketErrorCode, _ context: ChannelHandlerContext) {
        var data = context.channel.allocator.buffer(capacity: 2)
        data.write(webSocketErrorCode: code)
        isClosing = true
        send(.connectionClose, data, flush: true)
        context.close(promise: nil)
    }

    private func send(_ opcode: WebSocketOpcode, _ data: ByteBuffer, flush: Bool) {
        guard let context else { return }
        let frame = WebSocketFrame(
            fin: true, opcode: opcode, maskKey: isClient ? .random() : nil, data: data)
        if flush {
            context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
        } else {
            context.write(wrapOutboundOut(frame), promise: nil)
        }
    }

    // MARK: Conduit

    var isWritable: Bool { context?.channel.isWritable ?? false }
    var waitingOctets: Int { context?.channel.waitingOctets ?? 0 }

    func write(_ octets: [UInt8]) {
        guard let context, !isClosing else { return }
        isDirty = true
        send(.text, context.channel.allocator.buffer(bytes: octets), flush: false)
    }

    func flush() {
        isDirty = false
        context?.flush()
    }

    func close() {
        guard let context, !isClosing else { return }
        end(.normalClosure, context)
    }
}
