/// The way in which a peer came to be known: `metadata.discoveryMethod`.
package enum DiscoveryMethodName: String, Hashable, Sendable, CaseIterable {
    case mdns, dht, bluetooth, lora, bootstrap, gossip, capture, `static`
}

/// A peer: who, where, what it can do. One record a peer, whatever number of methods saw it.
package struct PeerRecord: Record, Hashable {
    package enum Event: String, Hashable, Sendable, CaseIterable {
        case found, joined, changed, left
    }
    package enum Reason: String, Hashable, Sendable, CaseIterable {
        case goodbye, expired, unreachable
    }
    package struct Metadata: Hashable, Sendable {
        package var discoveryMethod: DiscoveryMethodName
        package var firstSeen: Timestamp?
        package var lastSeen: Timestamp
        package var ttlMs: Int?
        package var rttMs: Double?
        package var rssiDbm: Double?
        package var snrDb: Double?
        package var name: String?
        package var methods: [String] = []
        package var txt: JSONObject?
        /// Whether the announcement was signed by the key that the node id names; absent if
        /// unknown.
        package var signed: Bool?
        /// Whether this peer is the node that made the record.
        package var isSelf: Bool?
        /// The relay at which the peer is.
        package var relay: NodeID?

        package init(discoveryMethod: DiscoveryMethodName, lastSeen: Timestamp) {
            self.discoveryMethod = discoveryMethod
            self.lastSeen = lastSeen
        }
    }
    package var timestamp: Timestamp?
    package var event: Event?
    package var reason: Reason?
    package var nodeId: NodeID
    package var addresses: [PeerAddress]
    package var capabilities: [String]
    package var metadata: Metadata

    package init(
        nodeId: NodeID, addresses: [PeerAddress], capabilities: [String], metadata: Metadata
    ) {
        self.nodeId = nodeId
        self.addresses = addresses
        self.capabilities = capabilities
        self.metadata = metadata
    }

    package static let type: StaticString = "peer"
    package static let fields: [Field] = [
        .optional("timestamp", .time, "when the record was made"),
        .optional("event", .oneOf(Event.allCases.map(\.rawValue))),
        .optional("reason", .oneOf(Reason.allCases.map(\.rawValue)), "why it left"),
        .required("nodeId", .nodeID),
        .required("addresses", .array(.object(PeerAddress.fields))),
        .required("capabilities", .array(.string)),
        .required(
            "metadata",
            .object([
                .required("discoveryMethod", .oneOf(DiscoveryMethodName.allCases.map(\.rawValue))),
                .optional("firstSeen", .time),
                .required("lastSeen", .time),
                .optional("ttlMs", .integer(min: 0), "how long the announcement holds, ms"),
                .optional("rttMs", .number(min: 0), "round-trip time, ms"),
                .optional("rssiDbm", .number(), "signal strength, dBm"),
                .optional("snrDb", .number(), "signal-to-noise ratio, dB"),
                .optional("name", .string, "name for people"),
                .optional("methods", .array(.string), "every method that saw the peer"),
                .optional("txt", .map(.any), "mDNS TXT strings"),
                .optional("signed", .boolean, "the announcement's signature was verified"),
                .optional("self", .boolean, "the peer is the node that made the record"),
                .optional("relay", .nodeID, "the relay at which the peer is"),
            ])),
    ]

    package init(_ fields: RecordFields) throws(RecordError) {
        timestamp = try fields.optionalTime("timestamp")
        event = try fields.optionalCase("event", of: Event.self)
        reason = try fields.optionalCase("reason", of: Reason.self)
        nodeId = try fields.nodeID("nodeId")
        addresses = []
        for address in try fields.objects("addresses") {
            addresses.append(try PeerAddress(address))
        }
        capabilities = try fields.strings("capabilities")
        guard let inner = try fields.optionalObject("metadata") else {
            throw .member("metadata", "is missing")
        }
        metadata = Metadata(
            discoveryMethod: try inner.oneCase("discoveryMethod", of: DiscoveryMethodName.self),
            lastSeen: try inner.time("lastSeen"))
        metadata.firstSeen = try inner.optionalTime("firstSeen")
        metadata.ttlMs = try inner.optionalInteger("ttlMs")
        metadata.rttMs = try inner.optionalNumber("rttMs")
        metadata.rssiDbm = try inner.optionalNumber("rssiDbm")
        metadata.snrDb = try inner.optionalNumber("snrDb")
        metadata.name = try inner.optionalString("name")
        metadata.methods = try inner.strings("methods")
        metadata.txt = try inner.optionalObject("txt")?.object
        metadata.signed = try inner.optionalBoolean("signed")
        metadata.isSelf = try inner.optionalBoolean("self")
        metadata.relay = try inner.optionalNodeID("relay")
    }

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(PeerRecord.type)
        writer.optional("timestamp", timestamp)
        writer.optional("event", event?.rawValue)
        writer.optional("reason", reason?.rawValue)
        writer.field("nodeId", nodeId)
        writer.name("addresses")
        writer.beginArray()
        for address in addresses { address.write(to: &writer) }
        writer.endArray()
        writer.field("capabilities", capabilities)
        writer.name("metadata")
        writer.beginObject()
        writer.field("discoveryMethod", metadata.discoveryMethod.rawValue)
        writer.optional("firstSeen", metadata.firstSeen)
        writer.field("lastSeen", metadata.lastSeen)
        writer.optional("ttlMs", metadata.ttlMs)
        writer.optional("rttMs", metadata.rttMs)
        writer.optional("rssiDbm", metadata.rssiDbm)
        writer.optional("snrDb", metadata.snrDb)
        writer.optional("name", metadata.name)
        if !metadata.methods.isEmpty { writer.field("methods", metadata.methods) }
        if let txt = metadata.txt { writer.field("txt", .object(txt)) }
        writer.optional("signed", metadata.signed)
        writer.optional("self", metadata.isSelf)
        writer.optional("relay", metadata.relay?.text)
        writer.endObject()
        writer.endRecord()
    }
}
