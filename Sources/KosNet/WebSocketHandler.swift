import Glibc
import KosCore
import NIOCore

/// A WebSocket connection after the handshake: messages in, messages out. What the rules of RFC
/// 6455 ask of the octets is `WebSocketReader`'s; here they are moved.
final class WebSocketHandler: ChannelInboundHandler, Conduit {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// A connection that was silent for so long is asked for a sign of life; after three times
    /// without one it is given up.
    private static let silence = TimeAmount.seconds(20)
    /// How long the other end has for its half of the closing handshake.
    private static let patience = TimeAmount.seconds(1)

    private let driver: NodeDriver
    private let remote: Endpoint
    private let isClient: Bool
    private var reader: WebSocketReader
    private var writer: WebSocketWriter
    private var keys = MaskKeys()
    private var context: ChannelHandlerContext?
    private var link: LinkID?
    private var isClosing = false
    private var isFresh = true
    private var asked = 0
    private(set) var isDirty = false

    init(
        driver: NodeDriver, remote: Endpoint, isClient: Bool, deflate: DeflateAgreement? = nil
    ) {
        self.driver = driver
        self.remote = remote
        self.isClient = isClient
        reader = WebSocketReader(
            isServer: !isClient,
            maxMessage: driver.isEcho ? 16 * LinkTraits.maxPacket : LinkTraits.maxPacket,
            makesLines: !driver.isEcho, deflate: deflate)
        writer = WebSocketWriter(isClient: isClient, deflate: deflate)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        watch(context)
        guard !driver.isEcho else { return }
        let traits = LinkTraits(
            transport: remote.transport, remote: remote, isOutgoing: isClient,
            provenPeer: TLSGate.peer(of: context.channel))
        link = driver.opened(self, traits)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isFresh = true
        guard !reader.isClosed else { return }
        do throws(WebSocketReader.Violation) {
            let buffer = unwrapInboundIn(data)
            try reader.read(buffer.readableBytesUInt8Span)
        } catch {
            pass()
            driver.refused(error.reason, remote)
            return end(error.code, context)
        }
        for control in reader.takeControls() {
            switch control {
            case .ping(let payload): send(.pong, payload, context)
            case .pong: break
            case .close(let code):
                pass()
                finish(code, context)
            }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        pass()
        context.fireChannelReadComplete()
    }

    private func pass() {
        let messages = reader.takeMessages()
        if driver.isEcho { return echo(messages) }
        guard let link, !isClosing else { return }
        var lines = reader.takeLines()
        for message in messages { lines += WebSocketHandler.line(of: message) }
        if !lines.isEmpty { driver.received(lines, on: link) }
    }

    /// A binary message is a packet in CBOR (kos(7), TRANSPORTS).
    private static func line(of message: WebSocketReader.Message) -> [UInt8] {
        guard let packet = try? CompactPacket.decode(message.octets, ShortNames()) else {
            return [0x3F, 0x0A]  // no packet: counted as such
        }
        return packet.wire + [0x0A]
    }

    private func echo(_ messages: [WebSocketReader.Message]) {
        guard let context, !messages.isEmpty, !isClosing else { return }
        var frames: [UInt8] = []
        for message in messages {
            writer.write(
                message.isText ? .text : .binary, message.octets.span, into: &frames, using: &keys)
        }
        context.writeAndFlush(
            wrapOutboundOut(context.channel.allocator.buffer(bytes: frames)), promise: nil)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        // Whoever sends and does not read what comes back is not read from either.
        if driver.isEcho { read(context.channel.isWritable) }
        if let link, context.channel.isWritable { driver.writable(link) }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        pass()
        if let link { driver.closed(link) }
        if driver.isEcho { driver.echoEnded() }
        self.context = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    // MARK: Signs of life

    private func watch(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleRepeatedTask(
            initialDelay: WebSocketHandler.silence, delay: WebSocketHandler.silence
        ) { task in
            let (handler, context) = bound.value
            guard context.channel.isActive else { return task.cancel() }
            handler.look(context)
        }
    }

    private func look(_ context: ChannelHandlerContext) {
        if isFresh {
            (isFresh, asked) = (false, 0)
        } else if asked < 3 {
            asked += 1
            send(.ping, [], context)
        } else {
            context.close(promise: nil)
        }
    }

    // MARK: Closing

    /// The other end closes: its code goes back, and the server closes the connection.
    private func finish(_ code: UInt16?, _ context: ChannelHandlerContext) {
        if isClosing || !isClient {
            if !isClosing { sendClose(code, context) }
            isClosing = true
            return context.close(promise: nil)
        }
        isClosing = true
        sendClose(code, context)
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: WebSocketHandler.patience) {
            bound.value.close(promise: nil)
        }
    }

    private func end(_ code: UInt16, _ context: ChannelHandlerContext) {
        guard !isClosing else { return context.close(promise: nil) }
        isClosing = true
        sendClose(code, context)
        context.close(promise: nil)
    }

    private func sendClose(_ code: UInt16?, _ context: ChannelHandlerContext) {
        send(.close, code.map { [UInt8($0 >> 8), UInt8($0 & 0xFF)] } ?? [], context)
    }

    private func send(
        _ opcode: WebSocketWriter.Opcode, _ payload: [UInt8], _ context: ChannelHandlerContext
    ) {
        var frames: [UInt8] = []
        writer.write(opcode, payload.span, into: &frames, using: &keys)
        context.writeAndFlush(
            wrapOutboundOut(context.channel.allocator.buffer(bytes: frames)), promise: nil)
    }

    // MARK: Conduit

    var isWritable: Bool { context?.channel.isWritable ?? false }
    var waitingOctets: Int { context?.channel.waitingOctets ?? 0 }

    func write(_ octets: [UInt8]) {
        guard let context, !isClosing else { return }
        isDirty = true
        // A frame that is neither masked nor compressed is the same for everybody.
        let buffer =
            writer.isPlain
            ? driver.frames.buffer(of: octets) { framed($0, context) } : framed(octets, context)
        context.write(wrapOutboundOut(buffer), promise: nil)
    }

    private func framed(_ lines: [UInt8], _ context: ChannelHandlerContext) -> ByteBuffer {
        var frames: [UInt8] = []
        frames.reserveCapacity(lines.count + lines.count / 32 + 16)
        Lines.forEach(of: lines) {
            writer.write(.text, lines.span.extracting($0), into: &frames, using: &keys)
        }
        return context.channel.allocator.buffer(bytes: frames)
    }

    func read(_ isWanted: Bool) {
        context?.channel.setOption(.autoRead, value: isWanted).assumeIsolated().whenComplete { _ in
        }
    }

    func flush() {
        isDirty = false
        context?.flush()
    }

    func finish() {
        guard let context, !isClosing else { return }
        isClosing = true
        sendClose(1000, context)
    }

    func close() {
        guard let context, !isClosing else { return }
        end(1000, context)
    }
}

/// Keys that nobody can foresee (RFC 6455 §10.3), asked from the kernel many at a time.
struct MaskKeys: RandomNumberGenerator {
    private var pool: [UInt64] = []

    mutating func next() -> UInt64 {
        if let key = pool.popLast() { return key }
        pool = [UInt64](repeating: 0, count: 32)
        let size = pool.count * MemoryLayout<UInt64>.size
        if getentropy(&pool, size) != 0 {
            var system = SystemRandomNumberGenerator()
            for index in pool.indices { pool[index] = system.next() }
        }
        return pool.removeLast()
    }
}
