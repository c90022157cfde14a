import KosCore
import KosTool

/// What those who watch relays load elsewhere.
struct DashboardOptions: ParsableArguments {
    @Flag(help: "Print a dashboard for Grafana over what /metrics says, and end.")
    var printDashboard = false

    @Flag(help: "Print alerting and recording rules for Prometheus, and end.")
    var printRules = false

    /// Whether that was all that was asked for.
    func isDone(_ io: ToolIO) throws -> Bool {
        guard printDashboard || printRules else { return false }
        try io.output.write(text: printDashboard ? Dashboard.grafana : Dashboard.rules)
        return true
    }
}
