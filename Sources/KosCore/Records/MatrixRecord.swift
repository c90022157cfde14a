/// What the metric adds up to from one node to the others: a row, or part of a row, of the matrix.
package struct MatrixRecord: Record, Hashable {
    package var timestamp: Timestamp?
    package var source: NodeID
    package var metric: String
    /// By destination; a node that cannot be reached is absent.
    package var sums: [(NodeID, Double)]

    package init(source: NodeID, metric: String, sums: [(NodeID, Double)]) {
        self.source = source
        self.metric = metric
        self.sums = sums
    }

    package static let type: StaticString = "matrix"
    package static let fields: [Field] = [
        .optional("timestamp", .time),
        .required("source", .nodeID),
        .required("metric", .string),
        .required("sums", .map(.number(min: 0)), "metric to each destination that is reached"),
    ]

    package static func == (left: MatrixRecord, right: MatrixRecord) -> Bool {
        left.line == right.line
    }
    package func hash(into hasher: inout Hasher) { hasher.combine(line) }

    package func write(to writer: inout JSONWriter) {
        writer.beginRecord(MatrixRecord.type)
        writer.optional("timestamp", timestamp)
        writer.field("source", source)
        writer.field("metric", metric)
        writer.name("sums")
        writer.beginObject()
        for (node, sum) in sums {
            writer.name(dynamic: node.text)
            writer.write(sum)
        }
        writer.endObject()
        writer.endRecord()
    }
}
