import KosCore

/// Peers as people read them: a table with columns as wide as they must be, or with `--watch` one line
/// an event in columns of fixed width.
final class PeerTable {
    private let isWatch: Bool
    private var rows: [[String]] = []
    private var hasHead = false
    private static let head = ["NODE", "METHOD", "ADDRESSES", "CAPABILITIES", "SEEN"]

    init(isWatch: Bool) { self.isWatch = isWatch }

    /// What is to be printed now.
    func add(_ record: PeerRecord) -> String {
        let event = record.event.map(\.rawValue) ?? ""
        var addresses = record.addresses.prefix(4).map(\.uri).joined(separator: " ")
        if record.addresses.count > 4 { addresses += " +\(record.addresses.count - 4)" }
        let methods = record.metadata.methods.isEmpty
            ? record.metadata.discoveryMethod.rawValue : record.metadata.methods.joined(separator: ",")
        let seen = record.reason.map { "\(event) (\($0.rawValue))" } ?? (isWatch ? event : "now")
        let row = [
            record.metadata.name ?? record.nodeId.brief, methods, addresses,
            record.capabilities.joined(separator: ","), seen,
        ]
        guard isWatch else {
            // A peer that changed takes the place of its line.
            let index = rows.firstIndex { $0[0] == row[0] } ?? rows.count
            if index < rows.count { rows[index] = row } else { rows.append(row) }
            return ""
        }
        let head = hasHead ? "" : PeerTable.line(PeerTable.head.reversedSeen, [10, 20, 12, 16, 0])
        hasHead = true
        return head + PeerTable.line([seen] + row.dropLast(), [10, 20, 12, 16, 0])
    }

    /// The table, when it has rows and was not printed line by line.
    func finish() -> String {
        guard !rows.isEmpty else { return "" }
        let all = [PeerTable.head] + rows
        let widths = PeerTable.head.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { PeerTable.line($0, widths) }.joined()
    }

    private static func line(_ cells: [String], _ widths: [Int]) -> String {
        var text = ""
        for (index, cell) in cells.enumerated() {
            text += cell
            guard index < cells.count - 1 else { break }
            text += String(repeating: " ", count: max(0, widths[index] - cell.count) + 2)
        }
        return text + "\n"
    }
}

extension [String] {
    /// The same columns with the last one first.
    fileprivate var reversedSeen: [String] { suffix(1) + dropLast() }
}
