package import KosCore

/// What became of the packets that a capture saw.
extension MeshView {
    /// Walks a packet's sightings: hops, their latency, whether each receiver passed it on.
    mutating func finish(_ track: Track) {
        var reached: Int64?
        var vanished = false
        for (index, sighting) in track.sightings.enumerated() {
            guard let from = node(at: sighting.from) else { continue }
            guard let to = node(at: sighting.to),
                let number = link(from, to, sighting.from.transport, at: sighting.time)
            else { continue }
            note(sighting, on: number)
            guard let destination = track.destination else { continue }
            if to == destination {
                reached = reached ?? sighting.time
                links[number].passed += 1
                continue
            }
            let onward = track.sightings[(index + 1)...].first { node(at: $0.from) == to }
            if let onward {
                links[number].passed += 1
                links[number].latency.add(onward.time - sighting.time)
                update(to) { $0.forwarded += 1 }
            } else if track.receipt == nil, !track.isRefused {
                // The receiver sends within this capture, and did not send this.
                links[number].lost += 1
                update(to) { $0.dropped += 1 }
                vanished = true
            }
        }
        judge(track, reached: reached, vanished: vanished)
    }

    /// Takes up the links that both of their ends announce.
    mutating func addAnnouncedLinks() {
        for (number, node) in nodes.enumerated() {
            for (name, figures) in node.announcedLinks.sorted(by: { $0.key < $1.key }) {
                guard let other = self.number(of: name), other != number,
                    nodes[other].announcedLinks[node.name] != nil
                        || linkNumbers[
                            Pair(source: number, destination: other)] != nil
                else { continue }
                let transport = figures["transport"]?.string.flatMap { TransportType(rawValue: $0) }
                guard let link = link(number, other, transport ?? .udp, at: node.lastSeen) else {
                    return
                }
                links[link].announced = figures
            }
        }
    }

    private mutating func note(_ sighting: HopSighting, on number: Int) {
        links[number].observations += 1
        links[number].bytes += sighting.lengthBytes
        links[number].lastSeen = max(links[number].lastSeen, sighting.time)
        links[number].transport = sighting.from.transport
        if !sighting.to.address.isGroup { links[number].address = sighting.to }
        update(links[number].destination) {
            $0.packetsReceived += 1
            $0.bytesReceived += sighting.lengthBytes
        }
    }

    private mutating func judge(_ track: Track, reached: Int64?, vanished: Bool) {
        guard track.destination != nil, let first = track.sightings.first else { return }
        if let receipt = track.receipt { receiptTime.add(receipt - first.time) }
        if let reached {
            delivered += 1
            // One sighting alone shows no transit.
            guard track.sightings.count > 1 else { return }
            let transit = reached - first.time
            latency.add(transit)
            if let before = lastTransit {
                jitter += (Double((transit - before).magnitude) - jitter) / 16
            }
            lastTransit = transit
        } else if track.receipt != nil {
            delivered += 1
        } else if vanished || track.isRefused {
            lost += 1
        }
    }

    /// Share of the followed packets whose fate is known that were lost; nil when none is.
    package var lossRatio: Double? {
        let judged = delivered + lost
        return judged > 0 ? (Double(lost) / Double(judged) * 1e6).rounded() / 1e6 : nil
    }

    // MARK: Records

    /// Peers as records, by name. Who does not say what it is called has the name that a capture
    /// gives to one of its addresses.
    package func peerRecords(
        at time: Int64, names: [FrameAddress: String] = [:]
    ) -> [PeerRecord] {
        nodes.sorted { $0.name < $1.name }.compactMap { node in
            guard let id = NodeID(node.name) else { return nil }
            var metadata = PeerRecord.Metadata(
                discoveryMethod: .capture,
                lastSeen: Timestamp(milliseconds: node.lastSeen / 1_000_000))
            metadata.firstSeen = Timestamp(milliseconds: node.firstSeen / 1_000_000)
            metadata.name =
                node.announcement?["name"]?.string
                ?? FrameAddress(text: node.name).flatMap { names[$0] }
                ?? node.ends.lazy.compactMap { names[$0.address] }.first
            let capabilities = node.announcement?["capabilities"]?.array ?? []
            var record = PeerRecord(
                nodeId: id, addresses: MeshView.addresses(of: node),
                capabilities: capabilities.compactMap(\.string), metadata: metadata)
            record.timestamp = Timestamp(milliseconds: time / 1_000_000)
            record.event = .found
            return record
        }
    }

    /// Announced addresses where there are some, else those that packets came from and went to.
    private static func addresses(of node: Node) -> [PeerAddress] {
        if let announced = node.announcement?["addresses"]?.array, !announced.isEmpty {
            return announced.compactMap { $0.object }
                .compactMap { try? PeerAddress(RecordFields($0)) }
        }
        return node.ends.map {
            PeerAddress(
                type: $0.transport, address: $0.address.text,
                port: $0.port > 0 ? Int($0.port) : nil)
        }
    }

    /// Links as records, by the names of their ends.
    package func linkRecords(at time: Int64) -> [LinkRecord] {
        let sorted = links.sorted {
            let left = (nodes[$0.source].name, nodes[$0.destination].name)
            return left < (nodes[$1.source].name, nodes[$1.destination].name)
        }
        return sorted.compactMap { link in
            guard let source = NodeID(nodes[link.source].name),
                let destination = NodeID(nodes[link.destination].name)
            else { return nil }
            var record = LinkRecord(
                source: source, destination: destination, transport: link.transport,
                latency: link.bestLatency, reliability: link.bestReliability)
            record.timestamp = Timestamp(milliseconds: time / 1_000_000)
            record.event = .up
            record.address = link.announced?["address"]?.string ?? link.address?.uri
            record.bandwidth = link.announced?["bandwidth"]?.number
            record.lastSeen = Timestamp(milliseconds: link.lastSeen / 1_000_000)
            record.observations = max(link.observations, link.pathObservations)
            return record
        }
    }
}

extension MeshView.Link {
    /// Milliseconds: what its own end measured and announced, else the median time until a packet
    /// was seen to go on, else 0.
    var bestLatency: Double {
        if let announced = announced?["latency"]?.number { return max(0, announced) }
        return latency.percentile(0.5).map { Histogram.round($0) } ?? 0
    }

    /// Share of packets that were seen to go on, where enough were; else what was announced; else
    /// 1.
    var bestReliability: Double {
        let judged = passed + lost
        let announced = announced?["reliability"]?.number.map { min(1, max(0, $0)) }
        if let announced, judged < 20 { return announced }
        return judged > 0 ? (Double(passed) / Double(judged) * 1e4).rounded() / 1e4 : 1
    }
}

extension HopEnd {
    /// As `hops[].address` has it.
    var uri: String {
        let host = address.kind == .ipv6 ? "[\(address.text)]" : address.text
        return "\(transport.rawValue)://\(host)" + (port > 0 ? ":\(port)" : "")
    }
}
