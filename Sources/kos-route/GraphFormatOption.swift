import KosCore
import KosTool

extension GraphFormat {
    /// The format that `-f NAME` asks for; nil for a format of records.
    static func named(_ name: String?) throws -> GraphFormat? {
        guard let name, !OutputFormat.all.contains(name) else { return nil }
        guard let format = GraphFormat(rawValue: name) else {
            throw Choice.unknown(
                name, "--format", OutputFormat.all + GraphFormat.allCases.map(\.rawValue))
        }
        return format
    }
}
