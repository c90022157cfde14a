import KosCore
import KosSimulation

/// `-a aodv|dsr|olsr|flooding`: the protocol between the nodes, in the simulator.
enum ProtocolSimulation {
    static let run: ProtocolRun = { outcome(of: $0) }

    private static func outcome(of question: ProtocolQuestion) -> ProtocolOutcome {
        let (name, most) = (question.algorithm.rawValue, ProtocolQuestion.maxNodes)
        guard let kind = RoutingProtocolName(rawValue: name) else {
            return .none("\(name) is no protocol")
        }
        guard !question.names.isEmpty else {
            return .none("\(name) is simulated on at most \(most) nodes")
        }
        if question.isChosen, question.names.count > ProtocolQuestion.maxChosen {
            return .none(
                "\(name) is not simulated unasked on more than \(ProtocolQuestion.maxChosen) nodes")
        }
        let query = SimulationQuery(
            nodes: question.names, links: question.heard, from: question.names[question.source],
            to: question.names[question.target], by: kind)
        do throws(SimulationQuery.Refusal) {
            let answer = try query.answer()
            let index = Dictionary(
                question.names.enumerated().map { ($1, $0) },
                uniquingKeysWith: { first, _ in first })
            return .path(answer.path.compactMap { index[$0] }, told(answer))
        } catch {
            switch error {
            case .unknownNode(let node): return .none("\(node) is no node of the simulation")
            case .tooLarge(let count):
                return .none("\(name) is simulated on at most \(most) nodes, not \(count)")
            case .noRoute(let frames, let octets):
                return .none("\(name) found none with \(frames) control frames of \(octets) octets")
            }
        }
    }

    private static func told(_ answer: SimulationQuery.Answer) -> String {
        let wait = RouteQuery.rounded(answer.discovery.milliseconds)
        return "simulated: found in \(JSONValue.number(wait).text) ms with "
            + "\(answer.controlFrames) control frames of \(answer.controlOctets) octets, "
            + "\(answer.dataFrames) data frames"
    }
}
