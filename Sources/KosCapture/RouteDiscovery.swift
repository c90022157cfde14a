/// Route discovery time: from a route request to the first reply for it, of AODV (RFC 3561 §5).
package struct RouteDiscovery: Sendable {
    package static let maxOpen = 65_536

    private struct Search: Hashable, Sendable {
        let origin: UInt32
        let destination: UInt32
    }
    private var open: [Search: Int64] = [:]
    package private(set) var times = Histogram()
    package private(set) var requests = 0

    package init() {}

    package mutating func add(_ frame: CapturedFrame, _ bytes: borrowing Span<UInt8>) {
        guard frame.protocols.last == .aodv, let time = frame.time else { return }
        let at = frame.payloadStart
        switch bytes.octet(at) {
        case 1 where frame.payload.count >= 24:
            let search = Search(origin: bytes.be32(at + 16), destination: bytes.be32(at + 8))
            requests += 1
            guard open[search] == nil else { return }
            if open.count >= RouteDiscovery.maxOpen { open.removeAll() }
            open[search] = time
        case 2 where frame.payload.count >= 20:
            // A reply is for the origin that it names and the destination that it found.
            let search = Search(origin: bytes.be32(at + 12), destination: bytes.be32(at + 4))
            guard let asked = open.removeValue(forKey: search) else { return }
            times.add(time - asked)
        default: return
        }
    }
}
