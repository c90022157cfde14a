import KosCore

/// A report as one page: figures, time series, latency histogram, topology. It needs nothing from
/// elsewhere, and has no script.
package struct ReportPage: Sendable {
    private static let maxDrawn = 400
    private static let maxRows = 50
    private static let maxPoints = 240
    private let file: String
    private let report: Report
    private let records: [ReportRecord]

    package init(_ report: Report, file: String) {
        self.file = file
        var report = report
        var (records, flows) = ([ReportRecord](), [FlowReport]())
        report.finish(file: file) { each in
            flows.append(each)
            // The largest are kept, and how many there were stands in the total.
            guard flows.count > 20 * ReportPage.maxRows else { return }
            flows.sort { ($0.flow.bytes, $0.flow.packets) > ($1.flow.bytes, $1.flow.packets) }
            flows.removeLast(flows.count - ReportPage.maxRows - 1)
        } _: { record in
            records.append(record)
        }
        self.report = report
        self.records = records + flows.compactMap { ReportRecord($0) }
    }

    /// The page of several reports, one behind the other.
    package static func text(of pages: [ReportPage]) -> [UInt8] {
        var page = MarkupText()
        page.put(
            """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy"
            content="default-src 'none'; style-src 'unsafe-inline'">
            <meta name="viewport" content="width=device-width"><title>kos-capture report</title>
            <style>
            body{font:15px/1.4 sans-serif;margin:2em auto;max-width:60em;color:#222;background:#fff}
            h1{font-size:1.4em}h2{font-size:1.1em;margin-top:2em}svg{width:100%;height:auto}
            table{border-collapse:collapse;font-size:13px}
            td,th{padding:.15em .8em .15em 0;text-align:left;border-bottom:1px solid #ddd}
            td.n{text-align:right;font-variant-numeric:tabular-nums}
            svg text{font:11px sans-serif;fill:#444}
            .line{fill:none;stroke:#1668b8;stroke-width:1.5}
            .share{fill:none;stroke:#c2571a;stroke-width:1.5}
            .bar{fill:#1668b8}.axis{stroke:#999;stroke-width:1}.link{stroke:#888}
            .lossy{stroke:#c2281a}
            .node{fill:#1668b8}
            @media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}svg text{fill:#bbb}
            td,th{border-color:#444}}
            </style></head><body>

            """)
        for each in pages { each.write(to: &page) }
        page.put("</body></html>\n")
        return Array(page.text.utf8)
    }

    private func write(to page: inout MarkupText) {
        page.put("<section><h1>")
        page.write(file)
        page.put("</h1>\n")
        writeTotal(to: &page)
        writeSeries(to: &page)
        writeLatency(to: &page)
        writeTopology(to: &page)
        writeRows("Nodes", .node, ["nodeId", "address"], to: &page)
        writeRows("Links", .link, ["source", "destination", "protocol"], to: &page)
        writeRows(
            "Flows", .flow, ["protocol", "source", "sourcePort", "destination", "destinationPort"],
            to: &page)
        page.put("</section>\n")
    }

    // MARK: Figures

    private func writeTotal(to page: inout MarkupText) {
        guard let total = records.first(where: { $0.scope == .total }) else { return }
        page.put("<table id=\"total\">")
        func row(_ name: String, _ value: JSONValue) {
            page.put("<tr><th>")
            page.write(name)
            page.put("</th><td>")
            page.write(ReportPage.text(value))
            page.put("</td></tr>\n")
        }
        row("packets", .number(Double(total.packets)))
        row("bytes", .number(Double(total.bytes)))
        row("durationMs", .number(total.durationMs))
        for member in total.figures.members { row(member.name, member.value) }
        page.put("</table>\n")
    }

    private static func text(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text
        case .object(let object):
            object.members.map { "\($0.name) \(text($0.value))" }.joined(separator: " · ")
        default: value.text
        }
    }

    private func writeRows(
        _ title: String, _ scope: ReportRecord.Scope, _ names: [String], to page: inout MarkupText
    ) {
        var rows = records.filter { $0.scope == scope }
        guard !rows.isEmpty else { return }
        rows.sort { ($0.bytes, $0.packets) > ($1.bytes, $1.packets) }
        var figures: [String] = []
        for row in rows.prefix(ReportPage.maxRows) {
            for member in row.figures.members where !figures.contains(member.name) {
                figures.append(member.name)
            }
        }
        page.put("<h2>\(title)</h2>\n")
        if rows.count > ReportPage.maxRows {
            page.put("<p>The \(ReportPage.maxRows) largest.</p>\n")
        }
        page.put("<table><tr>")
        for name in names + ["packets", "bytes"] + figures {
            page.put("<th>")
            page.write(name)
            page.put("</th>")
        }
        page.put("</tr>\n")
        for row in rows.prefix(ReportPage.maxRows) {
            page.put("<tr>")
            for name in names { cell(row.subject[name], isNumber: false, to: &page) }
            cell(.number(Double(row.packets)), isNumber: true, to: &page)
            cell(.number(Double(row.bytes)), isNumber: true, to: &page)
            for name in figures { cell(row.figures[name], isNumber: true, to: &page) }
            page.put("</tr>\n")
        }
        page.put("</table>\n")
    }

    private func cell(_ value: JSONValue?, isNumber: Bool, to page: inout MarkupText) {
        page.put(isNumber ? "<td class=\"n\">" : "<td>")
        if let value { page.write(ReportPage.text(value)) }
        page.put("</td>")
    }

    // MARK: Pictures

    /// Throughput, and the mesh's connectivity, over time.
    private func writeSeries(to page: inout MarkupText) {
        let slices = records.filter { $0.scope == .interval }
        guard let first = slices.first?.subject["start"]?.number,
            let last = slices.last?.subject["start"]?.number
        else { return }
        let span = max(1, last - first + report.interval.milliseconds)
        let width = max(report.interval.milliseconds, span / Double(ReportPage.maxPoints))
        var rates = [Double](repeating: 0, count: min(ReportPage.maxPoints, Int(span / width) + 1))
        var shares: [(Double, Double)] = []
        for slice in slices {
            let start = (slice.subject["start"]?.number ?? first) - first
            let place = min(rates.count - 1, max(0, Int(start / width)))
            rates[place] += Double(slice.bytes) * 8000 / width
            if let share = slice.figures["connectivity"]?.number { shares.append((start, share)) }
        }
        let top = max(1, rates.max() ?? 1)
        page.put("<h2>Throughput</h2>\n<svg id=\"series\" viewBox=\"0 0 800 220\" role=\"img\">")
        page.put(
            "<path class=\"axis\" d=\"M50 10V190H790\" fill=\"none\"/><path class=\"line\" d=\"")
        for (place, rate) in rates.enumerated() {
            page.put(place == 0 ? "M" : "L")
            page.put(place: 50 + 740 * Double(place) / Double(max(1, rates.count - 1)))
            page.put(" ")
            page.put(place: 190 - 175 * rate / top)
        }
        page.put("\"/>")
        if shares.count > 1 {
            page.put("<path class=\"share\" d=\"")
            for (index, (start, share)) in shares.enumerated() {
                page.put(index == 0 ? "M" : "L")
                page.put(place: 50 + 740 * start / span)
                page.put(" ")
                page.put(place: 190 - 175 * share)
            }
            page.put("\"/><text x=\"600\" y=\"20\" fill=\"#c2571a\">connectivity 0 to 1</text>")
        }
        page.put("<text x=\"55\" y=\"20\">")
        page.put((top / 1000).rounded() / 1)
        page.put(" kbit/s</text><text x=\"50\" y=\"206\">0 s</text><text x=\"740\" y=\"206\">")
        page.put(place: span / 1000)
        page.put(" s</text></svg>\n")
    }

    private func writeLatency(to page: inout MarkupText) {
        let bins = report.mesh.latency.bins(60)
        let (name, counts, histogram) =
            bins.isEmpty
            ? ("Round trips of TCP", report.flows.roundTrips.bins(60), report.flows.roundTrips)
            : ("Latency of messages", bins, report.mesh.latency)
        guard let top = counts.max(), top > 0 else { return }
        page.put("<h2>\(name)</h2>\n<svg id=\"latency\" viewBox=\"0 0 800 220\" role=\"img\">")
        page.put("<path class=\"axis\" d=\"M50 190H790\" fill=\"none\"/>")
        for (place, count) in counts.enumerated() where count > 0 {
            let height = max(1, 175 * Double(count) / Double(top))
            page.put("<rect class=\"bar\" width=\"11\" x=\"")
            page.put(place: 50 + 12.3 * Double(place))
            page.put("\" y=\"")
            page.put(place: 190 - height)
            page.put("\" height=\"")
            page.put(place: height)
            page.put("\"/>")
        }
        page.put("<text x=\"50\" y=\"206\">")
        page.put(Histogram.round(Double(histogram.min)))
        page.put(" ms</text><text x=\"720\" y=\"206\">")
        page.put(Histogram.round(Double(histogram.max)))
        page.put(" ms</text><text x=\"55\" y=\"20\">\(top)</text></svg>\n")
    }

    private func writeTopology(to page: inout MarkupText) {
        let nodes = report.mesh.nodes.prefix(ReportPage.maxDrawn)
        guard nodes.count > 1 else { return }
        let links = report.mesh.links.filter {
            $0.source < nodes.count && $0.destination < nodes.count
        }
        let places = GraphLayout(
            nodes: nodes.count, links: links.map { ($0.source, $0.destination) }
        ).places
        page.put("<h2>Topology</h2>\n")
        if report.mesh.nodes.count > nodes.count {
            page.put("<p>\(nodes.count) of \(report.mesh.nodes.count) nodes.</p>\n")
        }
        page.put("<svg id=\"topology\" viewBox=\"0 0 800 500\" role=\"img\">")
        func spot(_ node: Int) -> (x: Double, y: Double) {
            (20 + 700 * places[node].x, 10 + 480 * places[node].y)
        }
        for link in links {
            let (from, to) = (spot(link.source), spot(link.destination))
            page.put(
                link.bestReliability < 0.9
                    ? "<line class=\"link lossy\" x1=\"" : "<line class=\"link\" x1=\"")
            page.put(place: from.x)
            page.put("\" y1=\"")
            page.put(place: from.y)
            page.put("\" x2=\"")
            page.put(place: to.x)
            page.put("\" y2=\"")
            page.put(place: to.y)
            page.put("\"><title>")
            page.write(
                "\(nodes[link.source].name) to \(nodes[link.destination].name): "
                    + "\(JSONValue.number(link.bestLatency).text) ms, "
                    + "\(JSONValue.number(link.bestReliability).text)")
            page.put("</title></line>")
        }
        for (index, node) in nodes.enumerated() {
            let place = spot(index)
            page.put("<circle class=\"node\" r=\"6\" cx=\"")
            page.put(place: place.x)
            page.put("\" cy=\"")
            page.put(place: place.y)
            page.put("\"/>")
            guard nodes.count <= 100 else { continue }
            page.put("<text x=\"")
            page.put(place: place.x + 9)
            page.put("\" y=\"")
            page.put(place: place.y + 4)
            page.put("\">")
            page.write(node.name.count > 24 ? node.name.prefix(22) + "…" : node.name)
            page.put("</text>")
        }
        page.put("</svg>\n")
    }
}
