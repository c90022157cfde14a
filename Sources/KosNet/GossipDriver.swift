package import KosCore
package import NIOCore
import NIOPosix

/// Runs `Gossip` on one event loop: a UDP socket and a TCP listener on the same port, streams to
/// others, alarms. An onlooker has neither socket nor listener.
package final class GossipDriver {
    /// Streams of others that are served at once.
    static let maxStreams = 128

    package struct Setup: Sendable {
        /// This member's name.
        package var name: String
        /// Where a member listens; port 0 lets the kernel choose.
        package var bind: ContactAddress
        package var tags: [String: String]
        package var settings: GossipSettings
        package var envelope: GossipEnvelope

        package init(
            name: String, bind: ContactAddress, tags: [String: String], settings: GossipSettings,
            envelope: GossipEnvelope
        ) {
            self.name = name
            self.bind = bind
            self.tags = tags
            self.settings = settings
            self.envelope = envelope
        }
    }

    private let loop: any EventLoop
    private let setup: Setup
    private let seed: UInt64
    private let now: () -> Instant
    /// Told of every output that is not for a socket.
    package var observer: (Gossip.Output) -> Void = { _ in }
    /// Told when the engine has settled after something happened.
    package var settled: (Gossip) -> Void = { _ in }
    private var engine: Gossip?
    private var listener: (any Channel)?
    private var socket: (any Channel)?
    private var alarm = Alarm()
    private var serving: [Int: GossipServing] = [:]
    private var lastServed = 0
    private var early: [Gossip.Input] = []

    package init(
        _ setup: Setup, on loop: any EventLoop, seed: UInt64, now: @escaping () -> Instant
    ) {
        self.setup = setup
        self.loop = loop
        self.seed = seed
        self.now = now
    }

    /// Binds what a member needs; the result is where it is reached.
    package func start() -> EventLoopFuture<ContactAddress> {
        guard !setup.settings.isObserver else {
            begin(at: setup.bind)
            return loop.makeSucceededFuture(setup.bind)
        }
        let bound = NIOLoopBound(self, eventLoop: loop)
        let setup = setup
        return listen().assumeIsolated().flatMap { channel in
            let driver = bound.value
            driver.listener = channel
            let port = channel.localAddress?.port.flatMap { UInt16(exactly: $0) }
            let contact = ContactAddress(ip: setup.bind.ip, port: port ?? setup.bind.port)
            return driver.bind(contact).assumeIsolated().map { channel in
                driver.socket = channel
                driver.begin(at: contact)
                return contact
            }.nonisolated()
        }.nonisolated()
    }

    /// Binds, and calls `body` on the loop with what became of it.
    package func begin(then body: @escaping (Result<ContactAddress, Transports.Failure>) -> Void) {
        let bound = NIOLoopBound(body, eventLoop: loop)
        start().assumeIsolated().whenComplete { result in
            bound.value(result.mapError { Transports.Failure(Transports.describe($0)) })
        }
    }

    private func listen() -> EventLoopFuture<any Channel> {
        let bound = NIOLoopBound(self, eventLoop: loop)
        return ServerBootstrap(group: loop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(GossipServing(bound.value))
                }
            }
            .bind(host: setup.bind.ip.description, port: Int(setup.bind.port))
    }

    private func bind(_ contact: ContactAddress) -> EventLoopFuture<any Channel> {
        let bound = NIOLoopBound(self, eventLoop: loop)
        return DatagramBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(GossipPackets(bound.value))
                }
            }
            .bind(host: contact.ip.description, port: Int(contact.port))
    }

    private func begin(at contact: ContactAddress) {
        engine = Gossip(
            GossipNode(name: setup.name, address: contact), tags: setup.tags,
            settings: setup.settings, envelope: setup.envelope, seed: seed, at: now())
        let waiting = early
        early = []
        for input in waiting { post(input) }
        setAlarm()
    }

    /// Hands the engine an input, and acts on what it says.
    package func post(_ input: Gossip.Input) {
        guard engine != nil else { return early.append(input) }
        var outputs: [Gossip.Output] = []
        engine?.handle(input, at: now(), into: &outputs)
        perform(outputs)
    }

    private func wake() {
        alarm.rang()
        var outputs: [Gossip.Output] = []
        engine?.advance(to: now(), into: &outputs)
        perform(outputs)
    }

    private func perform(_ outputs: [Gossip.Output]) {
        for output in outputs {
            switch output {
            case .send(let octets, let contact): send(octets, contact)
            case .open(let id, let octets, let contact): open(id, octets, contact)
            case .answer(let id, let octets): serving.removeValue(forKey: id)?.answer(octets)
            default: observer(output)
            }
        }
        socket?.flush()
        setAlarm()
        if let engine { settled(engine) }
    }

    private func setAlarm() {
        let bound = NIOLoopBound(self, eventLoop: loop)
        alarm.set(engine?.nextDeadline, now: now(), on: loop) { bound.value.wake() }
    }

    /// Closes everything.
    package func close() {
        alarm.cancel()
        engine = nil
        listener?.close(promise: nil)
        socket?.close(promise: nil)
        for stream in serving.values { stream.answer([]) }
        serving = [:]
    }

    // MARK: Sockets

    private static func address(_ contact: ContactAddress) -> SocketAddress? {
        try? SocketAddress(ipAddress: contact.ip.description, port: Int(contact.port))
    }

    static func contact(_ address: SocketAddress?) -> ContactAddress? {
        guard let ip = address?.ipAddress.flatMap({ IPAddress($0) }),
            let port = address?.port.flatMap({ UInt16(exactly: $0) })
        else { return nil }
        return ContactAddress(ip: ip, port: port)
    }

    private func send(_ octets: [UInt8], _ contact: ContactAddress) {
        guard let socket, let address = GossipDriver.address(contact) else { return }
        let data = socket.allocator.buffer(bytes: octets)
        socket.write(AddressedEnvelope(remoteAddress: address, data: data), promise: nil)
    }

    private func open(_ id: Int, _ octets: [UInt8], _ contact: ContactAddress) {
        let bound = NIOLoopBound(self, eventLoop: loop)
        guard let address = GossipDriver.address(contact) else {
            return loop.execute { bound.value.post(.failed(id)) }
        }
        let patience = setup.settings.streamTimeout.nanoseconds
        ClientBootstrap(group: loop)
            .connectTimeout(.nanoseconds(patience))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        GossipAsking(bound.value, id, octets))
                }
            }
            .connect(to: address)
            .assumeIsolated().whenFailure { _ in bound.value.post(.failed(id)) }
    }

    /// The number of a stream that somebody opened; nil when there are too many.
    fileprivate func serve(_ stream: GossipServing) -> Int? {
        guard serving.count < GossipDriver.maxStreams else { return nil }
        lastServed += 1
        serving[lastServed] = stream
        return lastServed
    }

    fileprivate func forget(_ id: Int) { serving.removeValue(forKey: id) }

    fileprivate var patience: TimeAmount { .nanoseconds(setup.settings.streamTimeout.nanoseconds) }
}

