#if WebRTC
    import KosCore
    import KosNet
    import NIOCore
    import NIOPosix

    /// UDP sockets of ICE agents: one for each address of this machine that others could reach.
    final class ICESockets {
        /// Addresses that are used; a machine with more has its reasons.
        private static let maxBases = 8

        private(set) var bases: [ICECandidate] = []
        private var channels: [any Channel] = []
        /// Told of every datagram, with the socket that it came to.
        var received: (ByteBuffer, ICEAgent.Path) -> Void = { _, _ in }
        private var isDirty = false
        private var isReading = false

        let loop: any EventLoop

        private init(on loop: any EventLoop) { self.loop = loop }

        /// Binds to `addresses`, on the same port where that is free everywhere.
        static func open(
            _ addresses: [IPAddress], port: Int, on loop: any EventLoop
        ) -> EventLoopFuture<NIOLoopBound<ICESockets>> {
            let sockets = NIOLoopBound(ICESockets(on: loop), eventLoop: loop)
            let usable = addresses.filter {
                !$0.isUnspecified && !$0.isLinkLocal && !$0.isMulticast
            }
            let attempts = usable.prefix(maxBases).enumerated().map { base, address in
                bind(address, port: port, sockets, on: loop)
            }
            return EventLoopFuture.whenAllComplete(attempts, on: loop).flatMapThrowing { results in
                let bound = sockets.value
                for case .success(let channel) in results {
                    guard let contact = channel.localAddress?.contact else { continue }
                    try channel.pipeline.syncOperations.handler(type: ICESocketHandler.self).base =
                        bound.bases.count
                    bound.bases.append(
                        ICECandidate(local: .host, contact, rank: bound.bases.count))
                    bound.channels.append(channel)
                }
                guard !bound.bases.isEmpty else {
                    throw Transports.Failure("no address of this machine has a UDP port to give")
                }
                return sockets
            }
        }

        private static func bind(
            _ address: IPAddress, port: Int, _ sockets: NIOLoopBound<ICESockets>,
            on loop: any EventLoop
        ) -> EventLoopFuture<any Channel> {
            let first = bootstrap(sockets, on: loop).bind(host: address.description, port: port)
            guard port != 0 else { return first }
            return first.flatMapError { _ in
                bootstrap(sockets, on: loop).bind(host: address.description, port: 0)
            }
        }

        private static func bootstrap(
            _ sockets: NIOLoopBound<ICESockets>, on loop: any EventLoop
        ) -> DatagramBootstrap {
            DatagramBootstrap(group: loop)
                .channelOption(.datagramVectorReadMessageCount, value: 32)
                .channelOption(
                    .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 32 * 2048)
                )
                .channelOption(.socketOption(.so_rcvbuf), value: 1 << 20)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(
                            ICESocketHandler(sockets.value))
                    }
                }
        }

        /// Addresses of this machine, those that only it can reach last.
        static func localAddresses() -> [IPAddress] {
            let all = LocalAddresses.all()
            return all.filter { !$0.isLoopback } + all.filter(\.isLoopback)
        }

        var port: UInt16 { bases.first?.address.port ?? 0 }

        func send(_ octets: [UInt8], _ path: ICEAgent.Path) {
            guard channels.indices.contains(path.base), let remote = SocketAddress(path.remote)
            else { return }
            let channel = channels[path.base]
            channel.write(
                AddressedEnvelope(
                    remoteAddress: remote, data: channel.allocator.buffer(bytes: octets)),
                promise: nil)
            isDirty = true
            // What is said in answer to a run of datagrams goes out as one.
            if !isReading { flush() }
        }

        func flush() {
            guard isDirty else { return }
            isDirty = false
            for channel in channels { channel.flush() }
        }

        var isWritable: Bool { channels.allSatisfy(\.isWritable) }

        func close() {
            flush()
            for channel in channels { channel.close(promise: nil) }
            channels = []
            received = { _, _ in }
        }

        fileprivate func take(_ data: ByteBuffer, _ path: ICEAgent.Path) {
            isReading = true
            received(data, path)
        }

        fileprivate func settle() {
            isReading = false
            flush()
        }
    }

    private final class ICESocketHandler: ChannelInboundHandler {
        typealias InboundIn = AddressedEnvelope<ByteBuffer>

        private weak var sockets: ICESockets?
        var base = 0

        init(_ sockets: ICESockets) { self.sockets = sockets }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let envelope = unwrapInboundIn(data)
            guard let remote = envelope.remoteAddress.contact else { return }
            sockets?.take(envelope.data, ICEAgent.Path(base: base, remote: remote))
        }

        func channelReadComplete(context: ChannelHandlerContext) { sockets?.settle() }

        /// An ICMP error belongs to one datagram: consent finds out whether the other end is gone.
        func errorCaught(context: ChannelHandlerContext, error: any Error) {}
    }
#endif
