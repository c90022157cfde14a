import Glibc
package import KosCore
import NIOCore
import NIOPosix

/// Whether anybody is at an address: a connection that is taken or refused says yes, silence no.
package final class ReachabilityProbe: Sendable {
    private static let patience = TimeAmount.seconds(2)

    private let loop: any EventLoop
    private let tell: @Sendable (Sighting.Source) -> Void

    /// `tell` is called on another thread, once for each question that had an answer.
    package init(tell: @escaping @Sendable (Sighting.Source) -> Void) {
        loop = MultiThreadedEventLoopGroup.singleton.next()
        self.tell = tell
    }

    package func ask(_ source: Sighting.Source, at addresses: [PeerAddress]) {
        for address in addresses {
            guard let port = address.port else { continue }
            // A link-local address means something on its interface only.
            let isScoped = IPAddress(address.address)?.isLinkLocal == true
            let scope = isScoped ? address.interface.map { "%" + $0 } ?? "" : ""
            ClientBootstrap(group: loop)
                .connectTimeout(ReachabilityProbe.patience)
                .connect(host: address.address + scope, port: port)
                .whenComplete { [tell] result in
                    switch result {
                    case .success(let channel):
                        channel.close(promise: nil)
                        tell(source)
                    case .failure(let error):
                        if ReachabilityProbe.isRefusal(error) { tell(source) }
                    }
                }
        }
    }

    private static func isRefusal(_ error: any Error) -> Bool {
        let errors = (error as? NIOConnectionError)?.connectionErrors.map(\.error) ?? [error]
        return errors.contains { ($0 as? IOError)?.errnoCode == ECONNREFUSED }
    }
}
