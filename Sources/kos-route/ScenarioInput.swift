import KosCore
import KosSimulation
import KosTool

/// A scenario record, and peers and links that take the radio's place.
struct ScenarioInput {
    let io: ToolIO
    var record = ScenarioRecord()
    private var survey = Survey()
    private var hasScenario = false

    init(_ io: ToolIO) { self.io = io }

    mutating func read(_ path: String?) throws {
        let input = try io.input(path)
        while true {
            switch try input.next() {
            case .end:
                survey.implyLinks()
                survey.settle()
                return
            case .bad(let number, let error): try io.report(error, line: number, of: input)
            case .line(let number, let range):
                do throws(RecordError) {
                    try take(range, of: input)
                } catch {
                    try io.report(error, line: number, of: input)
                }
            }
        }
    }

    private mutating func take(_ range: Range<Int>, of input: RecordInput) throws(RecordError) {
        let text = Array(input.text[range])
        let fields = try RecordFields(parsing: text.span)
        if try fields.optionalString("type") == ScenarioRecord.type.description {
            record = try ScenarioRecord(fields)
            hasScenario = true
            io.goodLines += 1
            return
        }
        switch survey.take(text.span, text.indices) {
        case .consumed: io.goodLines += 1
        case .foreign: break
        case .bad(let error): throw error
        }
    }

    /// What is to be simulated; the topology's links stand for the radio where there are any.
    func plan() throws -> ScenarioPlan {
        let topology = survey.topology
        guard hasScenario || topology.nodeCount > 0 else {
            throw ToolFailure(
                .badInput, code: "noScenario", "no scenario, peer or link record was on the input",
                hint: "for example {\"type\":\"scenario\",\"kos\":1,\"nodes\":50}")
        }
        guard topology.nodeCount <= ScenarioRecord.maxNodes else {
            throw ToolFailure(
                .badInput, code: "tooLarge",
                "\(topology.nodeCount) nodes are more than \(ScenarioRecord.maxNodes)")
        }
        let router = Router(topology)
        let nodes = 0..<Int32(topology.nodeCount)
        let names = nodes.compactMap { NodeID(topology.name(of: $0)) }
        let heard = nodes.map { node in
            Set(
                router.graph.row(node).filter { router.weights[$0].isFinite }
                    .map { Int(router.graph.targets[$0]) }
            ).subtracting([Int(node)]).sorted()
        }
        do throws(RecordError) {
            return try ScenarioPlan(record, named: names, links: heard)
        } catch {
            throw ToolFailure(
                .badInput, code: error.code.rawValue, error.message,
                hint: error.hint.isEmpty ? nil : error.hint)
        }
    }
}
