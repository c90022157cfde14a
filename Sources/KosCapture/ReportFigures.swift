package import KosCore

/// The report's records.
extension Report {
    /// All records of the scopes asked for, one by one; call once, at the end.
    package mutating func finish(
        file: String?, flow: (FlowReport) throws -> Void,
        _ give: (ReportRecord) throws -> Void
    ) rethrows {
        mesh.finish()
        if scopes.contains(.total) { try give(total(file)) }
        if scopes.contains(.node) {
            for record in nodeRecords() + stationRecords() { try give(record) }
        }
        if scopes.contains(.link) { for record in linkReports() { try give(record) } }
        if scopes.contains(.flow) {
            for each in flows.flows { try flow(FlowReport(each)) }
        }
        if scopes.contains(.interval) { for record in sliceRecords() { try give(record) } }
    }

    /// What can be said of the flows that were heard since the last call, while they live.
    package mutating func liveRecords() -> [FlowReport] {
        let since = told
        told = lastSeen ?? since
        return flows.flows.filter { $0.lastSeen > since }.map { FlowReport($0, isLive: true) }
    }

    private var end: Timestamp? {
        lastSeen.map { Timestamp(milliseconds: $0 / 1_000_000) }
    }

    private static func rate(_ bytes: Int, over milliseconds: Double) -> JSONValue? {
        FlowReport.rate(bytes, over: milliseconds).map { .number($0) }
    }

    private func total(_ file: String?) -> ReportRecord {
        var figures = JSONObject()
        if mesh.messages > 0 {
            figures["messages"] = .number(Double(mesh.messages))
            figures["delivered"] = .number(Double(mesh.delivered))
            figures["lost"] = .number(Double(mesh.lost))
            figures["lossRatio"] = mesh.lossRatio.map { .number($0) }
            figures["duplicates"] = .number(Double(mesh.duplicates))
        }
        figures["latencyMs"] = mesh.latency.milliseconds.map { .object($0) }
        figures["receiptMs"] = mesh.receiptTime.milliseconds.map { .object($0) }
        if mesh.latency.count > 1 { figures["jitterMs"] = .number(Histogram.round(mesh.jitter)) }
        figures["throughputBps"] = Report.rate(bytes, over: durationMs)
        figures["routeDiscoveryMs"] = discovery.times.milliseconds.map { .object($0) }
        if !mesh.nodes.isEmpty {
            figures["nodes"] = .number(Double(mesh.nodes.count))
            figures["links"] = .number(Double(mesh.links.count))
            figures["connectivity"] = mesh.connectivity.map { .number($0) }
        }
        figures["flows"] = .number(Double(flows.flows.count + flows.evicted))
        if flows.evicted > 0 { figures["evicted"] = .number(Double(flows.evicted)) }
        if flows.segments > 0 { figures["tcp"] = .object(tcpFigures) }
        if queryCount > 0 {
            var dns: JSONObject = [
                "queries": .number(Double(queryCount)),
                "answers": .number(Double(answerTime.count)),
            ]
            dns["latencyMs"] = answerTime.milliseconds.map { .object($0) }
            figures["dns"] = .object(dns)
        }
        if let keys = finder.keys {
            var signatures = JSONObject()
            for finding in CaptureKeys.Finding.allCases {
                signatures[finding.rawValue] = .number(Double(keys.counts[finding] ?? 0))
            }
            figures["signatures"] = .object(signatures)
        }
        figures["protocols"] = .object(protocolFigures)
        var subject = JSONObject()
        if let file { subject["file"] = .string(file) }
        return ReportRecord(
            scope: .total, timestamp: end, subject: subject, packets: packets, bytes: bytes,
            durationMs: durationMs, figures: figures)
    }

    private var tcpFigures: JSONObject {
        var tcp: JSONObject = [
            "connections": .number(Double(flows.connections)),
            "segments": .number(Double(flows.segments)),
            "retransmissions": .number(Double(flows.retransmissions)),
        ]
        // Streams that lost octets, or were forgotten for want of room: packets in them are missed.
        if finder.desynchronised > 0 {
            tcp["desynchronised"] = .number(Double(finder.desynchronised))
        }
        if finder.evictedStreams > 0 {
            tcp["forgotten"] = .number(Double(finder.evictedStreams))
        }
        tcp["handshakeMs"] = flows.handshakes.milliseconds.map { .object($0) }
        tcp["rttMs"] = flows.roundTrips.milliseconds.map { .object($0) }
        return tcp
    }

    private var protocolFigures: JSONObject {
        var object = JSONObject()
        for name in FrameProtocol.allCases where protocols[Int(name.rawValue)] > 0 {
            let key = name == .none ? "unknown" : name.name.description
            object[key] = .number(Double(protocols[Int(name.rawValue)]))
        }
        return object
    }

    // MARK: Nodes and links

