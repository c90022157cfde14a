/// What a node says of itself: the seed's `PeerAnnouncement`, signed by the key that the node id
/// names.
///
/// The signature covers `kos-announcement-v1\n` and the canonical JSON (RFC 8785) of every member
/// but itself. `timestamp` rises with every announcement, so that an old one cannot be played back.
package struct PeerAnnouncement: Hashable, Sendable {
    package var nodeId: NodeID
    package var capabilities: [String]
    /// Where the node listens; a host left out is the one from which the announcement comes.
    package var endpoints: [Endpoint]
    package var timestamp: Timestamp
    /// How long the announcement holds.
    package var ttlMs: Int
    /// Whether capabilities were left out to fit; a node-info request to the peer tells the rest.
    package var isPartial = false
    /// Ed25519, 64 octets; nil while unsigned.
    package var signature: [UInt8]?

    package init(
        nodeId: NodeID, capabilities: [String], endpoints: [Endpoint], timestamp: Timestamp,
        ttlMs: Int
    ) {
        self.nodeId = nodeId
        self.capabilities = capabilities.filter(PeerAnnouncement.isToken)
        self.endpoints = endpoints
        self.timestamp = timestamp
        self.ttlMs = ttlMs
    }

    /// Whether `text` can be a capability: 1 to 64 octets of visible ASCII without comma, `"` and
    /// `\`, so that lists, TXT strings and canonical JSON need no escapes.
    package static func isToken(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x21...0x7E).contains($0) && $0 != 0x2C && $0 != 0x22 && $0 != 0x5C
            }
    }

    /// What is signed.
    package var signedOctets: [UInt8] {
        var writer = JSONWriter()
        writer.append("kos-announcement-v1\n")
        writeMembers(to: &writer)
        return writer.bytes
    }

    /// The members in canonical order, without the signature.
    private func writeMembers(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("capabilities", capabilities)
        writer.field("endpoints", endpoints.map(\.description))
        writer.field("nodeId", nodeId)
        if isPartial { writer.field("partial", true) }
        writer.field("timestamp", timestamp)
        writer.field("ttlMs", ttlMs)
        writer.endObject()
    }

    /// The same, signed by the node itself.
    package func signed(by signer: some Signer) -> PeerAnnouncement {
        var copy = self
        copy.signature = signer.sign(signedOctets)
        return copy
    }

    /// Addresses at which the node listens, as seen from `host`; endpoints of other hosts stay
    /// theirs.
    package func addresses(host: String, interface: String?) -> [PeerAddress] {
        endpoints.map { endpoint in
            let isHere = endpoint.host.isEmpty
            return PeerAddress(
                type: endpoint.transport, address: isHere ? host : endpoint.host,
                port: endpoint.port == 0 ? nil : endpoint.port, interface: isHere ? interface : nil)
        }
    }
}

// MARK: - TXT

extension PeerAnnouncement {
    /// Members of a TXT record, in the order in which they are written.
    private enum Name {
        static let version = "kos"
        static let nodeId = "nodeId"
        static let keyHash = "keyHash"
        static let capabilities = "capabilities"
        static let endpoints = "endpoints"
        static let timestamp = "timestamp"
        static let ttl = "ttlMs"
        static let partial = "partial"
        static let signature = "signature"
    }

    /// Without the last capabilities, until a TXT record with a signature and a key hash holds it.
    package func fittingTXT(maxOctets: Int = TXTRecord.maxOctets) -> PeerAnnouncement {
        var copy = self
        copy.signature = nil
        let spare = 192  // signature, key hash and their names
        while (copy.txt(keyHash: nil)?.octetCount ?? .max) > maxOctets - spare,
            copy.dropCapability()
        {}
        return copy
    }

    private mutating func dropCapability() -> Bool {
        isPartial = true
        return capabilities.popLast() != nil
    }

    /// The announcement as TXT strings; nil when a string is too long for its 255 octets.
    package func txt(keyHash: String?) -> TXTRecord? {
        var record = TXTRecord()
        var fits = record.append(Name.version, "1") && record.append(Name.nodeId, nodeId.text)
        if let keyHash { fits = fits && record.append(Name.keyHash, keyHash) }
        fits =
            fits && record.append(Name.capabilities, capabilities.joined(separator: ","))
            && record.append(Name.endpoints, endpoints.map(\.description).joined(separator: ","))
            && record.append(Name.timestamp, String(timestamp.milliseconds))
            && record.append(Name.ttl, String(ttlMs))
        if isPartial { fits = fits && record.append(Name.partial, "1") }
        if let signature {
            fits = fits && record.append(Name.signature, Base64.encode(signature))
        }
        return fits ? record : nil
    }

    /// Reads what `txt` wrote; nil when the record names no node, or a member cannot be read.
    package init?(_ record: TXTRecord) {
        guard let nodeId = record[Name.nodeId].flatMap({ NodeID($0) }) else { return nil }
        let capabilities = PeerAnnouncement.list(record[Name.capabilities])
        var endpoints: [Endpoint] = []
        for text in PeerAnnouncement.list(record[Name.endpoints]).prefix(16) {
            guard let endpoint = Endpoint(text) else { return nil }
            endpoints.append(endpoint)
        }
        let time = record[Name.timestamp].map { Int64($0) ?? -1 } ?? 0
        let ttl = record[Name.ttl].map { Int($0) ?? -1 } ?? 0
        guard (0...9_007_199_254_740_991).contains(time), (0...86_400_000_000).contains(ttl) else {
            return nil
        }
        self.init(
            nodeId: nodeId, capabilities: capabilities, endpoints: endpoints,
            timestamp: Timestamp(milliseconds: time), ttlMs: ttl)
        isPartial = record[Name.partial] == "1"
        signature = record[Name.signature].flatMap { Base64.decode($0) }
    }

    private static func list(_ text: String?) -> [String] {
        (text ?? "").split(separator: ",").map(String.init)
    }
}

// MARK: - JSON

extension PeerAnnouncement {
    /// The announcement with its signature as one JSON object, as DHT items and gossip tags carry
    /// it.
    package var json: [UInt8] {
        var writer = JSONWriter()
        writeMembers(to: &writer)
        guard let signature else { return writer.bytes }
        var whole = JSONWriter()
        let members = Array(writer.bytes.dropLast())
        whole.append(members.span)
        whole.field("signature", Base64.encode(signature))
        whole.endObject()
        return whole.bytes
    }

    package init(_ fields: RecordFields) throws(RecordError) {
        var endpoints: [Endpoint] = []
        for text in try fields.strings("endpoints").prefix(16) {
            guard let endpoint = Endpoint(text) else {
                throw .member("endpoints", "has one that is no URI")
            }
            endpoints.append(endpoint)
        }
        self.init(
            nodeId: try fields.nodeID("nodeId"), capabilities: try fields.strings("capabilities"),
            endpoints: endpoints, timestamp: try fields.time("timestamp"),
            ttlMs: try fields.integer("ttlMs", in: 0...86_400_000_000))
        isPartial = try fields.optionalBoolean("partial") ?? false
        signature = try fields.optionalString("signature").flatMap { Base64.decode($0) }
    }
}
