import KosCore
import NIOCore

/// A TCP connection: chunks in, chunks out. The node finds the lines; nothing is done per line
/// here.
final class StreamHandler: ChannelInboundHandler, Conduit {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let driver: NodeDriver
    private let remote: Endpoint?
    private let transport: TransportType
    private var context: ChannelHandlerContext?
    private var link: LinkID?
    private(set) var isDirty = false

    /// `remote` is nil for accepted connections, whose peer is asked for when they are active.
    init(driver: NodeDriver, remote: Endpoint?, _ transport: TransportType) {
        self.driver = driver
        self.remote = remote
        self.transport = transport
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { open(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        open(context)
        context.fireChannelActive()
    }

    private func open(_ context: ChannelHandlerContext) {
        guard link == nil, !driver.isEcho else { return }
        link = driver.opened(
            self,
            LinkTraits(
                transport: transport,
                remote: remote ?? Transports.endpoint(transport, context.remoteAddress),
                isOutgoing: remote != nil, provenPeer: TLSGate.peer(of: context.channel)))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if driver.isEcho { return context.writeAndFlush(data, promise: nil) }
        guard let link else { return }
        let buffer = unwrapInboundIn(data)
        driver.received(Array(buffer.readableBytesView), on: link)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        // Whoever sends and does not read what comes back is not read from either.
        if driver.isEcho { read(context.channel.isWritable) }
        if let link, context.channel.isWritable { driver.writable(link) }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let link { driver.closed(link) }
        if driver.isEcho { driver.echoEnded() }
        self.context = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    // MARK: Conduit

    var isWritable: Bool { context?.channel.isWritable ?? false }
    var waitingOctets: Int { context?.channel.waitingOctets ?? 0 }

    func write(_ octets: [UInt8]) {
        guard let context else { return }
        isDirty = true
        let buffer = driver.lines.buffer(of: octets) {
            context.channel.allocator.buffer(bytes: $0)
        }
        context.write(wrapOutboundOut(buffer), promise: nil)
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
        context?.flush()
        context?.close(mode: .output, promise: nil)
    }

    func close() {
        guard let context else { return }
        context.flush()
        guard transport.isSecure else { return context.close(promise: nil) }
        // What is written while TLS comes up goes out a moment later: the last word before it ends.
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.execute { bound.value.close(promise: nil) }
    }
}
