import KosCore
import NIOCore
import NIOPosix

/// UDP: one packet a datagram. Each remote address is a link of its own; one that stays silent for
/// a minute is closed.
enum UDPTransport {
    static func connect(_ endpoint: Endpoint, driver: NodeDriver) -> EventLoopFuture<Void> {
        let bound = NIOLoopBound(driver, eventLoop: driver.loop)
        let remote: SocketAddress
        do {
            remote =
                try Transports.address(of: endpoint)
                ?? SocketAddress.makeAddressResolvingHost(endpoint.host, port: endpoint.port)
        } catch {
            return driver.loop.makeFailedFuture(error)
        }
        let local = remote.protocol == .inet6 ? "::" : "0.0.0.0"
        return DatagramBootstrap(group: driver.loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        DatagramHandler(driver: bound.value, target: (remote, endpoint)))
                }
            }
            .bind(host: local, port: 0).map { _ in }
    }

    static func listen(_ endpoint: Endpoint, driver: NodeDriver) -> EventLoopFuture<any Channel> {
        let bound = NIOLoopBound(driver, eventLoop: driver.loop)
        do {
            let bootstrap = DatagramBootstrap(group: driver.loop)
                .channelOption(.socketOption(.so_reuseaddr), value: 1)
                .channelOption(.datagramVectorReadMessageCount, value: 32)
                .channelOption(
                    .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 32 * 2048)
                )
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(
                            DatagramHandler(driver: bound.value, target: nil))
                    }
                }
            if let descriptor = endpoint.descriptor { return bootstrap.withBoundSocket(descriptor) }
            return bootstrap.bind(to: try Transports.bindAddress(of: endpoint))
        } catch {
            return driver.loop.makeFailedFuture(error)
        }
    }
}

/// One UDP socket with a conduit for each remote address.
final class DatagramHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    static let maxRemotes = 8192
    static let patience = TimeAmount.seconds(60)

    private let driver: NodeDriver
    private let target: (address: SocketAddress, endpoint: Endpoint)?
    private var remotes: [SocketAddress: DatagramConduit] = [:]

    init(driver: NodeDriver, target: (SocketAddress, Endpoint)?) {
        self.driver = driver
        self.target = target.map { (address: $0.0, endpoint: $0.1) }
    }

    func channelActive(context: ChannelHandlerContext) {
        if let target { open(target.address, target.endpoint, isOutgoing: true, context) }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleRepeatedTask(
            initialDelay: DatagramHandler.patience, delay: DatagramHandler.patience
        ) { task in
            let (handler, context) = bound.value
            if context.channel.isActive { handler.sweep() } else { task.cancel() }
        }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if driver.isEcho { return context.writeAndFlush(data, promise: nil) }
        let envelope = unwrapInboundIn(data)
        let remote = envelope.remoteAddress
        if answerSTUN(envelope, context) { return }
        if remotes[remote] == nil {
            // A client talks to one address alone; a server takes whoever comes with a packet, up
            // to a bound. Noise is not answered.
            guard target == nil, remotes.count < DatagramHandler.maxRemotes,
                envelope.data.readableBytesView.first == 0x7B
            else { return }
            open(remote, Transports.endpoint(.udp, remote), isOutgoing: false, context)
        }
        guard let conduit = remotes[remote], let link = conduit.link else { return }
        conduit.isFresh = true
        driver.received(Array(envelope.data.readableBytesView), on: link)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return }
        for link in remotes.values.compactMap(\.link) { driver.writable(link) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        for address in Array(remotes.keys) { forget(address) }
        context.fireChannelInactive()
    }

    /// An ICMP error belongs to one datagram: heartbeats find out whether the neighbour is gone.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {}

    /// A STUN binding request is answered at once and makes no link; other STUN is let go.
    private func answerSTUN(
        _ envelope: AddressedEnvelope<ByteBuffer>, _ context: ChannelHandlerContext
    ) -> Bool {
        // A packet starts with a brace, or spaces before one.
        guard let first = envelope.data.readableBytesView.first, first & 0xFE == 0 else {
            return false
        }
        let octets = Array(envelope.data.readableBytesView)
        guard STUNMessage.isMessage(octets.span) else { return false }
        let remote = envelope.remoteAddress
        guard let contact = remote.contact, let answer = STUN.answer(to: octets, from: contact)
        else { return true }
        let data = context.channel.allocator.buffer(bytes: answer)
        context.writeAndFlush(
            wrapOutboundOut(AddressedEnvelope(remoteAddress: remote, data: data)), promise: nil)
        return true
    }

    private func open(
        _ address: SocketAddress, _ endpoint: Endpoint, isOutgoing: Bool,
        _ context: ChannelHandlerContext
    ) {
        let conduit = DatagramConduit(handler: self, address: address, context: context)
        remotes[address] = conduit
        conduit.link = driver.opened(
            conduit, LinkTraits(transport: .udp, remote: endpoint, isOutgoing: isOutgoing))
    }

    fileprivate func forget(_ address: SocketAddress) {
        guard let link = remotes.removeValue(forKey: address)?.link else { return }
        driver.closed(link)
    }

    fileprivate func isClient() -> Bool { target != nil }

    private func sweep() {
        for (address, conduit) in remotes {
            if conduit.isFresh { conduit.isFresh = false } else { forget(address) }
        }
    }
}

final class DatagramConduit: Conduit {
    private let handler: DatagramHandler
    private let address: SocketAddress
    private let context: ChannelHandlerContext
    var link: LinkID?
    var isFresh = true
    private(set) var isDirty = false

    init(handler: DatagramHandler, address: SocketAddress, context: ChannelHandlerContext) {
        self.handler = handler
        self.address = address
        self.context = context
    }

    var isWritable: Bool { context.channel.isWritable }
    var waitingOctets: Int { context.channel.waitingOctets }

    func write(_ octets: [UInt8]) {
        isDirty = true
        let data = context.channel.allocator.buffer(bytes: octets)
        context.write(
            handler.wrapOutboundOut(AddressedEnvelope(remoteAddress: address, data: data)),
            promise: nil)
    }

    func flush() {
        isDirty = false
        context.flush()
    }

    func close() {
        context.flush()
        if handler.isClient() { context.close(promise: nil) } else { handler.forget(address) }
    }
}
