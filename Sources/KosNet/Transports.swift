import Glibc
package import KosCore
import NIOCore
import NIOPosix

/// Opens and accepts connections, by transport.
package enum Transports {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
        package init(_ description: String) { self.description = description }

        /// What to look at when a listener cannot be had; a carrier names its own cure.
        package var listenHint: String? {
            description.hasPrefix("bluetooth:") ? nil : "is another program using the port?"
        }
    }

    static func connect(_ endpoint: Endpoint, driver: NodeDriver) -> EventLoopFuture<Void> {
        switch endpoint.transport {
        case .tcp, .tls: TCPTransport.connect(endpoint, driver: driver)
        case .ws, .wss: WebSocketTransport.connect(endpoint, driver: driver)
        case .udp: UDPTransport.connect(endpoint, driver: driver)
        case .http: HTTPTransport.connect(endpoint, driver: driver)
        case .webrtc:
            driver.sessions?.connect(endpoint, driver: driver) ?? notBuiltIn(endpoint, driver)
        default: notBuiltIn(endpoint, driver)
        }
    }

    private static func notBuiltIn(
        _ endpoint: Endpoint, _ driver: NodeDriver
    ) -> EventLoopFuture<Void> {
        driver.loop.makeFailedFuture(Failure("\(endpoint.transport.rawValue) is not built in"))
    }

    static func listen(
        _ endpoint: Endpoint, driver: NodeDriver
    ) -> EventLoopFuture<(any Channel, Endpoint)> {
        let bound: EventLoopFuture<any Channel>
        switch endpoint.transport {
        case .tcp, .tls: bound = TCPTransport.listen(endpoint, driver: driver)
        case .ws, .wss, .http, .https: bound = WebSocketTransport.listen(endpoint, driver: driver)
        case .udp: bound = UDPTransport.listen(endpoint, driver: driver)
        case .webrtc where driver.sessions != nil && endpoint.describedTo == nil:
            bound = WebSocketTransport.listen(endpoint.signalling, driver: driver)
        default:
            return driver.loop.makeFailedFuture(
                Failure("cannot listen on \(endpoint.transport.rawValue)"))
        }
        return bound.map { channel in
            let local = channel.localAddress
            let host = endpoint.descriptor == nil ? endpoint.host : local?.ipAddress ?? ""
            let actual = Endpoint(
                transport: endpoint.transport, host: host, port: local?.port ?? endpoint.port,
                path: endpoint.path, query: endpoint.query, isSecure: endpoint.isSecure)
            return (channel, actual)
        }
    }

    /// Accepts stream connections; `prepare` gives each its handlers.
    static func serve(
        _ endpoint: Endpoint, driver: NodeDriver,
        _ prepare: @escaping @Sendable (any Channel) throws -> Void
    ) -> EventLoopFuture<any Channel> {
        let bound = NIOLoopBound(driver, eventLoop: driver.loop)
        do {
            // What is wrong with a certificate is known before the first connection.
            if endpoint.transport.isSecure { try driver.tls?.prepare(endpoint.transport) }
        } catch {
            return driver.loop.makeFailedFuture(error)
        }
        let bootstrap = ServerBootstrap(group: driver.loop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: NodeDriver.watermark)
            .childChannelOption(.recvAllocator, value: NodeDriver.readBuffer)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try bound.value.admit(channel, endpoint.transport)
                    guard endpoint.transport.isSecure else { return try prepare(channel) }
                    try SecureChannel.server(channel, endpoint.transport, bound.value, prepare)
                }
            }
        if let descriptor = endpoint.descriptor { return bootstrap.withBoundSocket(descriptor) }
        do {
            return bootstrap.bind(to: try Transports.bindAddress(of: endpoint))
        } catch {
            return driver.loop.makeFailedFuture(error)
        }
    }

    /// The address of an endpoint: at once for IP addresses, through the resolver for names.
    static func address(of endpoint: Endpoint) -> SocketAddress? {
        try? SocketAddress(ipAddress: endpoint.host, port: endpoint.port)
    }

    /// Where a listener binds: every interface when the endpoint names no host.
    static func bindAddress(of endpoint: Endpoint) throws -> SocketAddress {
        let host = endpoint.host.isEmpty || endpoint.host == "*" ? "::" : endpoint.host
        if let address = try? SocketAddress(ipAddress: host, port: endpoint.port) { return address }
        return try SocketAddress.makeAddressResolvingHost(host, port: endpoint.port)
    }

    static func endpoint(_ transport: TransportType, _ address: SocketAddress?, path: String = "")
        -> Endpoint
    {
        Endpoint(
            transport: transport, host: address?.ipAddress ?? "", port: address?.port ?? 0,
            path: path)
    }

    /// An endpoint that is a socket which listens already, and was opened by somebody else.
    package static func adopted(_ descriptor: Int32, _ transport: TransportType) -> Endpoint {
        Endpoint(transport: transport, host: "", port: 0, query: ["fd": String(descriptor)])
    }

    /// An error in words, without Swift's decoration.
    package static func describe(_ error: any Error) -> String {
        switch error {
        case let failure as Failure: return failure.description
        case let error as IOError: return String(cString: strerror(error.errnoCode))
        case let error as NIOConnectionError:
            if let first = error.connectionErrors.first { return describe(first.error) }
            return "the name \(error.host) cannot be resolved"
        case ChannelError.connectTimeout(let time):
            return "no answer within \(Double(time.nanoseconds) / 1e9) s"
        default: return "\(error)"
        }
    }
}

extension Endpoint {
    /// The descriptor of a socket that is open already.
    var descriptor: NIOBSDSocket.Handle? { query["fd"].flatMap { NIOBSDSocket.Handle($0) } }
}
