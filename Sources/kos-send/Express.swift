import KosCore
import KosNet

/// Packets that can go as they stand in their records: signed, and without a receipt to wait for.
/// They are neither decoded nor written anew.
struct Express {
    private var octets: [UInt8] = []
    private var packets: [Run.Packet] = []
    private var reader = JSONReader()

    var isEmpty: Bool { packets.isEmpty }

    /// Takes a line if it is such a packet.
    mutating func take(_ line: borrowing Span<UInt8>) -> Bool {
        guard let scan = try? PacketScan(line, using: &reader), scan.isSigned, !scan.wantsReceipt
        else { return false }
        let start = octets.count
        octets.append(line, 0..<line.count)
        packets.append(Run.Packet(range: start..<octets.count, scan: scan))
        return true
    }

    /// What was taken since the last time.
    mutating func takeRun() -> Run {
        defer {
            octets = []
            packets = []
        }
        return Run(octets: octets, packets: packets, origin: .local)
    }
}
