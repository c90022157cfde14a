import KosCore
import NIOCore

/// Who may open a connection, before anything is read from it.
extension NodeDriver {
    /// Throws where the address has as many connections as it may.
    func admit(_ channel: any Channel, _ transport: TransportType) throws {
        guard let address = channel.remoteAddress?.ipAddress.flatMap({ IPAddress($0) }) else {
            return
        }
        guard callers.enter(address) else {
            let remote = Transports.endpoint(transport, channel.remoteAddress)
            turnAway(.tooManyFromAddress, remote, "too many connections from this address")
            throw Transports.Failure("too many connections from \(address)")
        }
        let bound = NIOLoopBound(self, eventLoop: loop)
        channel.closeFuture.whenComplete { _ in bound.value.callers.leave(address) }
    }

    /// Counts a connection that did not come about.
    func turnAway(_ reason: DropReason, _ remote: Endpoint, _ text: String) {
        post(.turnedAway(reason, from: remote.description))
        refused(text, remote)
    }
}
