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
        if try waitForPublication(client) { mdns = client }
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

    /// Lets Avahi act, and tells of what it lost.
    func advanceMDNS() {
        guard let mdns else { return }
        mdns.advance(to: SystemClock.now)
        for case .lost(let reason) in mdns.takeEvents() { io.errors.note("mdns: \(reason)") }
    }
}