    private func nodeRecords() -> [ReportRecord] {
        mesh.nodes.sorted { $0.name < $1.name }.map { node in
            var figures: JSONObject = [
                "forwarded": .number(Double(node.forwarded)),
                "dropped": .number(Double(node.dropped)),
            ]
            let judged = node.forwarded + node.dropped
            if judged > 0 {
                figures["lossRatio"] = .number(Double(node.dropped) / Double(judged))
            }
            let bytes = node.bytesSent + node.bytesReceived
            figures["throughputBps"] = Report.rate(bytes, over: durationMs)
            let presence = self.presence(of: node)
            addPresence(presence, to: &figures)
            return ReportRecord(
                scope: .node, timestamp: Timestamp(milliseconds: node.lastSeen / 1_000_000),
                subject: ["nodeId": .string(node.name)],
                packets: node.packetsSent + node.packetsReceived, bytes: bytes,
                durationMs: durationMs, figures: figures)
        }
    }

    /// A node of a routing protocol is its address, and its protocol says how often it speaks.
    private func presence(of node: MeshView.Node) -> Presence {
        guard let address = FrameAddress(text: node.name), let station = stations[address] else {
            return node.presence
        }
        return station.presence
    }

    private func addPresence(_ presence: Presence, to figures: inout JSONObject) {
        guard let lastSeen, let share = presence.availability(until: lastSeen) else { return }
        figures["availability"] = .number(share)
        if presence.isAway(at: lastSeen), let last = presence.last {
            figures["lastAnswer"] = .number(Double(last / 1_000_000))
        }
    }

    /// Addresses where no node of the mesh is known to sit.
    private func stationRecords() -> [ReportRecord] {
        var known: Set<FrameAddress> = []
        for node in mesh.nodes { for end in node.ends { known.insert(end.address) } }
        let sorted = stations.filter { !known.contains($0.key) }
            .map { (text: $0.key.text, station: $0.value) }.sorted { $0.text < $1.text }
        return sorted.map { text, station in
            var figures = JSONObject()
            figures["throughputBps"] = Report.rate(station.bytes, over: durationMs)
            addPresence(station.presence, to: &figures)
            figures["lossRatio"] = station.gaps.lossRatio.map { .number($0) }
            let isTimed = station.lastSeen >= station.firstSeen
            return ReportRecord(
                scope: .node,
                timestamp: isTimed ? Timestamp(milliseconds: station.lastSeen / 1_000_000) : nil,
                subject: ["address": .string(text)], packets: station.packets,
                bytes: station.bytes, durationMs: durationMs, figures: figures)
        }
    }

    private func linkReports() -> [ReportRecord] {
        mesh.links.map { link in
            var figures = JSONObject()
            figures["latencyMs"] = link.latency.milliseconds.map { .object($0) }
            figures["reliability"] = .number(link.bestReliability)
            figures["throughputBps"] = Report.rate(link.bytes, over: durationMs)
            return ReportRecord(
                scope: .link, timestamp: Timestamp(milliseconds: link.lastSeen / 1_000_000),
                subject: [
                    "source": .string(mesh.nodes[link.source].name),
                    "destination": .string(mesh.nodes[link.destination].name),
                    "protocol": .string(link.transport.rawValue),
                ],
                packets: link.observations, bytes: link.bytes,
                durationMs: Histogram.round(Double(link.lastSeen - link.firstSeen)),
                figures: figures)
        }
    }

    // MARK: Intervals

    private func sliceRecords() -> [ReportRecord] {
        let width = max(1, interval.nanoseconds)
        return slices.sorted { $0.key < $1.key }.map { place, slice in
            let start = place.multipliedReportingOverflow(by: width).partialValue / 1_000_000
            var figures = JSONObject()
            figures["throughputBps"] = Report.rate(slice.bytes, over: interval.milliseconds)
            // Each walk is nodes by nodes: what would take minutes is left out.
            if !slice.links.isEmpty,
                mesh.nodes.count * mesh.nodes.count < 400_000_000 / slices.count
            {
                figures["links"] = .number(Double(slice.links.count))
                figures["connectivity"] = mesh.connectivity(of: slice.links).map { .number($0) }
            }
            return ReportRecord(
                scope: .interval, timestamp: Timestamp(milliseconds: start),
                subject: ["start": .number(Double(start))], packets: slice.packets,
                bytes: slice.bytes, durationMs: interval.milliseconds, figures: figures)
        }
    }
}

extension MeshView {
    /// Share of the ordered pairs of nodes between which links make a path; nil below two nodes,
    /// and for more nodes than are worth the walk.
    package var connectivity: Double? {
        connectivity(of: Set(links.map { Pair(source: $0.source, destination: $0.destination) }))
    }

    /// The same with these links alone: all nodes ever seen are counted.
    func connectivity(of links: Set<Pair>) -> Double? {
        guard (2...2048).contains(nodes.count) else { return nil }
        var neighbours = [[Int]](repeating: [], count: nodes.count)
        for link in links { neighbours[link.source].append(link.destination) }
        var pairs = 0
        for start in nodes.indices {
            var seen = [Bool](repeating: false, count: nodes.count)
            var queue = [start]
            seen[start] = true
            while let here = queue.popLast() {
                for next in neighbours[here] where !seen[next] {
                    seen[next] = true
                    pairs += 1
                    queue.append(next)
                }
            }
        }
        let all = Double(nodes.count) * Double(nodes.count - 1)
        return (Double(pairs) / all * 1e4).rounded() / 1e4
    }
}
