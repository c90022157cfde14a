/// A kOS frame on a LoRa link. The first octet, E0, is a LoRaWAN "proprietary" header, so that
/// gateways and network servers hand the frame on instead of dropping it.
package enum LoRaFrame: Hashable, Sendable {
    /// A packet that fits into one frame.
    case whole([UInt8])
    /// One of `count` parts of a packet; `isUnacknowledged` for what everybody is to hear.
    case fragment(
        transfer: UInt16, index: Int, count: Int, isUnacknowledged: Bool, data: [UInt8])
    /// Which of `count` fragments have arrived: bit n for index n.
    case acknowledgement(transfer: UInt16, count: Int, received: UInt32)
    /// Asks whoever has fragments of the transfer which ones.
    case request(transfer: UInt16, count: Int)

    package static let marker: UInt8 = 0xE0
    private static let version: UInt8 = 1
    package static let maxFragments = 32
    package static let wholeHeader = 3
    package static let fragmentHeader = 6

    package init?(_ bytes: [UInt8]) {
        guard bytes.count >= 3, bytes[0] == LoRaFrame.marker, bytes[1] >> 4 == LoRaFrame.version
        else { return nil }
        switch bytes[1] & 0xF {
        case 0:
            let body = Array(bytes[3...])
            guard UInt8(truncatingIfNeeded: CRC32.sum(body)) == bytes[2] else {
                return nil
            }
            self = .whole(body)
        case 1:
            guard bytes.count > LoRaFrame.fragmentHeader else { return nil }
            let count = Int(bytes[5] & 0x1F) + 1
            guard Int(bytes[4]) < count else { return nil }
            self = .fragment(
                transfer: LoRaFrame.word(bytes, 2), index: Int(bytes[4]), count: count,
                isUnacknowledged: bytes[5] & 0x80 != 0, data: Array(bytes[6...]))
        case 3:
            guard bytes.count == 9 else { return nil }
            let received = bytes[5..<9].reduce(0) { $0 << 8 | UInt32($1) }
            self = .acknowledgement(
                transfer: LoRaFrame.word(bytes, 2), count: Int(bytes[4] & 0x1F) + 1,
                received: received)
        case 4:
            guard bytes.count == 5 else { return nil }
            self = .request(
                transfer: LoRaFrame.word(bytes, 2), count: Int(bytes[4] & 0x1F) + 1)
        default: return nil
        }
    }

    package var bytes: [UInt8] {
        func head(_ type: UInt8, _ transfer: UInt16) -> [UInt8] {
            [
                LoRaFrame.marker, LoRaFrame.version << 4 | type, UInt8(transfer >> 8),
                UInt8(truncatingIfNeeded: transfer),
            ]
        }
        func last(_ count: Int) -> UInt8 { UInt8(truncatingIfNeeded: count - 1) & 0x1F }
        switch self {
        case .whole(let body):
            let check = UInt8(truncatingIfNeeded: CRC32.sum(body))
            return [LoRaFrame.marker, LoRaFrame.version << 4, check] + body
        case .fragment(let transfer, let index, let count, let isUnacknowledged, let data):
            let octet = last(count) | (isUnacknowledged ? 0x80 : 0)
            return head(1, transfer) + [UInt8(truncatingIfNeeded: index), octet] + data
        case .acknowledgement(let transfer, let count, let received):
            let bits = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: received >> $0) }
            return head(3, transfer) + [last(count)] + bits
        case .request(let transfer, let count): return head(4, transfer) + [last(count)]
        }
    }

    private static func word(_ bytes: [UInt8], _ at: Int) -> UInt16 {
        UInt16(bytes[at]) << 8 | UInt16(bytes[at + 1])
    }
}
