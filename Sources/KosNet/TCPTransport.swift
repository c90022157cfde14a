import KosCore
import NIOCore
import NIOPosix

/// TCP: a packet a line (kos(7), TRANSPORTS).
enum TCPTransport {
    static func connect(_ endpoint: Endpoint, driver: NodeDriver) -> EventLoopFuture<Void> {
        let bound = NIOLoopBound(driver, eventLoop: driver.loop)
        return Dial.connect(endpoint, driver: driver) { channel in
            try channel.pipeline.syncOperations.addHandler(
                StreamHandler(driver: bound.value, remote: endpoint, endpoint.transport))
        }.map { _ in }
    }

    static func listen(_ endpoint: Endpoint, driver: NodeDriver) -> EventLoopFuture<any Channel> {
        let bound = NIOLoopBound(driver, eventLoop: driver.loop)
        return Transports.serve(endpoint, driver: driver) { channel in
            try channel.pipeline.syncOperations.addHandler(
                StreamHandler(driver: bound.value, remote: nil, endpoint.transport))
        }
    }
}
