import KosCore

/// Compares two captures of the same traffic packet by packet.
package struct CaptureDiff: Sendable {
    /// What makes two packets the same.
    package enum Key: String, Sendable, CaseIterable {
        /// The id of a kOS packet.
        case id
        /// The octets that the transport carries.
        case hash
        /// The n-th packet of a conversation.
        case flow
    }
    package enum Side: Sendable { case first, second }

    /// Packets kept of each capture.
    package static let maxEntries = 4_000_000

    /// One packet of one capture.
    struct Entry: Sendable {
        var time: Int64?
        var place: Int
        /// Hash of what no relay may change.
        var content: UInt64
        var hops: Int
        /// Of the two directions of a conversation, the one from the lower address.
        var isForward: Bool
        var copies = 1
    }

    package let key: Key
    private(set) var first: [String: Entry] = [:]
    private(set) var second: [String: Entry] = [:]
    private var firstFlows: [UInt64: Int] = [:]
    private var secondFlows: [UInt64: Int] = [:]
    private var finders = (first: PacketFinder(), second: PacketFinder())
    /// Packets not compared because there were too many.
    package private(set) var refused = 0

    package init(key: Key) { self.key = key }

    package mutating func add(
        _ frame: CapturedFrame, _ bytes: borrowing Span<UInt8>, to side: Side
    ) {
        switch key {
        case .id: addPackets(frame, bytes, side)
        case .hash:
            guard !frame.payload.isEmpty else { return }
            let hash = CaptureDiff.hash(
                bytes, frame.payload, seed: UInt64(frame.transport.rawValue))
            put(CaptureDiff.hex(hash), frame, content: hash, hops: -Int(frame.hopLimit), side)
        case .flow:
            guard frame.hasPorts else { return }
            let flow = frame.source.mixed &* 31 &+ frame.flow
            let number: Int
            if side == .first {
                firstFlows[flow, default: 0] += 1
                number = firstFlows[flow] ?? 0
            } else {
                secondFlows[flow, default: 0] += 1
                number = secondFlows[flow] ?? 0
            }
            let hash = CaptureDiff.hash(bytes, frame.payload, seed: 0)
            put(
                "\(CaptureDiff.hex(flow)):\(number)", frame, content: hash,
                hops: -Int(frame.hopLimit), side)
        }
    }

    private mutating func addPackets(
        _ frame: CapturedFrame, _ bytes: borrowing Span<UInt8>, _ side: Side
    ) {
        let found =
            side == .first
            ? finders.first.find(in: frame, bytes) : finders.second.find(in: frame, bytes)
        for packet in found {
            let head = packet.head
            let content = CaptureDiff.hash(
                packet.octets.span, head.payload, seed: UInt64(head.payload.count))
            put(head.id, frame, content: content, hops: head.hops, side)
        }
    }

    private mutating func put(
        _ name: String, _ frame: CapturedFrame, content: UInt64, hops: Int, _ side: Side
    ) {
        if side == .first {
            CaptureDiff.put(name, frame, content, hops, into: &first, &refused)
        } else {
            CaptureDiff.put(name, frame, content, hops, into: &second, &refused)
        }
    }

    private static func put(
        _ name: String, _ frame: CapturedFrame, _ content: UInt64, _ hops: Int,
        into entries: inout [String: Entry], _ refused: inout Int
    ) {
        if entries[name] != nil {
            entries[name]?.copies += 1
        } else if entries.count < maxEntries {
            entries[name] = Entry(
                time: frame.time, place: entries.count, content: content, hops: hops,
                isForward: frame.isForward)
        } else {
            refused += 1
        }
    }

    static func hash(
        _ bytes: borrowing Span<UInt8>, _ range: Range<Int>, seed: UInt64
    ) -> UInt64 {
        // FNV-1a over octets, folded at the end: no secret, no speed to speak of, no collision by
        // chance.
        var state: UInt64 = 0xCBF2_9CE4_8422_2325 ^ seed
        for index in range { state = (state ^ UInt64(bytes.octet(index))) &* 0x0000_0100_0000_01B3 }
        return state ^ state >> 29
    }

    static func hex(_ value: UInt64) -> String {
        var bytes: [UInt8] = []
        bytes.append(addingCapacity: 16) { $0.putHex(value, digits: 16) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
