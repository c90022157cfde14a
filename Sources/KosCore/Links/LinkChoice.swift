/// Which link a packet takes, where a neighbour has several: the seed's load balancer.
extension LinkTable.Entry {
    /// A link that does not answer comes after every one that does.
    private static let suspicion = 3_600_000.0

    /// Expected ms to get a packet of so many octets across: half the round trip, losses repeated,
    /// the time on the medium. What is urgent shuns loss, what is bulk shuns narrow media.
    package func cost(octets: Int, _ kind: TrafficClass) -> Double {
        var cost = expectedDelay
        if isSuspect { cost += LinkTable.Entry.suspicion }
        let loss = 1 - min(1, reliability)
        if kind.rawValue <= TrafficClass.urgent.rawValue { cost *= 1 + 4 * loss }
        guard let bitrate = traits.transport.usualBitrate else { return cost }
        let onMedium = Double(octets) * 8000 / bitrate
        return cost + onMedium * (kind == .bulk ? 10 : 1)
    }
}

extension TransportType {
    /// Bits a second of media that are narrow; nil where a packet's size is no matter.
    fileprivate var usualBitrate: Double? {
        switch self {
        case .lora: 5_000
        case .bluetooth: 500_000
        case .ws, .wss, .http, .https, .tcp, .tls, .udp, .webrtc: nil
        }
    }
}

extension LinkTable {
    /// Links that are as good as the best one within this share and this many ms are equals.
    private static let equality = (share: 1.25, milliseconds: 0.5)

    /// The links to a neighbour that are worth taking for packets of about `octets`: the best one,
    /// and those that are as good, the older first.
    package func equals(to peer: NodeID, octets: Int, _ kind: TrafficClass) -> [LinkID] {
        let ranked = all(to: peer).map { (id: $0.id, cost: $0.cost(octets: octets, kind)) }
        guard let least = ranked.map(\.cost).min() else { return [] }
        let most = least * LinkTable.equality.share + LinkTable.equality.milliseconds
        return ranked.filter { $0.cost <= most }.map(\.id).sorted()
    }
}
