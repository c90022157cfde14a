import KosCore
import KosNet
import KosTool

/// Domains whose relays bootstrap asks: looked up on a thread of their own.
extension Session {
    /// What the domain name system said of a domain's relays.
    struct Domain: Sendable {
        let name: String
        let relays: Result<[Endpoint], DNSLookup.Failure>
    }

    func resolve(_ domain: String) {
        guard let domains else { return }
        DNSLookup.begin(domain) { domains.post(Domain(name: domain, relays: $0)) }
    }

    func takeDomains() {
        for domain in domains?.take() ?? [] {
            unresolved.remove(domain.name)
            switch domain.relays {
            case .success(let endpoints):
                let new = endpoints.filter { endpoint in
                    !unanswered.contains(endpoint)
                        && !relays.values.contains { $0.source.key == endpoint.description }
                }
                io.errors.note("bootstrap: dns:\(domain.name) names \(endpoints.count) relays")
                unanswered.formUnion(new)
                probe?.connect(new)
            case .failure(let failure):
                io.errors.say("bootstrap: dns:\(domain.name): \(failure.reason)")
            }
        }
    }
}
