import KosCore

/// Finds the kOS packets in a capture's frames, reads their heads and judges their signatures.
package struct PacketFinder: Sendable {
    private var streams = StreamTable()
    private var reader = JSONReader()
    /// Nil where signatures are not to be looked at.
    package private(set) var keys: CaptureKeys?

    package init(keys: CaptureKeys? = nil) { self.keys = keys }

    /// Streams that lost octets, and streams forgotten for want of room.
    package var desynchronised: Int { streams.desynchronised }
    package var evictedStreams: Int { streams.evicted }

    /// Hands out the packets that `frame` completes.
    package mutating func find(
        in frame: CapturedFrame, _ bytes: borrowing Span<UInt8>
    ) -> [FoundPacket] {
        var carried: [CarriedPacket] = []
        streams.read(frame, bytes, names: keys?.names) { carried.append($0) }
        guard !carried.isEmpty else { return [] }
        return carried.compactMap { packet in
            guard (try? UTF8Span(validating: packet.octets.span)) != nil,
                let head = PacketHead(packet.octets.span, using: &reader)
            else { return nil }
            let finding = keys?.judge(head, packet.octets.span)
            return FoundPacket(
                head: head, octets: packet.octets, transport: packet.transport, finding: finding)
        }
    }
}
