import Glibc
import KosCore
import KosTool

/// Which nodes the words of the call mean, and what is said of those that are none.
extension RouteSession {
    func source() throws -> Int32? {
        if let name = request.source ?? environment("KOS_NODE") {
            if let node = try find(name) { return node }
            try tell(
                RouteDiagnosis(
                    code: .unknownNode, message: "\(name), the source, is no node of this topology",
                    hint: near(name)))
            return nil
        }
        if let origin = survey.origin { return origin }
        guard let first = survey.firstSource else {
            throw ToolFailure.usage(
                "no record says which node this is", hint: "name the source with --from NODE")
        }
        io.errors.note(
            "no --from and no peer marked self: starting at \(survey.topology.name(of: first)), the first link's source"
        )
        return first
    }

    func target(_ name: String, from source: Int32) throws -> Int32? {
        if let node = try find(name) { return node }
        let topology = survey.topology
        let from = topology.name(of: source)
        try tell(
            RouteDiagnosis(
                code: .noRoute,
                message: "no route from \(from) to \(name): \(name) has no link in this topology "
                    + "(\(topology.nodeCount) nodes, \(Graph(topology).linkCount) links)",
                hint: near(name)
                    ?? "was a record filtered out? kos-route --all shows what is reachable"))
        return nil
    }

    /// The node of that name, or the only one whose name begins so (from six characters on).
    func find(_ name: String) throws -> Int32? {
        if let node = survey.topology.index(of: name) { return node }
        guard name.utf8.count >= 6 else { return nil }
        let matches = survey.topology.names.nodes(withPrefix: name, limit: 2)
        guard matches.count < 2 else {
            let names = matches.map { survey.topology.name(of: $0) }.joined(separator: ", ")
            throw ToolFailure.usage("\(name) begins the names of several nodes: \(names), …")
        }
        return matches.first
    }

    func near(_ name: String) -> String? {
        let lower = name.lowercased()
        for node in 0..<Int32(min(100_000, survey.topology.nodeCount))
        where survey.topology.name(of: node).lowercased() == lower {
            return "did you mean \(survey.topology.name(of: node))?"
        }
        return nil
    }

    func environment(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }

    func tell(_ diagnosis: RouteDiagnosis) throws {
        io.errors.note(diagnosis.message)
        try io.output.write(
            ErrorRecord(
                timestamp: SystemClock.timestamp, tool: io.tool, code: diagnosis.code.rawValue,
                message: diagnosis.message, hint: diagnosis.hint))
    }
}
