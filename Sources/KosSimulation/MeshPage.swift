package import KosCore

/// A simulated network as one HTML page that needs nothing else: the mesh as it moves, the figures
/// of each protocol, and how well connected it was.
package struct MeshPage: Sendable {
    /// Numbers that the page may carry; pictures are taken less often where they would be more.
    private static let budget = 600_000
    private static let most = 240
    private static let size = 640.0
    private static let colours = ["#1b6ca8", "#c2410c", "#15803d", "#7e22ce"]

    private struct Picture {
        var places: [PlanePosition]
        var links: [(Int, Int)]
        var dead: Set<Int>
    }

    /// What of the plane is drawn, and how large.
    private struct Corner {
        var x, y, scale, height: Double
    }

    private let plan: ScenarioPlan
    private let title: String
    private let runs: [(samples: [SimulationSampleRecord], whole: SimulationRecord)]

    package init(
        _ plan: ScenarioPlan, title: String,
        runs: [(samples: [SimulationSampleRecord], whole: SimulationRecord)]
    ) {
        self.plan = plan
        self.title = title
        self.runs = runs
    }

    package var html: String {
        let (pictures, step) = pictures()
        let corner = extent(pictures)
        var page = """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>\(MeshPage.escaped(title))</title>
            <style>\(MeshPage.style)</style></head><body>
            <h1>\(MeshPage.escaped(title))</h1>
            <p>\(plan.names.count) nodes, \(seconds(plan.scenario.duration)) s, seed \
            \(plan.scenario.seed)</p>
            <figure><svg id="mesh" viewBox="0 0 \(MeshPage.size) \(corner.height)" role="img" \
            aria-label="the mesh">\(drawing(pictures.first, corner))</svg>
            <figcaption><button id="play" type="button">Play</button>
            <input id="time" type="range" min="0" max="\(max(0, pictures.count - 1))" value="0" \
            aria-label="time"> <output id="clock">0.0 s</output></figcaption></figure>
            \(table)
            \(chart)
            <script>
            const step = \(step.milliseconds);
            const names = [\(plan.names.map { MeshPage.quoted($0.text) }.joined(separator: ","))];
            const pictures = [

            """
        for (number, picture) in pictures.enumerated() {
            page += number > 0 ? ",\n" : ""
            page += json(picture, corner)
        }
        return page + "];\n" + MeshPage.script + "</script></body></html>\n"
    }

    // MARK: pictures

    private func pictures() -> (pictures: [Picture], step: Duration) {
        let scenario = plan.scenario
        var terrain = Terrain(scenario)
        let faults = scenario.faults.sorted { $0.time < $1.time }
        let isStill = !terrain.isMoving && faults.isEmpty
        let links = terrain.neighbours.reduce(0) { $0 + $1.count }
        let weight = max(1, 4 * plan.names.count + 2 * links)
        let count = isStill ? 1 : max(1, min(MeshPage.most, MeshPage.budget / weight))
        let step = Duration.nanoseconds(
            max(100_000_000, scenario.duration.nanoseconds / Int64(count)))
        var pictures: [Picture] = []
        var dead: Set<Int> = []
        var next = 0
        var now = Instant.zero
        while now <= .zero + scenario.duration, pictures.count < count {
            terrain.move(to: now)
            while next < faults.count, faults[next].time <= now {
                switch faults[next].fault {
                case .crash(let node): dead.insert(node)
                case .restart(let node): dead.remove(node)
                case .cut(let one, let other): terrain.setLink(one, other, isCut: true)
                case .join(let one, let other): terrain.setLink(one, other, isCut: false)
                }
                next += 1
            }
            var links: [(Int, Int)] = []
            for (node, list) in terrain.neighbours.enumerated() where !dead.contains(node) {
                for other in list where !dead.contains(other) {
                    // A link both ways is drawn once.
                    if other > node || !terrain.neighbours[other].contains(node) {
                        links.append((node, other))
                    }
                }
            }
            pictures.append(Picture(places: terrain.positions, links: links, dead: dead))
            now = now + step
        }
        return (pictures, step)
    }

    /// The least and the greatest coordinates, with a margin.
    private func extent(_ pictures: [Picture]) -> Corner {
        var (left, right) = (0.0, plan.scenario.width)
        var (top, bottom) = (0.0, plan.scenario.height)
        for place in pictures.first?.places ?? [] {
            left = min(left, place.x)
            right = max(right, place.x)
            top = min(top, place.y)
            bottom = max(bottom, place.y)
        }
        let scale = (MeshPage.size - 24) / max(right - left, 1)
        return Corner(
            x: left, y: top, scale: scale, height: ((bottom - top) * scale + 24).rounded(.up))
    }

    private func point(
        _ place: PlanePosition, _ corner: Corner
    ) -> (x: Int, y: Int) {
        (
            Int((12 + (place.x - corner.x) * corner.scale).rounded()),
            Int((12 + (place.y - corner.y) * corner.scale).rounded())
        )
    }

    private func json(
        _ picture: Picture, _ corner: Corner
    ) -> String {
        var text = "{\"p\":["
        for (number, place) in picture.places.enumerated() {
            let point = point(place, corner)
            if number > 0 { text += "," }
            text += "\(point.x),\(point.y)"
        }
        text += "],\"l\":["
        for (number, link) in picture.links.enumerated() {
            if number > 0 { text += "," }
            text += "\(link.0),\(link.1)"
        }
        let dead = picture.dead.sorted().map { String($0) }.joined(separator: ",")
        return text + "],\"d\":[\(dead)]}"
    }

    /// The first picture stands in the page itself: something is seen without any script.
    private func drawing(
        _ picture: Picture?, _ corner: Corner
    ) -> String {
        guard let picture else { return "" }
        var text = "<g id=\"links\">"
        for (one, other) in picture.links {
            let from = point(picture.places[one], corner)
            let to = point(picture.places[other], corner)
            text += "<line x1=\"\(from.x)\" y1=\"\(from.y)\" x2=\"\(to.x)\" y2=\"\(to.y)\"/>"
        }
        text += "</g><g id=\"nodes\">"
        for (number, place) in picture.places.enumerated() {
            let point = point(place, corner)
            let kind = picture.dead.contains(number) ? " class=\"dead\"" : ""
            text += "<circle r=\"6\" cx=\"\(point.x)\" cy=\"\(point.y)\"\(kind)>"
            text += "<title>\(MeshPage.escaped(plan.names[number].text))</title></circle>"
        }
        return text + "</g>"
    }

    // MARK: figures

    private var table: String {
        var text = "<table><thead><tr><th>protocol<th>delivered<th>delay p50, ms<th>delay p95, ms"
        text += "<th>hops<th>control frames<th>control octets<th>discovery p50, ms"
        text += "<th>connectivity<th>availability</tr></thead><tbody>\n"
        for run in runs {
            let whole = run.whole
            let cells: [String] = [
                whole.algorithm, percent(whole.deliveryRatio), figure(whole.delayMs?.median),
                figure(whole.delayMs?.p95), figure(whole.meanHops), "\(whole.controlFrames)",
                "\(whole.controlBytes)", figure(whole.discoveryMs?.median),
                percent(whole.connectivity), percent(whole.availability),
            ]
            text += "<tr>" + cells.map { "<td>\($0)" }.joined() + "</tr>\n"
        }
        return text + "</tbody></table>"
    }

    /// Connectivity of the mesh, and for each protocol the share of flows with a route.
    private var chart: String {
        guard let first = runs.first, first.samples.count > 1 else { return "" }
        var text = "<figure><svg id=\"chart\" viewBox=\"0 0 640 170\" role=\"img\" "
        text += "aria-label=\"connectivity and availability\">"
        text += "<path class=\"axis\" d=\"M40 10V140H630\"/><text x=\"4\" y=\"16\">100%</text>"
        text += "<text x=\"16\" y=\"142\">0%</text>"
        text += line(first.samples.map(\.connectivity), "#999999")
        text += "<text x=\"44\" y=\"162\" fill=\"#777777\">connectivity</text>"
        for (number, run) in runs.enumerated() {
            let colour = MeshPage.colours[number % MeshPage.colours.count]
            text += line(run.samples.map(\.availability), colour)
            text += "<text x=\"\(150 + 110 * number)\" y=\"162\" fill=\"\(colour)\">"
            text += "\(run.whole.algorithm)</text>"
        }
        return text + "</svg><figcaption>connectivity of the mesh, and the share of the flows "
            + "with a route at their source, over time</figcaption></figure>"
    }

    private func line(_ values: [Double], _ colour: String) -> String {
        let step = 590 / Double(max(1, values.count - 1))
        let points = values.enumerated().map { number, value -> String in
            let (x, y) = (40 + Double(number) * step, 140 - 130 * value)
            return "\(rounded(x)),\(rounded(y))"
        }
        return "<polyline fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\" points=\""
            + points.joined(separator: " ") + "\"/>"
    }

    private func seconds(_ duration: Duration) -> String { rounded(duration.milliseconds / 1000) }
    private func figure(_ value: Double?) -> String { value.map(rounded) ?? "–" }
    private func percent(_ share: Double) -> String { rounded(share * 100) + "%" }
    private func rounded(_ value: Double) -> String {
        JSONValue.number((value * 10).rounded() / 10).text
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { out, character in
            switch character {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            default: out.append(character)
            }
        }
    }

    /// As a script has it; a name cannot end the script.
    private static func quoted(_ text: String) -> String {
        JSONValue.string(text).text.split(separator: "<", omittingEmptySubsequences: false)
            .joined(separator: "\\u003c")
    }

    private static let style = """
        body{font:15px/1.4 system-ui,sans-serif;max-width:60rem;margin:1rem auto;padding:0 1rem;\
        color:#222;background:#fff}
        figure{margin:1rem 0}svg{width:100%;max-height:80vh;background:#f6f7f9;\
        border:1px solid #ccc}
        #links line{stroke:#9ab;stroke-width:1.2}#nodes circle{fill:#1b6ca8}#nodes .dead{fill:#c22}
        .axis{fill:none;stroke:#888}text{font-size:12px}
        table{border-collapse:collapse;width:100%}th,td{padding:.2rem .5rem;text-align:right;\
        border-bottom:1px solid #ddd}th:first-child,td:first-child{text-align:left}
        #time{width:60%;vertical-align:middle}
        """

    private static let script = """
        const svg = "http://www.w3.org/2000/svg", links = document.getElementById("links");
        const nodes = document.getElementById("nodes").children;
        const time = document.getElementById("time"), clock = document.getElementById("clock");
        const play = document.getElementById("play");
        let timer = null;
        function show(n) {
            const picture = pictures[n], dead = new Set(picture.d);
            links.textContent = "";
            for (let i = 0; i < picture.l.length; i += 2) {
                const line = document.createElementNS(svg, "line");
                for (const [end, node] of [[1, picture.l[i]], [2, picture.l[i + 1]]]) {
                    line.setAttribute("x" + end, picture.p[2 * node]);
                    line.setAttribute("y" + end, picture.p[2 * node + 1]);
                }
                links.appendChild(line);
            }
            for (let i = 0; i < nodes.length; i++) {
                nodes[i].setAttribute("cx", picture.p[2 * i]);
                nodes[i].setAttribute("cy", picture.p[2 * i + 1]);
                nodes[i].setAttribute("class", dead.has(i) ? "dead" : "");
            }
            time.value = n;
            clock.textContent = (n * step / 1000).toFixed(1) + " s";
        }
        function stop() { clearInterval(timer); timer = null; play.textContent = "Play"; }
        time.addEventListener("input", () => { stop(); show(+time.value); });
        play.addEventListener("click", () => {
            if (timer) return stop();
            play.textContent = "Pause";
            timer = setInterval(() => show((+time.value + 1) % pictures.length), 100);
        });
        // page.html#t=12.5 shows that second.
        const asked = /t=([0-9.]+)/.exec(location.hash);
        if (asked) show(Math.min(pictures.length - 1, Math.round(asked[1] * 1000 / step)));

        """
}
