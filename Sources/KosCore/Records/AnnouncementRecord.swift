/// Whether this node could announce itself by one method.
package struct AnnouncementRecord: Record, Hashable {
    package var timestamp: Timestamp
    package var nodeId: NodeID
    package var method: DiscoveryMethodName
    package var success: Bool
    package var addresses: [PeerAddress]
    package var ttlMs: Int?
    package var bytesSent: Int?
    package var error: String?

    package init(
        timestamp: Timestamp, nodeId: NodeID, method: DiscoveryMethodName, success: Bool,
        addresses: [PeerAddress], ttlMs: Int? = nil, bytesSent: Int? = nil, error: String? = nil
    ) {
        self.timestamp = timestamp
        self.nodeId = nodeId
        self.method = method
        self.success = success
        self.addresses = addresses
        self.ttlMs = ttlMs
        self.bytesSent = bytesSent
        self.error = error
    }

    package static let type: StaticString = "announcement"
    package static let fields: [Field] = [
        .required("timestamp", .time),
        .required("nodeId", .nodeID),
        .required("method", .oneOf(DiscoveryMethodName.allCases.map(\.rawValue))),
        .required("success", .boolean),
        .required("addresses", .array(.object(PeerAddress.fields))),
        .optional("ttlMs", .integer(min: 0), "how long the announcement holds, ms"),
        .optional("bytesSent", .integer(min: 0)),
        .optional("error", .nullable(.string)),
    ]

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(AnnouncementRecord.type)
        writer.field("timestamp", timestamp)
        writer.field("nodeId", nodeId)
        writer.field("method", method.rawValue)
        writer.field("success", success)
        writer.name("addresses")
        writer.beginArray()
        for address in addresses { address.write(to: &writer) }
        writer.endArray()
        writer.optional("ttlMs", ttlMs)
        writer.optional("bytesSent", bytesSent)
        writer.nullable("error", error)
        writer.endRecord()
    }
}
