package import KosCore

/// Draws a tool's own records for people: one block of columns a record type.
package struct TextTable {
    private var rows: [[String]] = []
    private var columns: [String] = []
    private var drawn = ""

    package init() {}

    package mutating func add(_ record: some Record) {
        let line = Array(record.line.dropLast())
        guard let object = try? JSONObject(parsing: line.span) else { return }
        let fields = object.members.dropFirst(2).filter { $0.name != "timestamp" }
        let names = fields.map { $0.name.uppercased() }
        if names != columns {
            drawn += draw()
            columns = names
            rows = []
        }
        rows.append(fields.map { $0.value.string ?? $0.value.text })
    }

    /// Everything drawn since the last call.
    package mutating func render(isLast: Bool) -> String {
        defer { drawn = "" }
        drawn += draw()
        rows = []
        return drawn
    }

    private func draw() -> String {
        guard !rows.isEmpty else { return "" }
        var widths = columns.map(\.count)
        for row in rows {
            for (index, cell) in row.enumerated() where index < widths.count {
                widths[index] = max(widths[index], cell.count)
            }
        }
        var text = ""
        for row in [columns] + rows {
            let cells = zip(row, widths).map { cell, width in
                cell + String(repeating: " ", count: max(0, width - cell.count))
            }
            text += cells.joined(separator: "  ").trimmingSuffix { $0 == " " } + "\n"
        }
        return text
    }
}

extension String {
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> String {
        var end = endIndex
        while end > startIndex, predicate(self[index(before: end)]) { end = index(before: end) }
        return String(self[..<end])
    }
}