private final class GossipPackets: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    private let driver: GossipDriver

    init(_ driver: GossipDriver) { self.driver = driver }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        guard let sender = GossipDriver.contact(envelope.remoteAddress) else { return }
        driver.post(.datagram(Array(envelope.data.readableBytesView), from: sender))
    }

    /// An ICMP error belongs to one datagram: probes find out who is gone.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}

/// A stream that somebody opened: one message in, one out, the end.
private final class GossipServing: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let driver: GossipDriver
    private var reader = GossipStreamReader()
    private var context: ChannelHandlerContext?
    private var id: Int?
    private var isAsked = false

    init(_ driver: GossipDriver) { self.driver = driver }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        id = driver.serve(self)
        guard id != nil else { return context.close(promise: nil) }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: driver.patience) { bound.value.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let id, !isAsked else { return }
        switch reader.append(unwrapInboundIn(data).readableBytesView) {
        case .more: return
        case .malformed: context.close(promise: nil)
        case .whole:
            isAsked = true
            guard let sender = GossipDriver.contact(context.remoteAddress) else {
                return context.close(promise: nil)
            }
            driver.post(.request(id, reader.octets, from: sender))
        }
    }

    func answer(_ octets: [UInt8]) {
        guard let context else { return }
        guard !octets.isEmpty else { return context.close(promise: nil) }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(bytes: octets)))
            .whenComplete { _ in bound.value.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        if let id { driver.forget(id) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

/// A stream to somebody: one message out, one in.
private final class GossipAsking: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let driver: GossipDriver
    private let id: Int
    private let question: [UInt8]
    private var reader = GossipStreamReader()
    private var isOver = false

    init(_ driver: GossipDriver, _ id: Int, _ question: [UInt8]) {
        self.driver = driver
        self.id = id
        self.question = question
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(
            wrapOutboundOut(context.channel.allocator.buffer(bytes: question)), promise: nil)
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: driver.patience) { bound.value.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        switch reader.append(unwrapInboundIn(data).readableBytesView) {
        case .more: return
        case .malformed: end(.failed(id), context)
        case .whole: end(.reply(id, reader.octets), context)
        }
    }

    private func end(_ input: Gossip.Input, _ context: ChannelHandlerContext) {
        isOver = true
        context.close(promise: nil)
        driver.post(input)
    }

    func channelInactive(context: ChannelHandlerContext) {
        guard !isOver else { return }
        isOver = true
        driver.post(.failed(id))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
