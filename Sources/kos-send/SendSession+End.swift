import KosCore
import KosNet
import KosTool

/// How a run ends, and what it does when the node that it sends to is gone.
extension SendSession {
    /// The last link to a node broke. Where `-T` names several ways, what is not acknowledged goes
    /// to the node at the end of another one; otherwise the connection is made again.
    func turn(from peer: NodeID) {
        guard peer == neighbour, options.target.endpoints.count > 1, let driver,
            let other = driver.node.links.neighbours.filter({ $0 != peer }).min()
        else { return }
        io.errors.note("\(peer) is gone, going on with \(other)")
        neighbour = other
        feed?.destination = other.text
        outbox.readdress(from: peer, to: other, driver)
    }

    /// All is done. What wants no receipt is still on its way: the other end closes when it has it.
    func leave() {
        guard !isLeaving, let host else { return }
        isLeaving = true
        metrics = host.driver.node.metrics(
            at: SystemClock.now, timestamp: SystemClock.timestamp, interval: nil)
        guard !options.target.ack, task == nil else { return host.stop() }
        drain(host, until: SystemClock.now + (io.timeLeft ?? .seconds(10)), isWritten: false)
    }

    private func drain(_ host: NodeHost, until end: Instant, isWritten: Bool) {
        let driver = host.driver
        var isWritten = isWritten
        if !isWritten, driver.waitingOctets + driver.node.queuedOctets == 0 {
            driver.finishWriting()
            isWritten = true
        }
        guard driver.linkCount > 0, SystemClock.now < end else { return host.stop() }
        host.schedule(after: .milliseconds(1)) { [unowned self] in
            drain(host, until: end, isWritten: isWritten)
        }
    }

    /// What is told after the last packet.
    func finish() throws {
        try outbox.spool?.close()
        io.errors.note(timings.text)
        guard io.common.summary, task == nil else { return }
        for record in metrics.dropFirst() { try io.output.write(record) }
        try io.output.write(
            SummaryRecord(
                timestamp: SystemClock.timestamp, tool: io.tool,
                counters: [
                    "delivered": .number(Double(outbox.succeeded)),
                    "failed": .number(Double(outbox.failed)),
                    "timingsMs": .object(timings.object),
                ]))
    }
}
