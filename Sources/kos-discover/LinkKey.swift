import KosCore

/// A link is one record, whichever relay tells of it.
struct LinkKey: Hashable, Comparable {
    let source: NodeID
    let destination: NodeID
    let transport: String

    init(_ link: LinkRecord) {
        source = link.source
        destination = link.destination
        transport = link.transport.rawValue
    }
    static func < (left: LinkKey, right: LinkKey) -> Bool {
        (left.source, left.destination, left.transport) < (
            right.source, right.destination, right.transport
        )
    }
}

extension PeerAddress {
    /// A relay that listens everywhere tells its loopback address, which is no use elsewhere.
    func isLoopbackOfAnother(than host: String) -> Bool {
        guard IPAddress(address)?.isLoopback == true else { return false }
        return IPAddress(host)?.isLoopback != true && host != "localhost"
    }
}
