import KosCore
import KosTool

/// `--routing`: how next hops are found.
struct RoutingOption: ExpressibleByArgument {
    let mode: MeshRouting

    init(_ mode: MeshRouting) { self.mode = mode }

    init?(argument: String) {
        guard let mode = MeshRouting(rawValue: argument) else { return nil }
        self.mode = mode
    }

    static let allValueStrings = MeshRouting.allCases.map(\.rawValue)
    var defaultValueDescription: String { mode.rawValue }
}
