package import KosCore
import NIOCore
import NIOPosix

/// A node that runs on the calling thread, which becomes the event loop, until `stop` is called.
///
/// The tool's streams belong to that thread, so nothing has to be locked or handed over.
package final class NodeHost {
    package let driver: NodeDriver
    private let loop: any EventLoop
    private let ended: EventLoopPromise<Void>
    private var isEnded = false
    private var failure: (any Error)?

    private init(_ node: MeshNode, on loop: any EventLoop, now: @escaping () -> Instant) {
        self.loop = loop
        driver = NodeDriver(node, on: loop, now: now)
        ended = loop.makePromise()
    }

    /// Runs `node`; `body` sets things going and returns, and everything else happens in callbacks.
    /// Throws what `body` throws, or what `stop` was given.
    package static func run(
        _ node: MeshNode, now: @escaping () -> Instant, _ body: @escaping (NodeHost) throws -> Void
    ) throws {
        nonisolated(unsafe) let start = body
        nonisolated(unsafe) let clock = now
        nonisolated(unsafe) var failure: (any Error)?
        MultiThreadedEventLoopGroup.withCurrentThreadAsEventLoop { loop in
            let host = NodeHost(node, on: loop, now: clock)
            host.ended.futureResult.whenComplete { _ in loop.shutdownGracefully { _ in } }
            do { try start(host) } catch { host.stop(throwing: error) }
            host.ended.futureResult.assumeIsolated().whenComplete { _ in failure = host.failure }
        }
        if let failure { throw failure }
    }

    /// Ends the run; later calls change nothing.
    package func stop(throwing error: (any Error)? = nil) {
        guard !isEnded else { return }
        isEnded = true
        failure = error
        driver.closeAll()
        let bound = NIOLoopBound(self, eventLoop: loop)
        loop.execute { bound.value.part(within: 5) }
    }

    /// Ends the run when the connections are closed, or after so many milliseconds: what was
    /// written last is on its way then.
    private func part(within turns: Int) {
        guard driver.linkCount > 0 else { return ended.succeed() }
        let bound = NIOLoopBound(self, eventLoop: loop)
        guard turns > 0 else {
            driver.closeLinks()
            return loop.execute { bound.value.ended.succeed() }
        }
        loop.scheduleTask(in: .milliseconds(1)) { bound.value.part(within: turns - 1) }
    }

    /// Calls `body` on the loop, unless the run has ended; what it throws ends the run.
    package func guarded(_ body: () throws -> Void) {
        guard !isEnded else { return }
        do { try body() } catch { stop(throwing: error) }
    }

    package func schedule(after wait: Duration, _ body: @escaping () throws -> Void) {
        let bound = NIOLoopBound((self, body), eventLoop: loop)
        loop.scheduleTask(in: .nanoseconds(max(0, wait.nanoseconds))) {
            let (host, body) = bound.value
            host.guarded(body)
        }
    }

    package func every(_ interval: Duration, _ body: @escaping () throws -> Void) {
        schedule(after: interval) { [unowned self] in
            try body()
            every(interval, body)
        }
    }

    /// A way for other threads to have `body` called on the loop.
    package func entrance<Message: Sendable>(
        _ body: @escaping (Message) throws -> Void
    ) -> @Sendable (Message) -> Void {
        let bound = NIOLoopBound((self, body), eventLoop: loop)
        return { [loop] message in
            loop.execute {
                let (host, body) = bound.value
                host.guarded { try body(message) }
            }
        }
    }

    /// Listens on `endpoints`, then calls `body` with what became of each, in order.
    package func listen(
        on endpoints: [Endpoint],
        then body: @escaping ([Result<Endpoint, Transports.Failure>]) throws -> Void
    ) {
        let attempts = endpoints.map { endpoint in
            driver.listen(on: endpoint).map { Result<[Endpoint], Transports.Failure>.success($0) }
                .flatMapErrorThrowing { error in
                    .failure(Transports.Failure("\(endpoint): \(Transports.describe(error))"))
                }
        }
        let bound = NIOLoopBound((self, body), eventLoop: loop)
        EventLoopFuture.whenAllSucceed(attempts, on: loop).whenSuccess { results in
            let (host, body) = bound.value
            host.guarded { try body(results.flatMap(NodeHost.parted)) }
        }
    }

    /// One result for each place that an endpoint came to.
    private static func parted(
        _ result: Result<[Endpoint], Transports.Failure>
    ) -> [Result<Endpoint, Transports.Failure>] {
        switch result {
        case .success(let endpoints): endpoints.map { .success($0) }
        case .failure(let failure): [.failure(failure)]
        }
    }
}
