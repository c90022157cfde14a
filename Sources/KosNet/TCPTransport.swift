import KosCore
import NIOCore
import NIOPosix

/// TCP: a packet a line (kos(7), TRANSPORTS).
enum TCPTransport {
    static func connect(_ endpoint: Endpoint, driver: NodeDriver) -> EventLoopFuture<Void> {
        let bound = NIOLoopBound(driver, eventLoop: driver.loop)
        let bootstrap = ClientBootstrap(group: driver.loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.writeBufferWaterMark, value: NodeDriver.watermark)
            .connectTimeout(Transports.connectTimeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        StreamHandler(driver: bound.value, remote: endpoint))
                }
            }
        let channel =
            Transports.address(of: endpoint).map { bootstrap.connect(to: $0) }
            ?? bootstrap.connect(host: endpoint.host, port: endpoint.port)
        return channel.map { _ in }
    }

    static func listen(_ endpoint: Endpoint, driver: NodeDriver) -> EventLoopFuture<any Channel> {
        let bound = NIOLoopBound(driver, eventLoop: driver.loop)
        do {
            let bootstrap = ServerBootstrap(group: driver.loop)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .serverChannelOption(.backlog, value: 1024)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(.writeBufferWaterMark, value: NodeDriver.watermark)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(
                            StreamHandler(driver: bound.value, remote: nil))
                    }
                }
            if let descriptor = endpoint.descriptor { return bootstrap.withBoundSocket(descriptor) }
            return bootstrap.bind(to: try Transports.bindAddress(of: endpoint))
        } catch {
            return driver.loop.makeFailedFuture(error)
        }
    }
}
