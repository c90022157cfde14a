package import KosCore

/// Draws a tool's own records for people: one block of columns a record type.
///
/// Rows may be drawn in parts, as a run that goes on needs it: the header comes once a block, and
/// columns never become narrower.
package struct TextTable {
    private let isColored: Bool
    private var rows: [[String]] = []
    private var titles: [String] = []
    private var widths: [Int] = []
    private var hasHeader = false
    private var drawn = ""
    private var columns = TextColumns()

    package init(isColored: Bool = false) { self.isColored = isColored }

    package mutating func add(_ record: some Record) {
        add(line: Array(record.line.dropLast()))
    }

    /// Adds a record that is a line already.
    package mutating func add(line: [UInt8]) {
        guard let object = try? JSONObject(parsing: line.span), let type = object["type"]?.string
        else { return }
        guard type != "error", type != "summary" else {
            endBlock()
            drawn += type == "error" ? columns.error(object) : columns.summary(object)
            return
        }
        learn(from: object, type: type)
        let cells = columns.cells(of: object, type: type)
        let names = cells.map(\.title)
        if names != titles {
            let isFirst = titles.isEmpty && drawn.isEmpty
            endBlock()
            if !isFirst { drawn += "\n" }
            titles = names
            widths = cells.map { max($0.title.count, $0.width) }
        }
        rows.append(cells.map(\.text.printable))
    }

    /// Nodes are called by their name in later rows.
    package mutating func learn(from line: borrowing Span<UInt8>) {
        guard let object = try? JSONObject(parsing: line), let type = object["type"]?.string
        else { return }
        learn(from: object, type: type)
    }

    private mutating func learn(from record: JSONObject, type: String) {
        guard type == "peer", let node = record["nodeId"]?.string,
            let name = record["metadata"]?.object?["name"]?.string, !name.isEmpty
        else { return }
        columns.learn(node, name: name)
    }

    /// The next row has a header above it again; `clearing` empties the screen before.
    package mutating func startPage(clearing: Bool) {
        endBlock()
        if clearing { drawn += "\u{1B}[H\u{1B}[J" }
    }

    /// Everything drawn since the last call.
    package mutating func render() -> String {
        defer { drawn = "" }
        drawn += draw()
        return drawn
    }

    private mutating func endBlock() {
        drawn += draw()
        titles = []
        widths = []
        hasHeader = false
    }

    private mutating func draw() -> String {
        guard !rows.isEmpty else { return "" }
        for row in rows {
            for (index, cell) in row.enumerated() where index < widths.count - 1 {
                widths[index] = max(widths[index], min(cell.count, 48))
            }
        }
        var text = ""
        if !hasHeader {
            let header = line(titles)
            text = isColored ? "\u{1B}[1m\(header)\u{1B}[0m\n" : header + "\n"
            hasHeader = true
        }
        for row in rows { text += line(row) + "\n" }
        rows = []
        return text
    }

    private func line(_ cells: [String]) -> String {
        var text = ""
        for (index, cell) in cells.enumerated() {
            text += cell
            guard index < cells.count - 1 else { break }
            text += String(repeating: " ", count: max(0, widths[index] - cell.count) + 2)
        }
        while text.last == " " { text.removeLast() }
        return text
    }
}
