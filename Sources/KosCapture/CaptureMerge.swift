import KosCore

/// Lays several captures of the same traffic over each other: the way of each packet, hop by hop,
/// the clocks' offsets, and where what was lost was lost.
package struct CaptureMerge: Sendable {
    /// Sightings kept of all captures together.
    package static let maxSightings = 4_000_000

    struct Sighting: Sendable {
        var capture: Int
        var hop: HopSighting
        var isTimed: Bool
        /// Grows on the way: hops of a kOS packet, else the time to live turned round.
        var order: Int
        var isForward: Bool
    }
    struct Packet: Sendable {
        var source: String
        var destination: String
        var sightings: [Sighting] = []
    }

    package let key: CaptureDiff.Key
    package let captures: [String]
    private(set) var packets: [String: Packet] = [:]
    private(set) var mesh = MeshView()
    /// First and last time of each capture.
    private(set) var spans: [ClosedRange<Int64>?]
    private(set) var counts: [Int]
    private var finders: [PacketFinder]
    private var flows: [[UInt64: Int]]
    private var sightings = 0
    /// Sightings not kept because there were too many.
    package private(set) var refused = 0

    package init(key: CaptureDiff.Key, captures: [String]) {
        self.key = key
        self.captures = captures
        spans = Array(repeating: nil, count: captures.count)
        counts = Array(repeating: 0, count: captures.count)
        finders = Array(repeating: PacketFinder(), count: captures.count)
        flows = Array(repeating: [:], count: captures.count)
    }

    package mutating func add(
        _ frame: CapturedFrame, _ bytes: borrowing Span<UInt8>, to capture: Int
    ) {
        guard captures.indices.contains(capture) else { return }
        if let time = frame.time {
            let span = spans[capture] ?? time...time
            spans[capture] = min(span.lowerBound, time)...max(span.upperBound, time)
        }
        switch key {
        case .id:
            for packet in finders[capture].find(in: frame, bytes) {
                let head = packet.head
                let sighting = HopSighting(frame, packet.transport)
                mesh.add(head, sighting, packet.octets.span)
                put(
                    head.id, frame, sighting, (head.source, head.destination), head.hops, capture)
            }
        case .hash:
            guard !frame.payload.isEmpty else { return }
            let seed = UInt64(frame.transport.rawValue)
            let hash = CaptureDiff.hash(bytes, frame.payload, seed: seed)
            putPlain(CaptureDiff.hex(hash), frame, capture)
        case .flow:
            guard frame.hasPorts else { return }
            let flow = frame.source.mixed &* 31 &+ frame.flow
            let number = (flows[capture][flow] ?? 0) + 1
            flows[capture][flow] = number
            putPlain("\(CaptureDiff.hex(flow)):\(number)", frame, capture)
        }
    }

    private mutating func putPlain(_ name: String, _ frame: CapturedFrame, _ capture: Int) {
        let ends = (frame.source.text, frame.destination.text)
        put(name, frame, HopSighting(frame, .udp), ends, -Int(frame.hopLimit), capture)
    }

    private mutating func put(
        _ name: String, _ frame: CapturedFrame, _ hop: HopSighting,
        _ ends: (source: String, destination: String), _ order: Int, _ capture: Int
    ) {
        guard sightings < CaptureMerge.maxSightings else {
            refused += 1
            return
        }
        var packet =
            packets.removeValue(forKey: name)
            ?? Packet(source: ends.source, destination: ends.destination)
        let isRepeated = packet.sightings.contains {
            $0.capture == capture && $0.order == order && $0.hop.from == hop.from
                && $0.hop.to == hop.to
        }
        // A flood has many sightings: 64 tell enough.
        if !isRepeated, packet.sightings.count < 64 {
            sightings += 1
            counts[capture] += 1
            packet.sightings.append(
                Sighting(
                    capture: capture, hop: hop, isTimed: frame.time != nil, order: order,
                    isForward: frame.isForward))
        }
        packets[name] = packet
    }
}
