import KosCore
import NIOCore

/// Who carries a connection to its end.
package struct Proxy: Hashable, Sendable {
    package enum Kind: Sendable { case connect, socks5 }
    package let kind: Kind
    package let host: String
    package let port: Int
    /// `name:secret`, where the URI has one.
    package let credentials: String?

    /// `http://[name:secret@]host[:port]`, `socks5://…`, `socks5h://…`; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: "://", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        switch parts[0].lowercased() {
        case "http": kind = .connect
        case "socks5", "socks5h": kind = .socks5
        default: return nil
        }
        var rest = parts[1].prefix { $0 != "/" }
        if let at = rest.lastIndex(of: "@") {
            credentials = String(rest[..<at])
            rest = rest[rest.index(after: at)...]
        } else {
            credentials = nil
        }
        let usual = kind == .connect ? 3128 : 1080
        let colon = rest.lastIndex(of: ":").flatMap { rest[$0...].contains("]") ? nil : $0 }
        guard let endpoint = Endpoint("tcp://\(rest)"), !endpoint.host.isEmpty else { return nil }
        host = endpoint.host
        port = colon == nil ? usual : endpoint.port
    }
}

/// Has a proxy carry the connection on, and only then tells the handlers behind it that it is up.
final class ProxyHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State { case idle, connect, method, password, request, open }
    private static let maxHead = 16 * 1024

    private let proxy: Proxy
    private let host: String
    private let port: Int
    private var state = State.idle
    private var arrived: [UInt8] = []

    init(_ proxy: Proxy, host: String, port: Int) {
        self.proxy = proxy
        self.host = host
        self.port = port
    }

    func channelActive(context: ChannelHandlerContext) {
        switch proxy.kind {
        case .connect:
            state = .connect
            let authority = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
            var head = "CONNECT \(authority) HTTP/1.1\r\nHost: \(authority)\r\n"
            if let credentials = proxy.credentials {
                head += "Proxy-Authorization: Basic \(Base64.encode(Array(credentials.utf8)))\r\n"
            }
            send(Array((head + "\r\n").utf8), context)
        case .socks5:
            state = .method
            send(proxy.credentials == nil ? [5, 1, 0] : [5, 2, 0, 2], context)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard state != .open else { return context.fireChannelRead(data) }
        arrived += unwrapInboundIn(data).readableBytesView
        do throws(Transports.Failure) {
            while try step(context) {}
        } catch {
            context.fireErrorCaught(error)
            context.close(promise: nil)
        }
    }

    /// Takes one answer of the proxy, if it is there whole.
    private func step(_ context: ChannelHandlerContext) throws(Transports.Failure) -> Bool {
        switch state {
        case .idle, .open: return false
        case .connect: return try readHead(context)
        case .method:
            guard arrived.count >= 2 else { return false }
            let method = arrived[1]
            arrived.removeFirst(2)
            if method == 2, let credentials = proxy.credentials {
                sendPassword(credentials, context)
            } else if method == 0 {
                sendRequest(context)
            } else {
                throw Transports.Failure("the proxy wants a login")
            }
        case .password:
            guard arrived.count >= 2 else { return false }
            guard arrived[1] == 0 else { throw Transports.Failure("the proxy refuses the login") }
            arrived.removeFirst(2)
            sendRequest(context)
        case .request:
            guard arrived.count >= 5 else { return false }
            guard arrived[1] == 0 else {
                throw Transports.Failure("the proxy cannot connect (SOCKS reply \(arrived[1]))")
            }
            let address = arrived[3] == 1 ? 4 : arrived[3] == 4 ? 16 : 1 + Int(arrived[4])
            guard arrived.count >= 6 + address else { return false }
            arrived.removeFirst(6 + address)
            begin(context)
        }
        return true
    }

    private func readHead(_ context: ChannelHandlerContext) throws(Transports.Failure) -> Bool {
        let end: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A]
        guard let range = arrived.firstRange(of: end) else {
            guard arrived.count < ProxyHandler.maxHead else {
                throw Transports.Failure("the proxy's answer has no end")
            }
            return false
        }
        let line = String(decoding: arrived.prefix { $0 != 0x0D }, as: UTF8.self)
        let parts = line.split(separator: " ")
        guard parts.count > 1, parts[0].hasPrefix("HTTP/1."), parts[1].hasPrefix("2") else {
            throw Transports.Failure("the proxy answers '\(line)'")
        }
        arrived.removeSubrange(..<range.upperBound)
        begin(context)
        return true
    }

    /// RFC 1929.
    private func sendPassword(_ credentials: String, _ context: ChannelHandlerContext) {
        let parts = credentials.split(separator: ":", maxSplits: 1).map { $0.utf8.prefix(255) }
        let name = parts.first ?? "".utf8.prefix(0)
        let secret = parts.count > 1 ? parts[1] : "".utf8.prefix(0)
        state = .password
        send(
            [1, UInt8(name.count)] + Array(name) + [UInt8(secret.count)] + Array(secret), context)
    }

    private func sendRequest(_ context: ChannelHandlerContext) {
        state = .request
        var request: [UInt8] = [5, 1, 0]
        if let address = IPAddress(host) {
            request += [address.octets.count == 4 ? 1 : 4] + address.octets
        } else {
            // The proxy looks the name up.
            let name = host.utf8.prefix(255)
            request += [3, UInt8(name.count)] + Array(name)
        }
        send(request + [UInt8(port >> 8), UInt8(port & 0xFF)], context)
    }

    private func begin(_ context: ChannelHandlerContext) {
        state = .open
        context.fireChannelActive()
        if !arrived.isEmpty {
            context.fireChannelRead(
                wrapInboundOut(context.channel.allocator.buffer(bytes: arrived)))
        }
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    private func send(_ octets: [UInt8], _ context: ChannelHandlerContext) {
        context.writeAndFlush(
            wrapOutboundOut(context.channel.allocator.buffer(bytes: octets)), promise: nil)
    }
}
