import KosCore
import KosTool

/// What a route must and must not have.
struct LimitOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("Longest delay: 50ms, 2s.", valueName: "dur"))
    var maxLatency: DurationOption?

    @Option(
        name: .long, help: ArgumentHelp("Narrowest link in bit/s: 500k, 10M.", valueName: "rate"))
    var minBandwidth: String?

    @Option(name: .long, help: ArgumentHelp("Least share delivered, 0 to 1.", valueName: "share"))
    var minReliability: Double?

    @Option(name: .long, help: ArgumentHelp("Most that the links may cost.", valueName: "cost"))
    var maxCost: Double?

    @Option(name: .long, help: ArgumentHelp("Most links.", valueName: "n"))
    var maxHops: Int?

    @Option(
        name: .long,
        help: ArgumentHelp("Nodes or transports to keep away from.", valueName: "name"))
    var avoid: [String] = []

    @Option(name: .long, help: ArgumentHelp("Nodes to pass.", valueName: "node"))
    var via: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp("Transports that may be used, comma between.", valueName: "list"))
    var transport: [String] = []

    @Flag(name: .long, help: "The packets are for many: for -a auto.")
    var multicast = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What counts how much: latency=.3,reliability=.3,bandwidth=.2,hops=.1,cost=.1",
            valueName: "list"))
    var weights: String?

    func apply(to request: inout RouteRequest) throws {
        var limits = RouteRequirements()
        limits.maxLatency = maxLatency.map { $0.duration.milliseconds }
        limits.minBandwidth = try minBandwidth.map { try rate($0) }
        limits.minReliability = minReliability
        limits.maxCost = maxCost
        limits.maxHops = maxHops
        limits.isMulticast = multicast
        if let minReliability, !(0...1).contains(minReliability) {
            throw ToolFailure.usage("--min-reliability \(minReliability) is not within 0…1")
        }
        if let maxCost, !(maxCost >= 0) { throw ToolFailure.usage("--max-cost is below 0") }
        if let maxHops, maxHops < 0 { throw ToolFailure.usage("--max-hops is below 0") }
        if let weights { limits.weights = try parse(weights) }
        request.limits = limits
        request.avoided = avoid.flatMap(LimitOptions.split)
        request.via = via.flatMap(LimitOptions.split)
        request.transports = try transport.flatMap(LimitOptions.split).map { name in
            guard let transport = TransportType(rawValue: name) else {
                throw Choice.unknown(name, "--transport", TransportType.allCases.map(\.rawValue))
            }
            return transport
        }
    }

    private static func split(_ list: String) -> [String] {
        list.split(separator: ",").map(String.init)
    }

    private func rate(_ text: String) throws -> Double {
        let units: [Character: Double] = ["k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9]
        let scale = text.last.flatMap { units[$0] }
        guard let value = Double(scale == nil ? text[...] : text.dropLast()), value >= 0,
            value.isFinite
        else {
            throw ToolFailure.usage(
                "--min-bandwidth \(text) is no rate", hint: "bit/s, as in 64000, 500k, 10M, 1G")
        }
        return value * (scale ?? 1)
    }

    private func parse(_ list: String) throws -> RouteWeights {
        var weights = RouteWeights()
        for part in LimitOptions.split(list) {
            let sides = part.split(separator: "=", maxSplits: 1)
            guard sides.count == 2, let value = Double(sides[1]), value >= 0, value <= 1e6 else {
                throw ToolFailure.usage(
                    "--weights \(part) is not NAME=NUMBER", hint: "as in latency=0.5,cost=0")
            }
            switch sides[0] {
            case "latency": weights.latency = value
            case "reliability": weights.reliability = value
            case "bandwidth": weights.bandwidth = value
            case "hops": weights.hops = value
            case "cost": weights.cost = value
            default:
                throw Choice.unknown(
                    String(sides[0]), "--weights",
                    ["latency", "reliability", "bandwidth", "hops", "cost"])
            }
        }
        return weights
    }
}
