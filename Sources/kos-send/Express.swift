import KosCore
import KosNet

/// Packets that can go as they stand in their records: signed, and without a receipt to wait for.
/// They are neither decoded nor written anew.
struct Express {
    private var octets: [UInt8] = []
    private var packets: [Run.Packet] = []
    private var scanner = PacketScanner()

    var isEmpty: Bool { packets.isEmpty }

    /// Takes as many of the lines from `first` as are such packets, and like those before.
    mutating func takeRun(
        _ text: borrowing Span<UInt8>, from first: Int, maxLine: Int
    ) -> (lines: Int, end: Int) {
        let moved = octets.count - first
        var end = first
        var lines = 0
        while let (scan, range) = scanner.next(text, from: end), scan.isSigned,
            !scan.wantsReceipt, range.count <= maxLine
        {
            let place = range.lowerBound + moved..<range.upperBound + moved
            packets.append(Run.Packet(range: place, scan: scan))
            end = range.upperBound + 1
            lines += 1
        }
        octets.append(text, first..<end)
        return (lines, end)
    }

    /// Takes a line if it is such a packet.
    mutating func take(_ line: borrowing Span<UInt8>) -> Bool {
        guard let scan = try? scanner.scan(line), scan.isSigned, !scan.wantsReceipt
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
