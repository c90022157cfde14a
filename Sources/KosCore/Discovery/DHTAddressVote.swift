/// Which address of ours the nodes of the DHT see: what several networks say alike (BEP 42). One
/// that lies moves nothing.
struct DHTAddressVote: Sendable {
    /// Networks that must agree.
    static let quorum = 3
    private static let maxVoters = 32
    private var votes: [(voter: [UInt8], address: IPAddress)] = []

    /// Takes the word of `voter`, the newest of each network; the address once enough say the same.
    mutating func take(_ address: IPAddress, from voter: IPAddress) -> IPAddress? {
        let network = voter.neighbourhood
        votes.removeAll { $0.voter == network }
        if votes.count >= DHTAddressVote.maxVoters { votes.removeFirst() }
        votes.append((network, address))
        let agreeing = votes.count { $0.address == address }
        return agreeing >= DHTAddressVote.quorum && 2 * agreeing > votes.count ? address : nil
    }
}

extension Kademlia {
    /// Others only believe in a node whose id follows from its address: with a new address comes a
    /// new id, and the nodes that are known move into the buckets that it has for them.
    mutating func heed(_ address: ContactAddress, from voter: ContactAddress, _ now: Instant) {
        guard let ip = vote.take(address.ip, from: voter.ip),
            ip.isIPv6 == settings.isIPv6, !DHTIdentity.isValid(own, at: ip)
        else { return }
        own = DHTIdentity.key(at: ip, using: &random)
        table = table.moved(to: own)
    }
}
