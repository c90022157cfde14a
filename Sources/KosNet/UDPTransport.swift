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
                    try DatagramHandler.readMany(channel)
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
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try DatagramHandler.readMany(channel)
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
    /// What the kernel cuts at a time: UDP_MAX_SEGMENTS, and what an IP packet may hold.
    private static let maxSegments = 64
    private static let maxOctets = 60_000

    private let driver: NodeDriver
    private let target: (address: SocketAddress, endpoint: Endpoint)?
    private var remotes: [SocketAddress: DatagramConduit] = [:]
    /// Those from whom something came since the last time that it was handed on.
    private var fresh: [DatagramConduit] = []
    /// Whether the kernel cuts datagrams of one size itself, many at a time (UDP_SEGMENT); some
    /// devices do not take it.
    fileprivate var isSegmenting = System.supportsUDPSegmentationOffload

    /// Reads a number of datagrams at a time, and what the kernel has joined of them (UDP_GRO).
    static func readMany(_ channel: any Channel) throws {
        let options = channel.syncOptions
        try options?.setOption(.datagramVectorReadMessageCount, value: 16)
        try options?.setOption(
            .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 16 * 65_536))
        guard System.supportsUDPReceiveOffload else { return }
        try options?.setOption(.datagramReceiveOffload, value: true)
        try options?.setOption(.datagramReceiveSegmentSize, value: true)
    }

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
        let envelope = unwrapInboundIn(data)
        let remote = envelope.remoteAddress
        let datagrams = DatagramHandler.parts(of: envelope).map { Array($0.readableBytesView) }
        if driver.isEcho { return send(datagrams, to: remote, context) }
        for datagram in datagrams {
            if answerSTUN(datagram, from: remote, context) { continue }
            guard let conduit = conduit(of: remote, datagram, context) else { continue }
            conduit.isFresh = true
            if conduit.arrived.isEmpty { fresh.append(conduit) }
            conduit.arrived.append(datagram)
        }
    }

    /// A client talks to one address alone; a server takes whoever comes with a packet, up to a
    /// bound. Noise is not answered.
    private func conduit(
        of remote: SocketAddress, _ datagram: [UInt8], _ context: ChannelHandlerContext
    ) -> DatagramConduit? {
        if let conduit = remotes[remote] { return conduit }
        guard target == nil, remotes.count < DatagramHandler.maxRemotes, datagram.first == 0x7B
        else { return nil }
        open(remote, Transports.endpoint(.udp, remote), isOutgoing: false, context)
        return remotes[remote]
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        let senders = fresh
        fresh.removeAll(keepingCapacity: true)
        for conduit in senders {
            let datagrams = conduit.arrived
            conduit.arrived = []
            if let link = conduit.link { driver.received(datagrams, on: link) }
        }
        context.fireChannelReadComplete()
    }

    /// The datagrams of a read: one, or as many as the kernel has joined.
    private static func parts(of envelope: AddressedEnvelope<ByteBuffer>) -> [ByteBuffer] {
        var rest = envelope.data
        guard let size = envelope.metadata?.segmentSize, size > 0, rest.readableBytes > size else {
            return [rest]
        }
        var parts: [ByteBuffer] = []
        while rest.readableBytes > 0 {
            guard let part = rest.readSlice(length: min(size, rest.readableBytes)) else { break }
            parts.append(part)
        }
        return parts
    }

    /// Sends datagrams; those of one size that follow each other in one call.
    fileprivate func send(
        _ datagrams: [[UInt8]], to address: SocketAddress, _ context: ChannelHandlerContext
    ) {
        var start = 0
        while start < datagrams.count {
            let size = datagrams[start].count
            var end = start + 1
            var octets = size
            while isSegmenting, end < datagrams.count, end - start < DatagramHandler.maxSegments,
                datagrams[end - 1].count == size, datagrams[end].count <= size, size > 0,
                octets + datagrams[end].count <= DatagramHandler.maxOctets
            {
                octets += datagrams[end].count
                end += 1
            }
            write(datagrams[start..<end], octets, to: address, context)
            start = end
        }
        context.flush()
    }

    private func write(
        _ datagrams: ArraySlice<[UInt8]>, _ octets: Int, to address: SocketAddress,
        _ context: ChannelHandlerContext
    ) {
        var data = context.channel.allocator.buffer(capacity: octets)
        for datagram in datagrams { data.writeBytes(datagram) }
        guard datagrams.count > 1, let size = datagrams.first?.count else {
            return context.write(
                wrapOutboundOut(AddressedEnvelope(remoteAddress: address, data: data)),
                promise: nil)
        }
        let metadata = AddressedEnvelope<ByteBuffer>.Metadata(
            ecnState: .transportNotCapable, packetInfo: nil, segmentSize: size)
        let sent = context.eventLoop.makePromise(of: Void.self)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        sent.futureResult.whenFailure { error in
            // This way out does not take it: the same, one by one, from now on.
            let refusals = [EIO, EINVAL, EOPNOTSUPP]
            guard let code = (error as? IOError)?.errnoCode, refusals.contains(code) else { return }
            let (handler, context) = bound.value
            handler.isSegmenting = false
            handler.send(Array(datagrams), to: address, context)
        }
        context.write(
            wrapOutboundOut(
                AddressedEnvelope(remoteAddress: address, data: data, metadata: metadata)),
            promise: sent)
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
        _ octets: [UInt8], from remote: SocketAddress, _ context: ChannelHandlerContext
    ) -> Bool {
        // A packet starts with a brace, or spaces before one.
        guard let first = octets.first, first & 0xFE == 0, STUNMessage.isMessage(octets.span) else {
            return false
        }
        guard let contact = remote.contact, let answer = STUN.answer(to: octets, from: contact)
        else { return true }
        send([answer], to: remote, context)
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
    /// Datagrams that came and were not handed on yet, and those that go out with the next flush.
    var arrived: [[UInt8]] = []
    private var leaving: [[UInt8]] = []
    var isDirty: Bool { !leaving.isEmpty }

    init(handler: DatagramHandler, address: SocketAddress, context: ChannelHandlerContext) {
        self.handler = handler
        self.address = address
        self.context = context
    }

    var isWritable: Bool { context.channel.isWritable }
    var waitingOctets: Int { context.channel.waitingOctets }

    func write(_ octets: [UInt8]) { leaving.append(octets) }

    func flush() {
        let datagrams = leaving
        leaving.removeAll(keepingCapacity: true)
        handler.send(datagrams, to: address, context)
    }

    func close() {
        flush()
        if handler.isClient() { context.close(promise: nil) } else { handler.forget(address) }
    }
}
