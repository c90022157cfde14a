import Glibc
import KosCore
import NIOCore
import NIOPosix

/// How outgoing connections are made.
package struct DialSettings: Sendable {
    package enum Family: Sendable { case any, ipv4, ipv6 }
    package var family = Family.any
    /// Address of this machine to connect from.
    package var localAddress: String?
    /// Further lines for the head of HTTP requests.
    package var headers: [(name: String, value: String)] = []
    /// Through whom: `http` for CONNECT (RFC 9110 §9.3.6), `socks5` (RFC 1928).
    package var proxy: Proxy?
    package var timeout = Duration.seconds(5)
    package init() {}
}

/// What an outgoing connection has reached, in this order.
package enum DialPhase: Hashable, Sendable {
    /// The name has an address.
    case resolved
    /// The other end, or the proxy, has accepted.
    case connected
    /// TLS is up.
    case secured
    /// The transport is ready to carry packets.
    case ready
}

/// Stream connections to an endpoint: by address, or by name with RFC 8305's race between its
/// addresses, which is NIO's.
enum Dial {
    static func connect(
        _ endpoint: Endpoint, driver: NodeDriver,
        _ prepare: @escaping @Sendable (any Channel) throws -> Void
    ) -> EventLoopFuture<any Channel> {
        let settings = driver.dialing
        let up = driver.loop.makePromise(of: Void.self)
        let bound = NIOLoopBound(driver, eventLoop: driver.loop)
        var bootstrap = ClientBootstrap(group: driver.loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.writeBufferWaterMark, value: NodeDriver.watermark)
            .connectTimeout(.nanoseconds(settings.timeout.nanoseconds))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let proxy = settings.proxy {
                        try channel.pipeline.syncOperations.addHandler(
                            ProxyHandler(proxy, host: endpoint.host, port: endpoint.port))
                    }
                    guard endpoint.transport.isSecure else { return try prepare(channel) }
                    try SecureChannel.client(channel, endpoint, bound.value, up, prepare)
                }
            }
        if let text = settings.localAddress {
            guard let local = try? SocketAddress(ipAddress: text, port: 0) else {
                return driver.loop.makeFailedFuture(Transports.Failure("'\(text)' is no address"))
            }
            bootstrap = bootstrap.bind(to: local)
        }
        let host = settings.proxy?.host ?? endpoint.host
        let port = settings.proxy?.port ?? endpoint.port
        let channel: EventLoopFuture<any Channel>
        if let address = try? SocketAddress(ipAddress: host, port: port) {
            guard settings.family.takes(address) else {
                return driver.loop.makeFailedFuture(
                    Transports.Failure("\(host) is of the other address family"))
            }
            channel = bootstrap.connect(to: address)
        } else {
            let names = NameResolver(driver.loop, settings.family) {
                bound.value.phase(endpoint, .resolved)
            }
            channel = bootstrap.resolver(names).connect(host: host, port: port)
        }
        channel.whenFailure { up.fail($0) }
        if !endpoint.transport.isSecure { up.succeed() }
        return channel.flatMap { channel in
            bound.value.phase(endpoint, .connected)
            return up.futureResult.map { channel }
        }
    }
}

extension DialSettings.Family {
    func takes(_ address: SocketAddress) -> Bool {
        switch self {
        case .any: true
        case .ipv4: address.protocol == .inet
        case .ipv6: address.protocol == .inet6
        }
    }
}

/// The system's resolver, off the event loop, for the wanted address families alone.
struct NameResolver: Resolver, Sendable {
    private let loop: any EventLoop
    private let family: DialSettings.Family
    private let found: @Sendable () -> Void

    init(
        _ loop: any EventLoop, _ family: DialSettings.Family,
        found: @escaping @Sendable () -> Void = {}
    ) {
        self.loop = loop
        self.family = family
        self.found = found
    }

    func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        family == .ipv6 ? loop.makeSucceededFuture([]) : ask(AF_INET, host, port)
    }

    func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        family == .ipv4 ? loop.makeSucceededFuture([]) : ask(AF_INET6, host, port)
    }

    func cancelQueries() {}

    /// All addresses of a name, the families that are not wanted left out.
    func addresses(of host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        initiateAQuery(host: host, port: port).and(initiateAAAAQuery(host: host, port: port))
            .map { $0 + $1 }
    }

    private func ask(
        _ family: Int32, _ host: String, _ port: Int
    ) -> EventLoopFuture<[SocketAddress]> {
        NIOThreadPool.singleton.runIfActive(eventLoop: loop) { [found, loop] in
            let addresses = NameResolver.look(family, host, port)
            if !addresses.isEmpty { loop.execute(found) }
            return addresses
        }
    }

    private static func look(_ family: Int32, _ host: String, _ port: Int) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_family = family
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = list
        while let entry = next?.pointee {
            next = entry.ai_next
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            guard
                getnameinfo(
                    entry.ai_addr, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0,
                    NI_NUMERICHOST) == 0
            else { continue }
            let octets = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            let address = try? SocketAddress(
                ipAddress: String(decoding: octets, as: UTF8.self), port: port)
            if let address { addresses.append(address) }
        }
        return addresses
    }
}
