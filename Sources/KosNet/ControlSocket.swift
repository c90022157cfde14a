import Glibc
import NIOCore
import NIOPosix

/// The UNIX socket by which a running relay is asked: one word in, records out, then the end.
package enum ControlSocket {
    static let maxRequest = 256

    package struct Failure: Error, Sendable {
        package enum Kind: Sendable { case inUse, cannotListen, notRunning }
        package let kind: Kind
        package let message: String
    }

    /// Takes a request, and hands the answer on when it is there.
    package typealias Answer = (String, @escaping ([UInt8]) -> Void) -> Void

    /// Whether somebody answers at `path`.
    package static func isAnswered(_ path: String) -> Bool {
        guard let end = connectEnd(path) else { return false }
        close(end)
        return true
    }

    /// Listens at `path`; a name that nobody answers at any more is taken over.
    package static func listen(
        _ path: String, host: NodeHost, answer: @escaping Answer
    ) throws(Failure) {
        guard path.utf8.count < 104 else {
            throw Failure(
                kind: .cannotListen, message: "\(path): longer than a socket's name may be")
        }
        guard !isAnswered(path) else {
            throw Failure(kind: .inUse, message: "another relay answers at \(path)")
        }
        unlink(path)
        let bound = NIOLoopBound(answer, eventLoop: host.driver.loop)
        let channel = ServerBootstrap(group: host.driver.loop)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ControlHandler(bound.value))
                }
            }
            .bind(unixDomainSocketPath: path)
        let boundHost = NIOLoopBound(host, eventLoop: host.driver.loop)
        channel.assumeIsolated().whenComplete { result in
            switch result {
            case .success: chmod(path, 0o600)
            case .failure(let error):
                boundHost.value.stop(
                    throwing: Failure(
                        kind: .cannotListen, message: "\(path): \(Transports.describe(error))"))
            }
        }
    }

    /// Takes the name away again.
    package static func remove(_ path: String) { unlink(path) }

    /// Asks the relay at `path`, and reads its whole answer, up to `limit` octets.
    package static func ask(
        _ word: String, at path: String, limit: Int = 16 << 20, patience: Int32 = 5
    ) throws(Failure) -> [UInt8] {
        guard let end = connectEnd(path) else {
            throw Failure(kind: .notRunning, message: "no relay answers at \(path)")
        }
        defer { close(end) }
        var wait = timeval(tv_sec: Int(patience), tv_usec: 0)
        setsockopt(end, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        let request = Array("\(word)\n".utf8)
        guard write(end, request, request.count) == request.count else {
            throw Failure(kind: .notRunning, message: "the relay at \(path) does not listen")
        }
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while answer.count < limit {
            let count = read(end, &chunk, chunk.count)
            guard count > 0 else { break }
            answer += chunk.prefix(count)
        }
        return answer
    }

    private static func connectEnd(_ path: String) -> Int32? {
        let end = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard end >= 0 else { return nil }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let isFitting = withUnsafeMutableBytes(of: &address.sun_path) { space in
            guard path.utf8.count < space.count else { return false }
            space.copyBytes(from: path.utf8)
            return true
        }
        let isConnected =
            isFitting
            && withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(end, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
                }
            }
        guard isConnected else {
            close(end)
            return nil
        }
        return end
    }
}

private final class ControlHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let answer: ControlSocket.Answer
    private var request: [UInt8] = []

    init(_ answer: @escaping ControlSocket.Answer) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        request += unwrapInboundIn(data).readableBytesView
        guard request.count <= ControlSocket.maxRequest else { return context.close(promise: nil) }
        guard let newline = request.firstIndex(of: 0x0A) else { return }
        let channel = context.channel
        answer(String(decoding: request[..<newline], as: UTF8.self)) { octets in
            channel.writeAndFlush(channel.allocator.buffer(bytes: octets))
                .whenComplete { _ in channel.close(promise: nil) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
