import Glibc
package import NIOCore
import NIOPosix

/// Octets of a descriptor on an event loop: pipes, terminals and sockets as they come, files in
/// chunks. While `isPaused` nothing is read.
package final class OctetSource {
    private static let chunk = 256 * 1024
    /// F_SETPIPE_SZ of Linux's fcntl.h, which is not imported.
    private static let setPipeSize: Int32 = 1031

    private let descriptor: Int32
    private let loop: any EventLoop
    /// Called with each chunk; an empty one is the end.
    private let take: ([UInt8]) -> Void
    private var channel: (any Channel)?
    private var isEnded = false

    package var isPaused = false {
        didSet {
            guard oldValue != isPaused else { return }
            if let channel {
                channel.setOption(.autoRead, value: !isPaused).whenFailure { _ in }
            } else if !isPaused {
                readFile()
            }
        }
    }

    /// The descriptor stays the caller's: a copy of it is read.
    package init(_ descriptor: Int32, on loop: any EventLoop, take: @escaping ([UInt8]) -> Void) {
        self.descriptor = descriptor
        self.loop = loop
        self.take = take
    }

    package func start() {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return end() }
        // epoll refuses files: they are always ready.
        let isFile = status.st_mode & S_IFMT == S_IFREG || status.st_mode & S_IFMT == S_IFBLK
        if isFile || isNull(status) { return readFile() }
        let copy = dup(descriptor)
        guard copy >= 0 else { return end() }
        // The writer wakes this process once for so much, and not for every 64 KiB.
        if status.st_mode & S_IFMT == S_IFIFO {
            _ = fcntl(copy, OctetSource.setPipeSize, Int32(4 * OctetSource.chunk))
        }
        let bound = NIOLoopBound(self, eventLoop: loop)
        NIOPipeBootstrap(group: loop)
            .channelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(
                    minimum: 4096, initial: 65_536, maximum: OctetSource.chunk)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(SourceHandler(bound.value))
                }
            }
            .takingOwnershipOfDescriptor(input: copy)
            .assumeIsolated()
            .whenComplete { result in
                switch result {
                case .success(let channel): bound.value.channel = channel
                case .failure: bound.value.end()
                }
            }
    }

    /// `/dev/null` and its like cannot be waited for either.
    private func isNull(_ status: stat) -> Bool {
        var null = stat()
        return stat("/dev/null", &null) == 0 && status.st_mode & S_IFMT == S_IFCHR
            && status.st_rdev == null.st_rdev
    }

    private func readFile() {
        guard !isEnded, !isPaused else { return }
        var octets = [UInt8](repeating: 0, count: OctetSource.chunk)
        let count = read(descriptor, &octets, octets.count)
        guard count > 0 else { return end() }
        take(Array(octets.prefix(count)))
        let bound = NIOLoopBound(self, eventLoop: loop)
        loop.execute { bound.value.readFile() }
    }

    fileprivate func received(_ buffer: ByteBuffer) { take(Array(buffer.readableBytesView)) }

    fileprivate func end() {
        guard !isEnded else { return }
        isEnded = true
        take([])
    }

    package func stop() {
        isEnded = true
        channel?.close(promise: nil)
    }
}

private final class SourceHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let source: OctetSource

    init(_ source: OctetSource) { self.source = source }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        source.received(unwrapInboundIn(data))
    }
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { source.end() }
        context.fireUserInboundEventTriggered(event)
    }
    func channelInactive(context: ChannelHandlerContext) {
        source.end()
        context.fireChannelInactive()
    }
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
