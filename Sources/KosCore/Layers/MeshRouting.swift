/// How a node of the mesh finds next hops.
package enum MeshRouting: String, CaseIterable, Sendable {
    /// Every node tells all others its links, and each reckons the shortest ways.
    case linkstate
    case flooding
    case aodv
    case dsr
    case olsr
    /// The link state, or the protocol that the specification's rule names for the network as it
    /// moves and how dense it is.
    case auto

    /// The protocol that runs all the time; nil where none does.
    var only: RoutingProtocolName? {
        switch self {
        case .linkstate, .flooding, .auto: nil
        case .aodv: .aodv
        case .dsr: .dsr
        case .olsr: .olsr
        }
    }
}

extension RouterAddress {
    /// The number that stands for a node in the messages of a protocol: 32 bits of a hash of its
    /// id (FNV-1a). Never a broadcast or multicast address, nor 0.
    package init(standingFor node: String) {
        var hash: UInt32 = 2_166_136_261
        for octet in node.utf8 { hash = (hash ^ UInt32(octet)) &* 16_777_619 }
        hash ^= hash >> 15
        hash = hash &* 0x2C1B_3C6D
        hash ^= hash >> 12
        if hash >> 29 == 7 { hash &= 0x7FFF_FFFF }
        self.init(hash == 0 ? 1 : hash)
    }
}
