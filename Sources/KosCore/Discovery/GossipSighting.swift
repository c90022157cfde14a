/// A gossip cluster's members as peers, and this node's announcement as tags.
extension GossipMember {
    /// The source by which the member is withdrawn when it is gone.
    package var source: Sighting.Source { Sighting.Source(.gossip, node.name) }

    /// Why a member that is no longer there is gone.
    package var reason: PeerRecord.Reason? {
        switch status {
        case .alive, .suspect: nil
        case .failed: .unreachable
        case .left: .goodbye
        }
    }

    /// The member as a sighting. One without our tags is a peer by its name, whose role is its
    /// capability. Nil when its name cannot be a node id, or our tags cannot be read. `trust` says
    /// whether an announcement is the node's own.
    package func sighting(trust: (PeerAnnouncement) -> Trust) -> Sighting? {
        let tags = tags
        let host = node.address.ip.description
        let plain = PeerAddress(type: .tcp, address: host, port: Int(node.address.port))
        guard tags["nodeId"] != nil else {
            guard let id = NodeID(node.name) else { return nil }
            var sighting = Sighting(
                source: source, nodeId: id, addresses: [plain],
                capabilities: [tags["role"]].compactMap { $0 }.filter(PeerAnnouncement.isToken),
                trust: id.publicKey == nil ? .opaque : .unsigned)
            sighting.name = tags["name"]
            sighting.txt = GossipMember.object(tags)
            return sighting
        }
        var strings: [[UInt8]] = []
        for (name, value) in tags.sorted(by: { $0.key < $1.key }) {
            strings.append(Array("\(name)=\(value)".utf8))
        }
        guard let announcement = PeerAnnouncement(TXTRecord(strings: strings)) else { return nil }
        let addresses = announcement.addresses(host: host, interface: nil)
        var sighting = Sighting(
            source: source, nodeId: announcement.nodeId,
            addresses: addresses.isEmpty ? [plain] : addresses,
            capabilities: announcement.capabilities, trust: trust(announcement))
        sighting.isPartial = announcement.isPartial
        sighting.ttlMs = announcement.ttlMs > 0 ? announcement.ttlMs : nil
        sighting.name = tags["name"]
        sighting.txt = GossipMember.object(tags)
        return sighting
    }

    private static func object(_ tags: [String: String]) -> JSONObject {
        var object = JSONObject()
        for (name, value) in tags.sorted(by: { $0.key < $1.key }) { object[name] = .string(value) }
        return object
    }
}

extension PeerAnnouncement {
    /// Octets that the announcement may take of a member's meta data.
    package static let maxTagOctets = 470

    /// The announcement as tags of a member, its first capability as the role; nil when it is too
    /// long for a member's meta data.
    package func tags(adding more: [String: String]) -> [String: String]? {
        guard let record = txt(keyHash: nil) else { return nil }
        var tags = more
        tags["role"] = more["role"] ?? capabilities.first
        for pair in record.pairs { tags[pair.name] = record[pair.name] ?? "" }
        return SerfTags.meta(tags).count <= GossipNode.maxMeta ? tags : nil
    }
}

/// A key ring as Serf keeps it: a JSON array of keys in base64, the first one seals; or one key a
/// line.
package enum GossipKeyring {
    /// The keys; nil when one of them is none, or there are too many or none.
    package static func keys(_ octets: [UInt8]) -> [[UInt8]]? {
        guard let text = String(validating: octets, as: UTF8.self) else { return nil }
        var words: [String] = []
        for character in text.split(whereSeparator: { "[]\",\n\r\t ".contains($0) }) {
            words.append(String(character))
        }
        let keys = words.compactMap { Base64.decode($0) }
        guard !keys.isEmpty, keys.count == words.count, keys.count <= GossipEnvelope.maxKeys,
            keys.allSatisfy({ [16, 24, 32].contains($0.count) })
        else { return nil }
        return keys
    }

    /// As Serf writes it.
    package static func text(_ keys: [[UInt8]]) -> [UInt8] {
        let words = keys.map { "  \"\(Base64.encode($0))\"" }.joined(separator: ",\n")
        return Array("[\n\(words)\n]\n".utf8)
    }
}
