import KosCore
import NIOCore

/// The first octets that a stranger sends to a port for HTTP: the head of a request, within 16 KiB
/// and 10 s. Whoever takes longer, or more, is answered and let go.
final class RequestGate: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let maxHead = 16 << 10
    private static let patience = TimeAmount.seconds(10)

    private let refused: (DropReason, String) -> Void
    private var timeout: Scheduled<Void>?
    private var count = 0
    /// Whether the line that is being read has nothing in it so far.
    private var isBlank = false
    private var isOver = false

    init(refused: @escaping (DropReason, String) -> Void) { self.refused = refused }

    func handlerAdded(context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timeout = context.eventLoop.scheduleTask(in: RequestGate.patience) {
            let (gate, context) = bound.value
            gate.end(.idle, "408 Request Timeout", context)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { timeout?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        timeout?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        for octet in unwrapInboundIn(data).readableBytesView {
            count += 1
            guard count <= RequestGate.maxHead else {
                return end(.tooLong, "431 Request Header Fields Too Large", context)
            }
            if octet == 0x0A {
                if isBlank {
                    timeout?.cancel()
                    context.fireChannelRead(data)
                    return context.pipeline.syncOperations.removeHandler(self, promise: nil)
                }
                isBlank = true
            } else if octet != 0x0D {
                isBlank = false
            }
        }
        context.fireChannelRead(data)
    }

    private func end(_ reason: DropReason, _ status: String, _ context: ChannelHandlerContext) {
        guard !isOver else { return }
        isOver = true
        timeout?.cancel()
        refused(reason, status)
        let answer = "HTTP/1.1 \(status)\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        context.writeAndFlush(
            wrapOutboundOut(context.channel.allocator.buffer(string: answer)), promise: nil)
        context.close(promise: nil)
    }
}
