/// What to look at and when to be called: a Grafana dashboard and Prometheus rules over the
/// families of `PrometheusText`, for `kos-relay --print-dashboard` and `--print-rules`.
package enum Dashboard {
    struct Panel {
        let title: String
        /// Grafana's name of the unit.
        let unit: String
        /// Expressions of PromQL and what a line of theirs is called.
        let lines: [(expression: String, legend: String)]
    }

    static let panels: [Panel] = [
        Panel(title: "Relays up", unit: "short", lines: [("up{job=~\"$job\"}", "{{instance}}")]),
        Panel(
            title: "Nodes in the mesh", unit: "short",
            lines: [("kos_mesh_nodes{job=~\"$job\"}", "{{instance}}")]),
        Panel(
            title: "Mesh connectivity", unit: "percentunit",
            lines: [("kos_mesh_connectivity_ratio{job=~\"$job\"}", "{{instance}}")]),
        Panel(
            title: "Connections", unit: "short",
            lines: [("kos_connections{job=~\"$job\"}", "{{instance}}")]),
        Panel(
            title: "Packets", unit: "pps",
            lines: [
                (
                    "rate(kos_relay_packets_total{job=~\"$job\"}[$__rate_interval])",
                    "{{instance}} {{direction}}"
                )
            ]),
        Panel(
            title: "Throughput", unit: "Bps",
            lines: [
                (
                    "sum by (instance) (rate(kos_sent_bytes_total{job=~\"$job\"}[$__rate_interval]))",
                    "{{instance}} sent"
                ),
                (
                    "sum by (instance) (rate(kos_received_bytes_total{job=~\"$job\"}[$__rate_interval]))",
                    "{{instance}} received"
                ),
            ]),
        Panel(
            title: "Latency of each link", unit: "s",
            lines: [
                ("kos_round_trip_seconds{job=~\"$job\"}", "{{instance}} {{peer}} {{transport}}")
            ]),
        Panel(
            title: "Loss of each link", unit: "percentunit",
            lines: [("kos_loss_ratio{job=~\"$job\"}", "{{instance}} {{peer}} {{transport}}")]),
        Panel(
            title: "Dropped packets, by reason", unit: "pps",
            lines: [
                (
                    "sum by (instance, reason) (rate(kos_dropped_packets_total{job=~\"$job\"}[$__rate_interval]))",
                    "{{instance}} {{reason}}"
                )
            ]),
        Panel(
            title: "Route discovery", unit: "s",
            lines: [("kos_route_discovery_seconds{job=~\"$job\"}", "{{instance}} {{protocol}}")]),
    ]

    /// A dashboard as Grafana imports it (schema 39, Grafana 10 and later).
    package static var grafana: String {
        var writer = JSONWriter()
        let datasource: JSONValue = .object([
            "type": .string("prometheus"), "uid": .string("${datasource}"),
        ])
        let rows = panels.enumerated().map { index, panel in
            JSONValue.object([
                "id": .number(Double(index + 1)), "type": .string("timeseries"),
                "title": .string(panel.title), "datasource": datasource,
                "gridPos": .object([
                    "h": .number(8), "w": .number(12), "x": .number(Double(index % 2 * 12)),
                    "y": .number(Double(index / 2 * 8)),
                ]),
                "fieldConfig": .object([
                    "defaults": .object(["unit": .string(panel.unit), "min": .number(0)]),
                    "overrides": .array([]),
                ]),
                "targets": .array(
                    panel.lines.enumerated().map { position, line in
                        .object([
                            "refId": .string(String(UnicodeScalar(UInt8(65 + position)))),
                            "datasource": datasource, "expr": .string(line.expression),
                            "legendFormat": .string(line.legend),
                        ])
                    }),
            ])
        }
        let variables: [JSONValue] = [
            .object([
                "name": .string("datasource"), "type": .string("datasource"),
                "query": .string("prometheus"),
            ]),
            .object([
                "name": .string("job"), "type": .string("query"), "datasource": datasource,
                "query": .string("label_values(kos_build_info, job)"), "refresh": .number(2),
                "includeAll": .boolean(true), "multi": .boolean(true),
                "current": .object(["text": .string("All"), "value": .string("$__all")]),
            ]),
        ]
        writer.write(
            .object([
                "uid": .string("kos-relay"), "title": .string("kOS relays"),
                "schemaVersion": .number(39), "tags": .array([.string("kos")]),
                "timezone": .string("browser"), "refresh": .string("30s"),
                "time": .object(["from": .string("now-6h"), "to": .string("now")]),
                "templating": .object(["list": .array(variables)]), "panels": .array(rows),
            ]))
        writer.newline()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    struct Alert {
        let name: String
        let expression: String
        /// How long it must hold.
        let duration: String
        let severity: String
        let summary: String
    }

    static let alerts: [Alert] = [
        Alert(
            name: "KosRelayAbsent", expression: "absent(kos_build_info)", duration: "2m",
            severity: "critical", summary: "No relay answers at all."),
        Alert(
            name: "KosRelayAlone", expression: "kos_connections == 0", duration: "5m",
            severity: "warning", summary: "{{ $labels.instance }} has no connection."),
        Alert(
            name: "KosMeshSplit", expression: "kos_mesh_connectivity_ratio < 1", duration: "2m",
            severity: "critical",
            summary: "Nodes that {{ $labels.instance }} knows cannot reach each other."),
        Alert(
            name: "KosLinkLossy", expression: "kos_loss_ratio > 0.1", duration: "5m",
            severity: "warning",
            summary: "{{ $labels.instance }} loses a tenth or more to {{ $labels.peer }}."),
        Alert(
            name: "KosQueueFull",
            expression:
                "rate(kos_dropped_packets_total{reason=~\"queueFull|delayed\"}[5m]) > 0",
            duration: "5m", severity: "warning",
            summary: "{{ $labels.instance }} drops packets for want of room: {{ $labels.reason }}."),
        Alert(
            name: "KosRefusals",
            expression:
                "rate(kos_dropped_packets_total{reason=~\"badSignature|badCertificate|notAuthenticated|replayed|denied\"}[5m]) > 1",
            duration: "5m", severity: "warning",
            summary: "Somebody sends {{ $labels.instance }} what it must refuse."),
    ]

    /// Rules as Prometheus reads them (`rule_files`).
    package static var rules: String {
        var text = "groups:\n- name: kos\n  rules:\n"
        text += "  - record: kos:throughput_bytes:rate5m\n"
        text += "    expr: sum by (instance) (rate(kos_sent_bytes_total[5m]))\n"
        text += "  - record: kos:dropped_packets:rate5m\n"
        text += "    expr: sum by (instance, reason) (rate(kos_dropped_packets_total[5m]))\n"
        for alert in alerts {
            text += "  - alert: \(alert.name)\n    expr: '\(alert.expression)'\n"
            text += "    for: \(alert.duration)\n    labels:\n      severity: \(alert.severity)\n"
            text += "    annotations:\n      summary: '\(alert.summary)'\n"
        }
        return text
    }
}
