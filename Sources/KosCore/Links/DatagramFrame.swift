/// What two nodes that know each other put into datagrams: fragments of packets, and which of them
/// have arrived. A datagram that starts with any other octet is a packet as it is.
///
/// Big-endian: E0, 20 + kind, then for a fragment the transfer (4), index (2) and count less one
/// (2) in front of its octets; for an acknowledgement, as often as it fits, the transfer (4), count
/// less one (2) and a bit for each fragment, the first in the lowest bit.
package enum DatagramFrame: Hashable, Sendable {
    case fragment(transfer: UInt32, index: Int, count: Int, ArraySlice<UInt8>)
    case acknowledgement([(UInt32, FragmentSet)])

    package static let marker: UInt8 = 0xE0
    private static let version: UInt8 = 0x20
    package static let fragmentHeader = 10
    package static let acknowledgementHeader = 2
    /// As many as a packet of 1 MiB needs.
    package static let maxFragments = 1024

    package static func isFrame(_ octets: [UInt8]) -> Bool { octets.first == marker }

    package init?(_ octets: [UInt8]) {
        guard octets.count > 2, octets[0] == DatagramFrame.marker else { return nil }
        switch octets[1] {
        case DatagramFrame.version | 1:
            guard octets.count > DatagramFrame.fragmentHeader else { return nil }
            let index = DatagramFrame.number(octets, 6, 2)
            let count = DatagramFrame.number(octets, 8, 2) + 1
            guard index < count, count <= DatagramFrame.maxFragments else { return nil }
            self = .fragment(
                transfer: UInt32(DatagramFrame.number(octets, 2, 4)), index: index, count: count,
                octets[DatagramFrame.fragmentHeader...])
        case DatagramFrame.version | 3:
            var entries: [(UInt32, FragmentSet)] = []
            var place = DatagramFrame.acknowledgementHeader
            while place < octets.count {
                guard place + 6 <= octets.count else { return nil }
                let count = DatagramFrame.number(octets, place + 4, 2) + 1
                let end = place + 6 + (count + 7) / 8
                guard count <= DatagramFrame.maxFragments, end <= octets.count else { return nil }
                let transfer = UInt32(DatagramFrame.number(octets, place, 4))
                entries.append(
                    (transfer, FragmentSet(count: count, octets: octets[place + 6..<end])))
                place = end
            }
            self = .acknowledgement(entries)
        default: return nil
        }
    }

    package var octets: [UInt8] {
        switch self {
        case .fragment(let transfer, let index, let count, let data):
            var octets = [DatagramFrame.marker, DatagramFrame.version | 1]
            octets.reserveCapacity(DatagramFrame.fragmentHeader + data.count)
            DatagramFrame.append(Int(transfer), 4, to: &octets)
            DatagramFrame.append(index, 2, to: &octets)
            DatagramFrame.append(count - 1, 2, to: &octets)
            octets += data
            return octets
        case .acknowledgement(let entries):
            var octets = [DatagramFrame.marker, DatagramFrame.version | 3]
            for (transfer, set) in entries {
                DatagramFrame.append(Int(transfer), 4, to: &octets)
                DatagramFrame.append(set.count - 1, 2, to: &octets)
                octets += set.octets
            }
            return octets
        }
    }

    private static func number(_ octets: [UInt8], _ at: Int, _ count: Int) -> Int {
        octets[at..<at + count].reduce(0) { $0 << 8 | Int($1) }
    }

    private static func append(_ number: Int, _ count: Int, to octets: inout [UInt8]) {
        for place in (0..<count).reversed() {
            octets.append(UInt8(truncatingIfNeeded: number >> (place * 8)))
        }
    }

    package static func == (left: DatagramFrame, right: DatagramFrame) -> Bool {
        left.octets == right.octets
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(octets) }
}
