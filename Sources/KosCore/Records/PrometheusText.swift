/// Metrics in Prometheus' text exposition format, version 0.0.4: the relay as a whole, then every
/// connection by peer and transport.
package struct PrometheusText: Sendable {
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    package private(set) var text = ""

    /// `records` as `MeshNode.metrics` gives them: the whole first, then each connection.
    package init(_ records: [MetricsRecord], attached: Int, version: String) {
        guard let whole = records.first else { return }
        let links = Array(records.dropFirst())
        family("kos_build_info", "gauge", "Version of the relay.")
        sample("kos_build_info", [("node", whole.nodeId.text), ("version", version)], 1)
        each("kos_received_bytes_total", "Octets received.", links) { Double($0.bytesReceived) }
        each("kos_sent_bytes_total", "Octets sent.", links) { Double($0.bytesSent) }
        each("kos_received_packets_total", "Packets received.", links) {
            Double($0.packetsReceived)
        }
        each("kos_sent_packets_total", "Packets sent.", links) { Double($0.packetsSent) }
        each("kos_errors_total", "Lines that were no packets, refused neighbours.", links) {
            Double($0.errors)
        }
        each("kos_round_trip_seconds", "Smoothed round-trip time.", links, kind: "gauge") {
            $0.rttMs.map { $0 / 1000 }
        }
        each("kos_loss_ratio", "Share of heartbeats lost.", links, kind: "gauge") { $0.lossRatio }
        each("kos_throughput_bytes_per_second", "Both ways, of late.", links, kind: "gauge") {
            $0.throughputBps.map { $0 / 8 }
        }
        each("kos_peer_discovery_seconds", "Until there was a way to it.", links, kind: "gauge") {
            $0.discoveryMs.map { $0 / 1000 }
        }
        each("kos_availability_ratio", "Share of the time with a link.", links, kind: "gauge") {
            $0.availability
        }
        family("kos_relay_packets_total", "counter", "Packets of the relay as a whole.")
        let ways = [("received", whole.packetsReceived), ("sent", whole.packetsSent)]
        for (way, count) in ways {
            sample("kos_relay_packets_total", [("direction", way)], Double(count))
        }
        family("kos_dropped_packets_total", "counter", "Packets dropped, by reason.")
        for (reason, count) in whole.dropped.sorted(by: { $0.key < $1.key }) {
            sample("kos_dropped_packets_total", [("reason", reason)], Double(count))
        }
        if let routing = whole.routing { tell(routing) }
        family("kos_connections", "gauge", "Open connections.")
        sample("kos_connections", [], Double(links.count))
        family("kos_attached_nodes", "gauge", "Nodes that are attached to this relay.")
        sample("kos_attached_nodes", [], Double(attached))
        tellMesh(whole)
    }

    /// The mesh as the relay sees it: the specification's six figures.
    private mutating func tellMesh(_ whole: MetricsRecord) {
        gauge(
            "kos_mesh_nodes", "Nodes that this one knows of, itself included.",
            whole.nodes.map(Double.init))
        gauge(
            "kos_mesh_connectivity_ratio", "Share of node pairs that can reach each other.",
            whole.connectivity)
        gauge(
            "kos_mesh_availability_ratio", "Share of the time with links to the relays.",
            whole.availability)
        gauge(
            "kos_mesh_round_trip_seconds", "Mean over the links.", whole.rttMs.map { $0 / 1000 })
        gauge("kos_mesh_loss_ratio", "Mean over the links.", whole.lossRatio)
        gauge(
            "kos_mesh_throughput_bytes_per_second", "Sum over the links, of late.",
            whole.throughputBps.map { $0 / 8 })
        gauge(
            "kos_mesh_discovery_seconds", "Median time until there was a way.",
            whole.discoveryMs.map { $0 / 1000 })
    }

    private mutating func gauge(_ name: String, _ help: String, _ value: Double?) {
        guard let value else { return }
        family(name, "gauge", help)
        sample(name, [], value)
    }

    private mutating func tell(_ routing: RoutingFigures) {
        let label = [("protocol", routing.protocol)]
        family("kos_routing_messages_total", "counter", "Messages of the routing protocol.")
        sample("kos_routing_messages_total", label, Double(routing.messagesSent))
        family("kos_route_discoveries_total", "counter", "Routes that were asked for.")
        for (outcome, count) in [("found", routing.discoveries), ("failed", routing.failures)] {
            sample("kos_route_discoveries_total", [("outcome", outcome)], Double(count))
        }
        guard let median = routing.discoveryMs else { return }
        family("kos_route_discovery_seconds", "gauge", "Median time until a route was found.")
        sample("kos_route_discovery_seconds", label, median / 1000)
    }

    private mutating func each(
        _ name: String, _ help: String, _ links: [MetricsRecord], kind: String = "counter",
        _ value: (MetricsRecord) -> Double?
    ) {
        family(name, kind, help)
        for link in links {
            guard let value = value(link) else { continue }
            let labels = [
                ("peer", link.peer ?? ""), ("transport", link.transport?.rawValue ?? ""),
                ("address", link.address ?? ""),
            ]
            sample(name, labels, value)
        }
    }

    private mutating func family(_ name: String, _ kind: String, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n"
    }

    private mutating func sample(_ name: String, _ labels: [(String, String)], _ value: Double) {
        text += name
        if !labels.isEmpty {
            let quoted = labels.map { "\($0)=\"\(PrometheusText.escaped($1))\"" }
            text += "{" + quoted.joined(separator: ",") + "}"
        }
        text += " " + (value.rounded() == value ? String(Int64(value)) : "\(value)") + "\n"
    }

    private static func escaped(_ label: String) -> String {
        var out = ""
        for character in label.unicodeScalars {
            switch character {
            case "\\": out += "\\\\"
            case "\"": out += "\\\""
            case "\n": out += "\\n"
            default: out.unicodeScalars.append(character)
            }
        }
        return out
    }
}
