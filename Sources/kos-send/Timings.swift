import KosCore
import KosNet
import KosTool

/// When the connection that is used had come how far, in ms from the start, as curl's `-w` tells.
struct Timings {
    private let start = SystemClock.now
    private var phases: [Endpoint: [DialPhase: Double]] = [:]
    private var used: Endpoint?
    private var firstByte: Double?
    private var acknowledged: Double?

    private var elapsed: Double {
        ((SystemClock.now - start).milliseconds * 1000).rounded() / 1000
    }

    mutating func reached(_ phase: DialPhase, _ endpoint: Endpoint) {
        if phases[endpoint]?[phase] == nil { phases[endpoint, default: [:]][phase] = elapsed }
    }

    /// The neighbour has said who it is.
    mutating func met(_ endpoint: Endpoint?) {
        guard firstByte == nil else { return }
        used = endpoint
        firstByte = elapsed
    }

    mutating func confirmed() { if acknowledged == nil { acknowledged = elapsed } }

    private var values: [(name: String, ms: Double?)] {
        let own = used.flatMap { phases[$0] } ?? [:]
        return [
            ("dns", own[.resolved]), ("connect", own[.connected]), ("tls", own[.secured]),
            ("firstByte", firstByte), ("ack", acknowledged), ("total", elapsed),
        ]
    }

    /// For `-v`.
    var text: String {
        let parts = values.map { "\($0.name) \($0.ms.map { "\($0)" } ?? "-")" }
        return "\(used?.description ?? "no connection"): \(parts.joined(separator: ", ")) ms"
    }

    /// For the summary.
    var object: JSONObject {
        var object = JSONObject()
        for (name, ms) in values { object[name] = ms.map { .number($0) } ?? .null }
        return object
    }
}
