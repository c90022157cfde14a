/// What became of the wish to join a mesh through the nodes that were named: the seed's JoinResult.
package struct JoinResultRecord: Record, Hashable {
    package var timestamp: Timestamp
    /// Whether one of the named nodes at least has let this one in.
    package var success: Bool
    package var connectedNodes: Int
    /// Nodes of the mesh that are known, this one among them.
    package var meshSize: Int
    /// Why not, for people.
    package var error: String?
    /// The addresses where it did not succeed, and why.
    package var failed: [String: String]

    package init(
        timestamp: Timestamp, connectedNodes: Int, meshSize: Int, failed: [String: String]
    ) {
        self.timestamp = timestamp
        success = connectedNodes > 0
        self.connectedNodes = connectedNodes
        self.meshSize = meshSize
        error = success ? nil : "none of the named nodes has let this one in"
        self.failed = failed
    }

    package static let type: StaticString = "joinResult"
    package static let fields: [Field] = [
        .required("timestamp", .time),
        .required("success", .boolean),
        .required("connectedNodes", .integer(min: 0), "of those that were named"),
        .required("meshSize", .integer(min: 1), "nodes that are known, this one among them"),
        .optional("error", .string, "why not, for people"),
        .optional("failed", .map(.string), "addresses that did not answer, and why"),
    ]

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(JoinResultRecord.type)
        writer.field("timestamp", timestamp)
        writer.field("success", success)
        writer.field("connectedNodes", connectedNodes)
        writer.field("meshSize", meshSize)
        writer.optional("error", error)
        if !failed.isEmpty {
            writer.name("failed")
            writer.beginObject()
            for (address, reason) in failed.sorted(by: { $0.key < $1.key }) {
                writer.name(dynamic: address)
                writer.write(reason)
            }
            writer.endObject()
        }
        writer.endRecord()
    }
}
