import KosCore
import KosMDNS
import KosTool

/// `-A -m mdns`: the Avahi daemon announces this node for as long as it is held.
extension Announcer {
    func announceOverMDNS() throws {
        let announcing = MDNSClient.Announcing(
            name: options.announcing.name ?? identity.node.text, type: options.service,
            domain: options.domain, port: endpoints.first?.port ?? Endpoint.defaultPort,
            txt: try record())
        guard
            let client = MDNSClient(
                loop: loop, interface: options.interface, browsing: nil, announcing: announcing,
                seed: SystemClock.seed)
        else {
            throw ToolFailure(
                .failure, code: "noInterface", "no interface '\(options.interface ?? "")'")
        }
        client.advance(to: SystemClock.now)
        guard try waitForPublication(client) else { return }
        try keep(client)
    }

    /// True once the daemon has announced the service.
    private func waitForPublication(_ client: MDNSClient) throws -> Bool {
        while true {
            for event in client.takeEvents() {
                switch event {
                case .running(let host): self.host = host
                case .published:
                    try tell(.mdns)
                    return true
                case .publishFailed(let reason), .unavailable(let reason), .lost(let reason):
                    try tell(.mdns, error: reason)
                    return false
                default: continue
                }
            }
            let left = io.timeLeft ?? .seconds(10)
            guard left > .zero else {
                try tell(.mdns, error: "the Avahi daemon did not announce it in time")
                return false
            }
            _ = loop.wait(left)
            client.advance(to: SystemClock.now)
        }
    }

    /// Holds the announcement, renewing it, until `--hold` is over or a signal comes. The daemon's
    /// second announcement follows the first by a second (RFC 6762 §8.3), which is the least that
    /// is held.
    private func keep(_ client: MDNSClient) throws {
        let hold = max(options.announcing.hold?.duration ?? .zero, .milliseconds(1100))
        let end = SystemClock.now + hold
        if hold > .seconds(2) { try io.startWatching() }
        if let signals = io.watch?.descriptor { loop.watch(signals) }
        var renewal = SystemClock.now + ttl * 0.5
        while SystemClock.now < end {
            let ready = loop.wait(min(end, renewal) - SystemClock.now)
            if let signals = io.watch?.descriptor, ready.contains(signals), try io.takeSignals() {
                break
            }
            client.advance(to: SystemClock.now)
            for case .lost(let reason) in client.takeEvents() { io.errors.note("mdns: \(reason)") }
            if SystemClock.now >= renewal {
                client.update(txt: try record())
                renewal = SystemClock.now + ttl * 0.5
            }
        }
        client.withdraw()
    }
}
