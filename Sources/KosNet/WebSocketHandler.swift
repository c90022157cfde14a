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
    /// Messages that came in one go, a newline behind each.
    private var arrived: [UInt8] = []
    /// Where octets go that are frames already: behind the encoder, which takes one at a time.
    private var encoder: ChannelHandlerContext?
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
        if !isClient {
            encoder = try? context.pipeline.syncOperations.context(
                handlerType: WebSocketFrameEncoder.self)
        }
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
            guard !isClosing, payload.readableBytes <= LinkTraits.maxPacket else { return }
            let start = arrived.count
            arrived += payload.readableBytesView
            // Between tokens a newline is white space; inside a string it is no JSON anyway.
            while let place = arrived[start...].firstIndex(of: 0x0A) { arrived[place] = 0x20 }
            arrived.append(0x0A)
        case .ping: send(.pong, payload, flush: true)
        case .connectionClose:
            if isClosing { return context.close(promise: nil) }
            isClosing = true
            send(.connectionClose, payload, flush: true)
            context.close(promise: nil)
        default: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        pass()
        context.fireChannelReadComplete()
    }

    private func pass() {
        guard let link, !arrived.isEmpty else { return }
        let run = arrived
        arrived = []
        driver.received(run, on: link)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if let link, context.channel.isWritable { driver.writable(link) }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        pass()
        if let link { driver.closed(link) }
        self.context = nil
        encoder = nil
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
        guard let encoder else {
            return Lines.forEach(of: octets) {
                send(.text, context.channel.allocator.buffer(bytes: octets[$0]), flush: false)
            }
        }
        var frames = context.channel.allocator.buffer(capacity: octets.count + octets.count / 64)
        Lines.forEach(of: octets) { WebSocketHandler.frame(octets[$0], into: &frames) }
        encoder.write(NIOAny(frames), promise: nil)
    }

    /// RFC 6455 §5.2: a whole text message, not masked.
    private static func frame(_ message: ArraySlice<UInt8>, into frames: inout ByteBuffer) {
        frames.writeInteger(UInt8(0x81))
        switch message.count {
        case ..<126: frames.writeInteger(UInt8(message.count))
        case ..<65536:
            frames.writeInteger(UInt8(126))
            frames.writeInteger(UInt16(message.count))
        default:
            frames.writeInteger(UInt8(127))
            frames.writeInteger(UInt64(message.count))
        }
        frames.writeBytes(message)
    }

    func read(_ isWanted: Bool) {
        context?.channel.setOption(.autoRead, value: isWanted).assumeIsolated().whenComplete { _ in
        }
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
