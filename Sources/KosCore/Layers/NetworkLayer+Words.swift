/// What a node says about packets, to whoever has sent them.
extension NetworkLayer {
    /// Drops a packet and tells its source why, over the way that it came: rate-limited, and never
    /// about anything but data, so that errors cannot breed.
    mutating func refuse(
        _ text: borrowing Span<UInt8>, _ scan: PacketScan, _ origin: Origin,
        _ kind: Packet.Control, _ reason: DropReason, at now: Instant,
        into flow: inout Flow<Segment, Hop>
    ) {
        let id = scan.id.string(in: text)
        flow.notices.append(.dropped(reason, packet: id, from: origin.name))
        let isControl = scan.type.equals("control", in: text)
        guard !isControl, complaints.take(at: now), let names = scan.route(text) else { return }
        tell(
            kind, of: id, to: scan.source.string(in: text),
            back: wayBack(scan, names),
            [
                "destination": .string(scan.destination.string(in: text)),
                "hops": .number(Double(scan.hops)),
            ], at: now, into: &flow)
    }

    /// The nodes from here back to the source of a packet with this route.
    func wayBack(_ scan: PacketScan, _ names: [String]) -> [String] {
        // A planned way that this node is not on was travelled as far as the hops tell.
        let isOnIt = scan.isSourceRouted && names.contains(author.node.text)
        let travelled =
            isOnIt
            ? Array(names.prefix { $0 != author.node.text })
            : scan.isSourceRouted ? Array(names.prefix(max(1, scan.hops))) : names
        return travelled.reversed().filter { $0 != author.node.text }
    }

    /// A signed word about the packet `id`, over the way that it came.
    mutating func tell(
        _ kind: Packet.Control, of id: String, to source: String, back: [String],
        _ members: JSONObject, at now: Instant, into flow: inout Flow<Segment, Hop>
    ) {
        var payload: JSONObject = ["kind": .string(kind.rawValue), "ref": .string(id)]
        for member in members.members { payload[member.name] = member.value }
        var packet = author.packet(
            to: source, type: Packet.Kind.control, payload: .object(payload), at: now)
        packet.metadata.priority = 0
        packet.metadata.flags = [Packet.routeFlag]
        packet.route = [author.node.text] + back
        originate(packet.signed(by: author.signer).wire, at: now, into: &flow)
    }
}
