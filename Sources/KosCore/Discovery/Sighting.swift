/// Whether an announcement is believed to be the node's own.
package enum Trust: Hashable, Sendable {
    /// Signed by the key that the node id names; `sequence` rises with every announcement.
    case signed(sequence: Int64)
    /// The node id names a key, and nothing was signed.
    case unsigned
    /// The node id names no key: nothing to check.
    case opaque
    /// There is a signature, and it is not the node's.
    case forged
}

/// One observation of a peer by one method at one place: what `PeerBook` merges.
package struct Sighting: Hashable, Sendable {
    /// What the observation is withdrawn by: an mDNS instance on one interface, a DHT item, a
    /// relay.
    package struct Source: Hashable, Sendable, Comparable {
        package let method: DiscoveryMethodName
        package let key: String

        package init(_ method: DiscoveryMethodName, _ key: String) {
            self.method = method
            self.key = key
        }
        package static func < (left: Source, right: Source) -> Bool {
            (left.method.rawValue, left.key) < (right.method.rawValue, right.key)
        }
    }
    /// The signed document that a sighting rests on; each kind counts its sequence numbers apart.
    package enum Document: Hashable, Sendable {
        case announcement, nodeInfo
    }
    package var source: Source
    package var nodeId: NodeID
    package var addresses: [PeerAddress]
    package var capabilities: [String]
    package var trust: Trust
    package var document = Document.announcement
    /// Whether capabilities were left out to fit; the node itself tells the rest when it is asked.
    package var isPartial = false
    /// How long it holds without being renewed; nil until it is withdrawn.
    package var lifetime: Duration?
    /// What the peer said of its lifetime.
    package var ttlMs: Int?
    package var rttMs: Double?
    package var rssiDbm: Double?
    package var snrDb: Double?
    package var name: String?
    package var txt: JSONObject?
    package var isSelf = false

    package init(
        source: Source, nodeId: NodeID, addresses: [PeerAddress], capabilities: [String],
        trust: Trust
    ) {
        self.source = source
        self.nodeId = nodeId
        self.addresses = addresses
        self.capabilities = capabilities
        self.trust = trust
    }
}
