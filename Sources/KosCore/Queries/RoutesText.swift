/// A routing table as one NetJSON NetworkRoutes document.
package struct RoutesText: Sendable {
    private let source: String
    private let metric: Metric
    private let routes: [RouteRecord]

    package init(from source: String, _ routes: [RouteRecord], metric: Metric) {
        self.source = source
        self.routes = routes
        self.metric = metric
    }

    package var netJSON: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("type", "NetworkRoutes")
        writer.field("protocol", "kos")
        writer.field("version", Version.toolkit)
        writer.field("metric", metric.rawValue)
        writer.field("router_id", source)
        writer.name("routes")
        writer.beginArray()
        for route in routes {
            guard let destination = route.destination, let first = route.hops.first else {
                continue
            }
            writer.beginObject()
            writer.field("destination", destination.text)
            writer.field("next", first.nodeId?.text ?? first.address)
            writer.field("device", first.transport.rawValue)
            writer.field("cost", route.weight ?? route.cost)
            writer.field("source", source)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        writer.newline()
        return writer.bytes
    }
}
