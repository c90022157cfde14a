import KosCore
import KosNet
import KosTool

/// How a sink ends when it has as many packets as were wanted.
extension Sink {
    /// Ends once the receipt of the last packet has arrived: the other ends close when they have
    /// read it, and those that do not are left after a second. To close first, with something of
    /// theirs unread, would take it from them. Over some transports it is only on its way when the
    /// other end has said so.
    func endSoon() {
        let isSlow = options.sink.listen.contains { uri in
            Endpoint(uri)?.transport.leavesSilently ?? false
        }
        host?.schedule(after: .milliseconds(isSlow ? 300 : 20)) { [unowned self] in
            guard let host else { return }
            host.driver.stopListening()
            host.driver.finishWriting()
            part(host, until: SystemClock.now + .seconds(1))
        }
    }

    private func part(_ host: NodeHost, until end: Instant) {
        guard host.driver.linkCount > 0, SystemClock.now < end else { return host.stop() }
        host.schedule(after: .milliseconds(2)) { [unowned self] in part(host, until: end) }
    }
}
