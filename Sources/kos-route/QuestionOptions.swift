import KosCore
import KosTool

/// What is asked, and how it is searched for.
struct QuestionOptions: ParsableArguments {
    @Option(
        name: [.customShort("T"), .long],
        help: ArgumentHelp("Target; several give one answer each.", valueName: "node"))
    var to: [String] = []

    @Option(
        name: [.customShort("F"), .long],
        help: ArgumentHelp(
            "Source; without it the peer that is marked self, else the first link's source.",
            valueName: "node"))
    var from: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "dijkstra, astar, bidirectional, qos, flooding, aodv, dsr, olsr, auto or all.",
            valueName: "alg"))
    var algorithm = "dijkstra"

    @Option(
        name: [.customShort("M"), .long],
        help: ArgumentHelp(
            "weight, latency, reliability, bandwidth, hops, cost or score.", valueName: "metric"))
    var metric = "weight"

    @Option(
        name: .shortAndLong, help: ArgumentHelp("Answers, the best first.", valueName: "n"))
    var count = 1

    @Flag(name: .long, help: "A route to every node.")
    var all = false

    @Flag(name: .long, help: "The sum of the metric for every pair of nodes.")
    var matrix = false

    @Flag(name: .long, help: "What the topology is like: parts, weak spots, extent.")
    var analyze = false

    @Option(
        name: .long,
        help: ArgumentHelp("For --analyze: take a node, or a link A/B, away.", valueName: "what"))
    var without: [String] = []

    @Flag(name: .long, help: "Answer again whenever a change on the input changes the answer.")
    var follow = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "With --follow: leave a route that holds only for one better by this share.",
            valueName: "share"))
    var minGain = 0.0

    @Option(
        name: .long,
        help: ArgumentHelp("With --follow: a link not seen for so long is down.", valueName: "dur"))
    var expire: DurationOption?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Keep the loaded graph here; later calls take the file as operand.", valueName: "file"))
    var prepare: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Routes that share no links, or no nodes.", valueName: "what"))
    var disjoint: String?

    @Flag(name: .long, help: "Every route that no other one beats in all respects.")
    var pareto = false

    @Option(name: .long, help: ArgumentHelp("Bound of an exact search's work.", valueName: "n"))
    var effort = 2_000_000

    func request() throws -> RouteRequest {
        var request = RouteRequest()
        request.source = from
        request.targets = to
        request.wantsAll = all
        request.wantsFront = pareto
        request.effort = effort
        guard (1...10_000).contains(count) else {
            throw ToolFailure.usage("--count \(count) is not within 1…10000")
        }
        request.count = count
        guard let metric = Metric(rawValue: metric) else {
            throw Choice.unknown(metric, "--metric", Metric.allCases.map(\.rawValue))
        }
        request.metric = metric
        if let disjoint {
            guard let kind = Disjointness(rawValue: disjoint) else {
                throw Choice.unknown(disjoint, "--disjoint", ["links", "nodes"])
            }
            request.disjoint = kind
        }
        request.algorithm = try choice()
        return request
    }

    private func choice() throws -> RouteRequest.Algorithm {
        switch algorithm {
        case "auto": return .auto
        case "all": return .all
        default:
            guard let named = RoutingAlgorithm(rawValue: algorithm) else {
                throw Choice.unknown(
                    algorithm, "--algorithm",
                    RoutingAlgorithm.allCases.map(\.rawValue) + ["auto", "all"])
            }
            return .one(named)
        }
    }
}

/// A value that is none of those there are, with the nearest one.
enum Choice {
    static func unknown(_ value: String, _ option: String, _ all: [String]) -> ToolFailure {
        let near = all.min { distance(value, $0) < distance(value, $1) } ?? ""
        let hint =
            distance(value, near) <= 2
            ? "did you mean \(near)?" : "one of \(all.joined(separator: ", "))"
        return ToolFailure.usage("\(option) \(value) is unknown", hint: hint)
    }

    private static func distance(_ left: String, _ right: String) -> Int {
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let kept = a == b ? diagonal : diagonal + 1
                diagonal = row[j + 1]
                row[j + 1] = min(kept, row[j] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
