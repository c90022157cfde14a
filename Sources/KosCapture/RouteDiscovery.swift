import KosCore

/// Route discovery time: from a route request to the first reply for it, of AODV (RFC 3561 §5), DSR
/// (RFC 4728 §6.2) and kOS (a request for a neighbour's topology, and its answer).
package struct RouteDiscovery: Sendable {
    package static let maxOpen = 65_536

    private struct Search: Hashable, Sendable {
        let origin: String
        let destination: String
    }
    private var open: [Search: Int64] = [:]
    package private(set) var times = Histogram()
    package private(set) var requests = 0

    package init() {}

    package mutating func add(_ frame: CapturedFrame, _ bytes: borrowing Span<UInt8>) {
        guard let time = frame.time else { return }
        switch frame.protocols.last {
        case .aodv: addAODV(frame, bytes, time)
        case .dsr: addDSR(frame, bytes, time)
        default: return
        }
    }

    package mutating func add(_ head: PacketHead, at time: Int64) {
        switch head.control {
        case "topologyRequest":
            ask(Search(origin: head.source, destination: head.destination), time)
        case "topology": answer(Search(origin: head.destination, destination: head.source), time)
        default: return
        }
    }

    private mutating func addAODV(
        _ frame: CapturedFrame, _ bytes: borrowing Span<UInt8>, _ time: Int64
    ) {
        let at = frame.payloadStart
        func node(_ offset: Int) -> String { FrameAddress.ipv4(bytes.be32(at + offset)).text }
        switch bytes.octet(at) {
        case 1 where frame.payload.count >= 24:
            ask(Search(origin: node(16), destination: node(8)), time)
        case 2 where frame.payload.count >= 20:
            // A reply is for the origin that it names and the destination that it found.
            answer(Search(origin: node(12), destination: node(4)), time)
        default: return
        }
    }

    private mutating func addDSR(
        _ frame: CapturedFrame, _ bytes: borrowing Span<UInt8>, _ time: Int64
    ) {
        var searches: [(isReply: Bool, Search)] = []
        DSRDetails.eachSearch(bytes, frame.payload) { isReply, target in
            let origin = isReply ? frame.destination : frame.source
            searches.append((isReply, Search(origin: origin.text, destination: target.text)))
        }
        for (isReply, search) in searches {
            if isReply { answer(search, time) } else { ask(search, time) }
        }
    }

    private mutating func ask(_ search: Search, _ time: Int64) {
        requests += 1
        guard open[search] == nil else { return }
        if open.count >= RouteDiscovery.maxOpen { open.removeAll() }
        open[search] = time
    }

    private mutating func answer(_ search: Search, _ time: Int64) {
        guard let asked = open.removeValue(forKey: search) else { return }
        times.add(time - asked)
    }
}
