/// Packets of this node that are signed already, many at a time.
extension NetworkLayer {
    /// Sends what can go as it is; each packet without a way is told of.
    mutating func originate(
        _ run: Run, at now: Instant, into flow: inout Flow<Segment, Hop>
    ) {
        var batch = Batch(room: run.octets.count + run.packets.count * 4)
        let octets = run.octets.span
        for packet in run.packets {
            let text = octets.extracting(packet.range)
            let scan = packet.scan
            let isPlain =
                !scan.isSourceRouted && !scan.destination.equals("*", in: text)
                && !scan.destination.equals(octets: own, in: text)
            guard isPlain else {
                originate(Array(run.octets[packet.range]), at: now, into: &flow)
                continue
            }
            guard let target = nextHop(text, scan) ?? defaultHop else {
                if detour(text, scan, .local, at: now, into: &flow) { continue }
                let id = scan.id.string(in: text)
                flow.up.append(.undeliverable(packet: id, .noRoute))
                continue
            }
            batch.add(text, scan, appending: nil, to: target)
        }
        batch.flush(into: &flow)
    }
}
