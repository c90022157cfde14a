import KosCore

/// Who hears whom, as the routing protocols of others say it; nodes are their addresses.
extension MeshView {
    package mutating func addRouting(_ frame: CapturedFrame, _ bytes: borrowing Span<UInt8>) {
        guard frame.malformed == .none else { return }
        switch frame.protocols.last {
        case .olsr: addOLSR(frame, bytes)
        case .aodv where bytes.octet(frame.payloadStart) == 2 && !frame.destination.isGroup:
            // A reply goes from neighbour to neighbour along the route that it makes.
            observe(
                frame.source.text, frame.destination.text, nil, at: frame.time ?? 0)
        case .dsr: addDSR(frame, bytes)
        case .babel: addBabel(frame, bytes)
        case .hwmp where !frame.destination.isGroup && bytes.octet(frame.payloadStart) == 131:
            observe(frame.source.text, frame.destination.text, nil, at: frame.time ?? 0)
        default: return
        }
    }

    private mutating func addOLSR(_ frame: CapturedFrame, _ bytes: borrowing Span<UInt8>) {
        var messages: [OLSRDetails.Message] = []
        _ = OLSRDetails.each(bytes, frame.payload) { messages.append($0) }
        for message in messages { add(message, bytes, frame.time ?? 0) }
    }

    private mutating func add(
        _ message: OLSRDetails.Message, _ bytes: borrowing Span<UInt8>, _ time: Int64
    ) {
        let origin = message.originator.text
        var links: [(String, Double?)] = []
        switch message.type {
        case 1, 201:
            // Neighbour types 1 and 2 are symmetric (RFC 3626 §6.1.1): both directions hold.
            _ = OLSRDetails.eachNeighbour(of: message, bytes) { address, code, quality in
                if code >> 2 & 3 != 0, code & 3 != 3 { links.append((address.text, quality)) }
            }
        case 2, 202:
            _ = OLSRDetails.eachAdvertised(of: message, bytes) { links.append(($0.text, nil)) }
        default: return
        }
        for (other, quality) in links.prefix(256) {
            observe(origin, other, quality, at: time)
            if message.type < 200 { observe(other, origin, nil, at: time) }
        }
    }

    /// A source route and a route request name the nodes that were passed, a reply the route found.
    private mutating func addDSR(_ frame: CapturedFrame, _ bytes: borrowing Span<UInt8>) {
        var paths: [[String]] = []
        DSRDetails.eachPath(bytes, frame.payload) { type, addresses in
            let inner = addresses.map(\.text)
            switch type {
            case 1: paths.append([frame.source.text] + inner)
            case 2: paths.append([frame.destination.text] + inner)
            default: paths.append([frame.source.text] + inner + [frame.destination.text])
            }
        }
        for path in paths {
            for (one, two) in zip(path, path.dropFirst()) {
                observe(one, two, nil, at: frame.time ?? 0)
            }
        }
    }

    /// "I heard you" (RFC 8966 §4.6.6): the neighbour named is heard by the sender.
    private mutating func addBabel(_ frame: CapturedFrame, _ bytes: borrowing Span<UInt8>) {
        var heard: [(FrameAddress, UInt16)] = []
        BabelDetails.eachHeard(bytes, frame.payload) { heard.append(($0, $1)) }
        for (neighbour, cost) in heard {
            // 96 is the cost of a perfect wired link, 256 of a perfect radio link.
            let quality = cost == 0xFFFF ? 0 : min(1, 256 / Double(max(1, cost)))
            let name = neighbour.kind == .none ? frame.destination : neighbour
            guard !name.isGroup else { continue }
            observe(name.text, frame.source.text, quality, at: frame.time ?? 0)
        }
    }
}
