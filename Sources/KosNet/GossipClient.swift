import Glibc
package import KosCore
import NIOCore
import NIOPosix
import Synchronization

/// A member of a gossip cluster, or an onlooker, on an event loop of its own.
package final class GossipClient: Sendable {
    package enum Event: Sendable {
        /// A member listens here from now on.
        case listening(ContactAddress)
        case failed(String)
        case output(Gossip.Output)
    }
    private let loop: any EventLoop
    private let driver: NIOLoopBoundBox<GossipDriver?>
    private let counted = Mutex<[Gossip.Drop: Int]>([:])

    /// `tell` is called on another thread.
    package init(
        _ setup: GossipDriver.Setup, seed: UInt64, now: @escaping @Sendable () -> Instant,
        tell: @escaping @Sendable (Event) -> Void
    ) {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        self.loop = loop
        let box = NIOLoopBoundBox<GossipDriver?>.makeBoxSendingValue(nil, eventLoop: loop)
        driver = box
        loop.execute { [weak self] in
            let driver = GossipDriver(setup, on: loop, seed: seed, now: now)
            box.value = driver
            driver.observer = { tell(.output($0)) }
            driver.settled = { engine in
                guard !engine.drops.isEmpty else { return }
                let drops = engine.drops
                self?.counted.withLock { $0 = drops }
            }
            driver.start().whenComplete { result in
                switch result {
                case .success(let contact): tell(.listening(contact))
                case .failure(let error): tell(.failed(Transports.describe(error)))
                }
            }
        }
    }

    /// What was not believed so far.
    package var drops: [Gossip.Drop: Int] { counted.withLock { $0 } }

    package func post(_ input: Gossip.Input) {
        loop.execute { [driver] in driver.value?.post(input) }
    }

    package func stop() {
        loop.execute { [driver] in
            driver.value?.close()
            driver.value = nil
        }
    }
}

extension IPAddress {
    /// The address that this host has on the way to `target`: what others there reach it by.
    package static func own(towards target: ContactAddress) -> IPAddress? {
        guard
            let remote = try? SocketAddress(
                ipAddress: target.ip.description, port: Int(max(1, target.port)))
        else { return nil }
        let end = socket(target.ip.isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        guard end >= 0 else { return nil }
        defer { close(end) }
        let status = remote.withSockAddr { connect(end, $0, socklen_t($1)) }
        guard status == 0 else { return nil }
        var name = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let isNamed = withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(end, $0, &length) }
        }
        guard isNamed == 0 else { return nil }
        return withUnsafeBytes(of: &name) { bytes in
            IPAddress(octets: target.ip.isIPv6 ? Array(bytes[8..<24]) : Array(bytes[4..<8]))
        }
    }
}
