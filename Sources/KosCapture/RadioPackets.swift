import KosCore

/// Puts together the packets that LoRa and Bluetooth links carry in fragments (the CBOR array form
/// in `LoRaFrame`s), in bounded memory.
package struct RadioPackets: Sendable {
    package static let maxTransfers = 256

    private struct Key: Hashable, Sendable {
        let transfer: UInt16
        let count: Int
        let source: FrameAddress
    }
    private struct Parts: Sendable {
        var data: [Int: [UInt8]] = [:]
        var age = 0
    }
    private var transfers: [Key: Parts] = [:]
    private var age = 0

    package init() {}

    /// Whether a frame of a kOS radio link stands at `range`.
    static func isFrame(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard bytes.octet(range.lowerBound) == LoRaFrame.marker,
            bytes.octet(range.lowerBound &+ 1) >> 4 == 1, range.count <= 512
        else { return false }
        return LoRaFrame(bytes.array(range)) != nil
    }

    /// The packet's JSON that the frame completes; `names` tells full node ids behind short ones.
    mutating func read(
        _ octets: [UInt8], from source: FrameAddress, _ names: ShortNames
    ) -> [UInt8]? {
        switch LoRaFrame(octets) {
        case .whole(let body): return RadioPackets.packet(body, names)
        case .fragment(let transfer, let index, let count, _, let data):
            let key = Key(transfer: transfer, count: count, source: source)
            if transfers.count >= RadioPackets.maxTransfers, transfers[key] == nil { forget() }
            age += 1
            transfers[key, default: Parts()].data[index] = data
            transfers[key]?.age = age
            guard let parts = transfers[key], parts.data.count == count else { return nil }
            transfers[key] = nil
            let body = (0..<count).flatMap { parts.data[$0] ?? [] }
            return RadioPackets.packet(body, names)
        case .acknowledgement, .request, nil: return nil
        }
    }

    private mutating func forget() {
        if let oldest = transfers.min(by: { $0.value.age < $1.value.age }) {
            transfers[oldest.key] = nil
        }
    }

    private static func packet(_ body: [UInt8], _ names: ShortNames) -> [UInt8]? {
        (try? CompactPacket.decode(body, names))?.wire
    }

    /// The frame's member `kos`: what kind of radio frame it is.
    static func write(
        _ bytes: borrowing Span<UInt8>, _ range: Range<Int>, to writer: inout JSONWriter
    ) {
        guard isFrame(bytes, range), let frame = LoRaFrame(bytes.array(range)) else { return }
        writer.name("kos")
        writer.beginObject()
        func place(_ kind: StaticString, _ transfer: UInt16, _ count: Int) {
            writer.field("kind", kind.description)
            writer.field("transfer", Int(transfer))
            writer.field("count", count)
        }
        switch frame {
        case .whole: writer.field("kind", "whole")
        case .fragment(let transfer, let index, let count, _, _):
            place("fragment", transfer, count)
            writer.field("index", index)
        case .acknowledgement(let transfer, let count, let received):
            place("acknowledgement", transfer, count)
            writer.field("received", received.nonzeroBitCount)
        case .request(let transfer, let count): place("request", transfer, count)
        }
        writer.endObject()
    }
}
